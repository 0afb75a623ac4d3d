"""Convolutions and pools as layers, which have channels last where ONNX has them first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import layers, ops
from leftfold.interop.onnx.rebuild.axes import in_order, materialized
from leftfold.interop.onnx.rebuild.inputs import (
    check_elements,
    constant,
    named,
    needed_constant,
    rebuilds,
    view,
)
from leftfold.interop.onnx.rebuild.values import Made, View, new_atoms, whole
from leftfold.ops.transposed_convolution import edge, output_paddings
from leftfold.ops.windows import windows

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder

_CONVOLUTIONS = {1: layers.Conv1D, 2: layers.Conv2D, 3: layers.Conv3D}
_TRANSPOSED = {1: layers.Conv1DTranspose, 2: layers.Conv2DTranspose}
_POOLS: dict[str, dict[int, Any]] = {
    "MaxPool": {1: layers.MaxPooling1D, 2: layers.MaxPooling2D, 3: layers.MaxPooling3D},
    "AveragePool": {
        1: layers.AveragePooling1D, 2: layers.AveragePooling2D, 3: layers.AveragePooling3D
    },
}  # fmt: skip


def _rank(made: Made) -> tuple[View, int]:
    found = view(made, 0)
    rank = len(found.axes) - 2
    if rank not in (1, 2, 3):
        raise made.refuse(f"expected 1 to 3 axes beside batch and channels, got {rank}")
    return in_order(found, [0, *range(2, rank + 2), 1]), rank


def _channels_first(result: Any, before: View) -> View:
    """The result as the graph has it."""
    fresh = new_atoms(result)
    axes = (before.axes[0], *fresh[1:])
    return in_order(whole(result, axes), [0, result.ndim - 1, *range(1, result.ndim - 1)])


def _padding(
    made: Made, x: Any, size: Any, strides: list[int], dilations: list[int], number: float
) -> tuple[Any, str]:
    """The padding as layers know it, and the input, padded beforehand where they do not."""
    rank = len(size)
    auto = made.call.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "VALID"):
        return x, "same" if auto == "SAME_UPPER" else "valid"
    if auto != "NOTSET":
        raise made.refuse(f"its padding is {auto}")
    pads = list(made.call.get("pads") or [0] * 2 * rank)
    pairs = list(zip(pads[:rank], pads[rank:], strict=True))
    if not any(pads):
        return x, "valid"
    spans = [(n - 1) * d for n, d in zip(size, dilations, strict=True)]
    if pairs == _same(x.shape[1:-1], spans, strides):
        return x, "same"
    if rank == 1 and strides == [1] and pairs == [(spans[0], 0)] and made.call.kind == "Conv":
        return x, "causal"
    sides = zip(x.shape[1:-1], pairs, strict=True)
    check_elements(made, x.shape[-1], *(None if n is None else n + sum(p) for n, p in sides))
    return ops.pad(x, [(0, 0), *pairs, (0, 0)], mode="constant", constant_values=number), "valid"


def _same(sizes: Any, spans: list[int], strides: list[int]) -> list[tuple[int, int]] | None:
    """What "same" pads; `None` where that depends on a size that is open."""
    pairs = []
    for n, span, stride in zip(sizes, spans, strides, strict=True):
        if stride == 1:
            total = span
        elif n is None:
            return None
        else:
            total = max((-(-n // stride) - 1) * stride + span + 1 - n, 0)
        pairs.append((total // 2, total - total // 2))
    return pairs


@rebuilds("Conv")
def _convolution(rebuilder: Rebuilder, made: Made) -> View:
    turned, rank = _rank(made)
    kernel = needed_constant(made, 1, "its kernel")
    bias = constant(made, 2)
    strides = list(made.call.get("strides") or [1] * rank)
    dilations = list(made.call.get("dilations") or [1] * rank)
    x, padding = _padding(made, materialized(turned), kernel.shape[2:], strides, dilations, 0.0)
    name = named(made.given(1))

    def make() -> Any:
        return _CONVOLUTIONS[rank](
            kernel.shape[0], list(kernel.shape[2:]), strides=strides, padding=padding,
            dilation_rate=dilations, groups=made.call.get("group", 1), use_bias=bias is not None,
            name=rebuilder.name(name, made.call.name, "conv/x"),
        )  # fmt: skip

    settings = strides, padding, dilations
    weights = [kernel.transpose(*range(2, rank + 2), 1, 0)]
    weights += [] if bias is None else [bias]
    return _channels_first(rebuilder.applied(make, weights, x, name, *settings), turned)


@rebuilds("ConvTranspose")
def _transposed(rebuilder: Rebuilder, made: Made) -> View:
    turned, rank = _rank(made)
    if rank not in _TRANSPOSED:
        raise made.refuse("there is no such layer over three axes")
    kernel, get = needed_constant(made, 1, "its kernel"), made.call.get
    bias, size = constant(made, 2), kernel.shape[2:]
    strides, dilations = list(get("strides") or [1] * rank), list(get("dilations") or [1] * rank)
    check_elements(made, *strides, kernel.shape[1], *kernel.shape[2:], *turned.shape[:-1])
    if get("group", 1) != 1 or get("output_shape") or get("auto_pad", "NOTSET") != "NOTSET":
        raise made.refuse("groups, automatic padding and a given shape are not said by layers")
    wanted = list(get("pads") or [0] * 2 * rank), list(get("output_padding") or [0] * rank)
    for padding in ("valid", "same"):
        if _edges(rank, size, strides, padding, dilations) == wanted:
            break
    else:
        raise made.refuse(f"its padding {wanted[0]} and {wanted[1]} is that of no layer")

    def make() -> Any:
        return _TRANSPOSED[rank](
            kernel.shape[1], list(size), strides=strides, padding=padding, dilation_rate=dilations,
            use_bias=bias is not None, name=rebuilder.name(named(made.given(1)), made.call.name),
        )  # fmt: skip

    weights = [kernel.transpose(*range(2, rank + 2), 1, 0)]
    weights += [] if bias is None else [bias]
    x = materialized(turned)
    name = named(made.given(1))
    result = rebuilder.applied(make, weights, x, name, strides, padding, dilations)
    return _channels_first(result, turned)


def _edges(rank: int, size: Any, strides: Any, padding: str, dilations: Any) -> Any:
    """What `leftfold.interop.onnx.export` writes for a padding."""
    over = windows("conv_transpose", rank, size, strides, padding, dilations, ("valid", "same"))
    extra = output_paddings("conv_transpose", None, over.strides)
    edges = [edge(over, axis, extra) for axis in range(rank)]
    behind = [over.spans[axis] - start - last for axis, (start, last) in enumerate(edges)]
    pads = [start for start, _ in edges] + [max(n, 0) for n in behind]
    return pads, [max(-n, 0) for n in behind]


@rebuilds("MaxPool", "AveragePool")
def _pool(rebuilder: Rebuilder, made: Made) -> View:
    turned, rank = _rank(made)
    get, kind = made.call.get, made.call.kind
    size, strides = list(get("kernel_shape")), list(get("strides") or [1] * rank)
    dilations = list(get("dilations") or [1] * rank)
    if get("ceil_mode", 0) or any(n != 1 for n in dilations) or any(made.used[1:]):
        raise made.refuse("ceil_mode, dilations and the places of maxima are not said by layers")
    number = -np.inf if kind == "MaxPool" else 0.0
    x, padding = _padding(made, materialized(turned), size, strides, dilations, number)
    if kind == "AveragePool" and any(get("pads") or [0]):
        if not get("count_include_pad", 0) and padding != "same":
            raise made.refuse("its mean leaves out padding that is none of a layer")
        if get("count_include_pad", 0) and padding == "same":
            raise made.refuse("its mean counts padding")
    layer = _POOLS[kind][rank](
        size, strides=strides, padding=padding, name=rebuilder.name(made.call.name, "pool")
    )
    return _channels_first(layer(x), turned)
