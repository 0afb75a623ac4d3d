"""Convolutions and pools, over any number of axes."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from leftfold.interop.onnx.run.operators import Call, checked_shape, limit, operator
from leftfold.ops import conv, conv_transpose

Array = np.ndarray

_MOST_PLACES = 1 << 16
"""Places of one window, each of which is a pass over the inputs."""


class _Geometry(NamedTuple):
    """Windows over the axes behind batch and channels."""

    size: list[int]
    strides: list[int]
    dilations: list[int]
    pads: list[tuple[int, int]]
    counts: list[int]


def _geometry(call: Call, x: Array, size: list[int]) -> _Geometry:
    rank = len(size)
    strides = call.get("strides", [1] * rank)
    dilations = call.get("dilations", [1] * rank)
    given = call.get("pads", [0] * (2 * rank))
    lengths = {len(strides), len(dilations)}
    if x.ndim != rank + 2 or lengths != {rank} or min(*size, *strides, *dilations) < 1:
        raise call.refuse(f"its window {size} does not fit inputs of shape {x.shape}")
    if any(n < 0 for n in given) or len(given) != 2 * rank:
        raise call.refuse(f"expected {2 * rank} pads of 0 and more, got {given}")
    if math.prod(size) > _MOST_PLACES:
        raise call.refuse(f"its window {size} has more than {_MOST_PLACES} places")
    pads, counts = [], []
    for i, n in enumerate(x.shape[2:]):
        span = (size[i] - 1) * dilations[i] + 1
        before, after = given[i], given[rank + i]
        auto = call.get("auto_pad", "NOTSET")
        if auto.startswith("SAME"):
            total = max((-(-n // strides[i]) - 1) * strides[i] + span - n, 0)
            less = total // 2
            before, after = (less, total - less) if auto == "SAME_UPPER" else (total - less, less)
        room = n + before + after - span
        count = -(-room // strides[i]) if call.get("ceil_mode", 0) else room // strides[i]
        # A window that would begin in the margin behind the inputs is none.
        if call.get("ceil_mode", 0) and count * strides[i] >= n + before:
            count -= 1
        pads.append((before, after))
        counts.append(max(count + 1, 0))
    return _Geometry(size, strides, dilations, pads, counts)


def _padded(call: Call, x: Array, over: _Geometry, value: Any) -> Array:
    """`x` with its margins, as wide as the last window needs."""
    widths = [(0, 0), (0, 0)]
    for i, n in enumerate(x.shape[2:]):
        span = (over.size[i] - 1) * over.dilations[i] + 1
        end = (over.counts[i] - 1) * over.strides[i] + span
        before, after = over.pads[i]
        widths.append((before, max(after, end - n - before)))
    checked_shape(call, (n + sum(pair) for n, pair in zip(x.shape, widths, strict=True)), x.dtype)
    return np.pad(x, widths, constant_values=value) if any(map(any, widths)) else x


@operator("Conv")
def _conv(call: Call, x: Array, weights: Array, bias: Any = None) -> Array:
    over = _geometry(call, x, list(weights.shape[2:]))
    if x.shape[1] != weights.shape[1] * call.get("group", 1):
        raise call.refuse(f"weights of shape {weights.shape} do not fit shape {x.shape}")
    padded, rank = _padded(call, x, over, 0), len(over.size)
    kernel = np.transpose(weights, (*range(2, rank + 2), 1, 0))
    if max(over.strides) > 1 and max(over.dilations) > 1:
        y = _strided(padded, kernel, over)
    else:
        settings = tuple(over.strides), "valid", "channels_first", tuple(over.dilations)
        y = conv(padded, kernel, *settings).data
    # What the padding has too much is behind the last window.
    whole = (slice(None), slice(None), *map(slice, over.counts))
    y = y[whole]
    return y if bias is None else y + bias.reshape(1, -1, *[1] * rank)


def _strided(padded: Array, kernel: Array, over: _Geometry) -> Array:
    """With strides and dilation at once: every window, of which strides leave some out."""
    dense = conv(padded, kernel, 1, "valid", "channels_first", tuple(over.dilations)).data
    chosen = (slice(None), slice(None), *(slice(None, None, s) for s in over.strides))
    return dense[chosen]


def _seen(padded: Array, over: _Geometry) -> Any:
    """For each place in a window, what all windows have there."""
    for place in itertools.product(*map(range, over.size)):
        key: list[Any] = [slice(None), slice(None)]
        for p, d, n, s in zip(place, over.dilations, over.counts, over.strides, strict=True):
            key.append(slice(p * d, p * d + (n - 1) * s + 1, s))
        yield padded[tuple(key)]


@operator("MaxPool")
def _max_pool(call: Call, x: Array) -> Array:
    over = _geometry(call, x, call.get("kernel_shape"))
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    y = None
    for part in _seen(_padded(call, x, over, lowest), over):
        y = part.copy() if y is None else np.maximum(y, part, out=y)
    assert y is not None
    return y


@limit("MaxPool")
def _without_places(call: Call) -> str | None:
    return "the places of the maxima are not supported" if call.results > 1 else None


@operator("AveragePool")
def _average_pool(call: Call, x: Array) -> Array:
    over = _geometry(call, x, call.get("kernel_shape"))
    total: Any = sum(_seen(_padded(call, x, over, 0), over))
    counted = np.ones((1, 1, *x.shape[2:]), x.dtype)
    if call.get("count_include_pad", 0):
        # Margins count; what lies behind them, where the last window ends, does not.
        counted = np.pad(counted, [(0, 0), (0, 0), *over.pads], constant_values=1)
        over = over._replace(pads=[(0, 0)] * len(over.pads))
    number: Any = sum(_seen(_padded(call, counted, over, 0), over))
    return (total / number).astype(x.dtype)


@operator("GlobalAveragePool")
def _global_average_pool(call: Call, x: Array) -> Array:
    return np.mean(x, axis=tuple(range(2, x.ndim)), keepdims=True)


@operator("GlobalMaxPool")
def _global_max_pool(call: Call, x: Array) -> Array:
    return np.max(x, axis=tuple(range(2, x.ndim)), keepdims=True)


@operator("ConvTranspose")
def _conv_transpose(call: Call, x: Array, weights: Array, bias: Any = None) -> Array:
    """Each group by the operation of `leftfold.ops`, whole; pads are cut off from it."""
    size, groups = list(weights.shape[2:]), call.get("group", 1)
    rank = len(size)
    strides, dilations = (call.get(name, [1] * rank) for name in ("strides", "dilations"))
    extra = call.get("output_padding", [0] * rank)
    if x.ndim != rank + 2 or {len(strides), len(dilations), len(extra)} != {rank}:
        raise call.refuse(f"its window {size} does not fit inputs of shape {x.shape}")
    if min(*size, *strides, *dilations, groups) < 1 or min(extra) < 0:
        raise call.refuse("expected a window, strides and dilations of 1 and more")
    if x.shape[1] != weights.shape[0] or x.shape[1] % groups:
        raise call.refuse(f"weights of shape {weights.shape} do not fit shape {x.shape}")
    spans = [(n - 1) * d + 1 for n, d in zip(size, dilations, strict=True)]
    whole = [
        (n - 1) * s + span + e
        for n, s, span, e in zip(x.shape[2:], strides, spans, extra, strict=True)
    ]
    wanted = call.get("output_shape")
    if wanted is not None:  # what windows do not reach is 0
        whole = [max(n, size) for n, size in zip(whole, wanted[-rank:], strict=True)]
    filters = weights.shape[1] * groups
    checked_shape(call, (len(x), filters, *whole), x.dtype)
    kernel = np.moveaxis(weights, (0, 1), (-1, -2))
    parts = [
        conv_transpose(
            np.ascontiguousarray(part), np.ascontiguousarray(own), tuple(strides), "valid",
            (0,) * rank, "channels_first", tuple(dilations),
        ).data
        for part, own in zip(
            np.split(x, groups, 1), np.split(kernel, groups, kernel.ndim - 1), strict=True
        )
    ]  # fmt: skip
    y = np.zeros((len(x), filters, *whole), x.dtype)
    made = np.concatenate(parts, axis=1)
    y[tuple(map(slice, made.shape))] = made
    key = [slice(None), slice(None)]
    for n, (before, after) in zip(whole, _cut_off(call, x, whole, strides), strict=True):
        key.append(slice(before, n - after))
    y = y[tuple(key)]
    return y if bias is None else y + bias.reshape(1, -1, *[1] * rank)


def _cut_off(call: Call, x: Array, whole: list[int], strides: list[int]) -> list[tuple[int, int]]:
    """How many outputs are left out in front and behind, along each axis."""
    rank, auto = len(whole), call.get("auto_pad", "NOTSET")
    wanted = call.get("output_shape")
    if wanted is None and auto.startswith("SAME"):
        wanted = [n * s for n, s in zip(x.shape[2:], strides, strict=True)]
    if wanted is None:
        pads = call.get("pads", [0] * (2 * rank))
        if len(pads) != 2 * rank or min(pads) < 0:
            raise call.refuse(f"expected {2 * rank} pads of 0 and more, got {pads}")
        return list(zip(pads[:rank], pads[rank:], strict=True))
    cuts = []
    for n, size in zip(whole, wanted[-rank:], strict=True):
        half = (n - size) // 2
        cuts.append((half, n - size - half) if auto != "SAME_LOWER" else (n - size - half, half))
    return cuts
