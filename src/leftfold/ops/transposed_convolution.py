"""Transposed convolution: what a convolution's gradient does to its inputs, as an operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import workspace
from leftfold.engine.primitive import primitive, shape_rule
from leftfold.engine.symbolic import KerasTensor, Shape
from leftfold.ops.convolution import columns_of, one_type, spread
from leftfold.ops.linalg import gemm
from leftfold.ops.windows import Windows, channels_back, channels_last, data_format_of, windows

_PADDINGS = ("valid", "same")


@primitive
def conv_transpose(
    inputs: Any,
    kernel: Any,
    /,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
    *,
    needs: Any = (),
) -> Any:
    """Every element of `inputs` adds a window of its own to the outputs; windows may overlap.

    Args:
        inputs: `(batch, *sizes, channels)`.
        kernel: `(*window, filters, channels)`.
        strides: distance of the windows of two neighbours, one number or one for each axis.
        padding: `"valid"`: whole windows; `"same"`: `strides` outputs for each input.
        output_padding: outputs beyond the last input's own, fewer than `strides`; chosen by
            `padding` where it is `None`.
        data_format: `"channels_last"`, or `"channels_first"` for `(batch, channels, *sizes)`.
        dilation_rate: distance of the elements of a window, one number or one for each axis.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        `(batch, *larger sizes, filters)`, or `(batch, filters, *larger sizes)`.

    Raises:
        ValueError: for shapes that do not fit.

    Example:
        >>> from leftfold import ops
        >>> ops.conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[3.0]]], strides=2).tolist()
        [[[1.0], [3.0], [2.0], [6.0]]]

    Reference: Dumoulin and Visin, "A guide to convolution arithmetic" (2016).
    """
    inputs, kernel = one_type(inputs, kernel)
    data_format = data_format_of("conv_transpose", data_format)
    settings = strides, padding, output_padding, data_format, dilation_rate
    shape = conv_transpose_shape("conv_transpose", inputs.shape, kernel.shape, *settings)
    over = _windows("conv_transpose", kernel.shape, strides, padding, dilation_rate)
    x = channels_last(inputs, data_format)
    filters, channels = kernel.shape[-2:]
    sizes = shape[2:] if data_format == "channels_first" else shape[1:-1]
    whole = over._replace(padding="valid")
    extra = output_paddings("conv_transpose", output_padding, over.strides)
    place = _Place(over, extra, x.shape[1:-1], sizes)
    flat, weights = x.reshape(-1, channels), kernel.reshape(-1, channels)
    total = spread(whole, [gemm(flat, weights, transpose_b=True)], (len(x), *place.room, filters))
    y = total[place.seen]

    def vjp(dy: Any) -> Any:
        slopes = workspace.empty((len(x), *place.room, filters), x.dtype)
        slopes.fill(0)
        slopes[place.seen] = channels_last(dy, data_format)
        columns = columns_of(whole, slopes, 1)[0]
        dx = dkernel = None
        if needs[0]:
            dx = channels_back(gemm(columns, weights).reshape(x.shape), data_format)
        if needs[1]:
            dkernel = gemm(columns, flat, transpose_a=True).reshape(kernel.shape)
        return dx, dkernel

    return channels_back(y, data_format), vjp


class _Place:
    """Where the outputs lie among the sums of all windows.

    `room` is how many sums there are along each axis, `seen` the index of those that count.
    """

    def __init__(self, over: Windows, extra: Any, inputs: Any, outputs: Any) -> None:
        room, seen = [], [slice(None)]
        for axis, (n, size) in enumerate(zip(inputs, outputs, strict=True)):
            start, _ = edge(over, axis, extra)
            room.append(max((n - 1) * over.strides[axis] + over.spans[axis], start + size))
            seen.append(slice(start, start + size))
        self.room, self.seen = room, tuple(seen)


def edge(over: Windows, axis: int, extra: Any) -> tuple[int, int]:
    """Where outputs begin and end along an axis.

    Args:
        over: the windows.
        axis: which axis, the first one that windows have being 0.
        extra: `output_padding` for each axis, or `None`.

    Returns:
        How many sums lie before the first output, and how many outputs there are from the last
        input's window on.
    """
    span, stride = over.spans[axis], over.strides[axis]
    if over.padding == "valid":
        return 0, max(span, stride) if extra is None else span + extra[axis]
    last = stride if extra is None else span % 2 + extra[axis]
    return _cut(span, stride, None if extra is None else last), last


def _cut(span: int, stride: int, last: int | None) -> int:
    """How many sums lie before the first output of padding `"same"`.

    Args:
        span: from the first to the last element of a window.
        stride: distance of two windows.
        last: outputs from the last input's window on, where they were asked for.
    """
    around = span + (stride if last is None else last) - 2
    return max(span - 1 - (around + 1) // 2, 0)


@shape_rule(conv_transpose)
def _conv_transpose_rule(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> KerasTensor:
    settings = strides, padding, output_padding, data_format, dilation_rate
    shape = conv_transpose_shape("conv_transpose", inputs.shape, kernel.shape, *settings)
    return KerasTensor(shape, np.result_type(inputs.dtype, kernel.dtype).name)


def conv_transpose_shape(
    operation: str,
    inputs: Shape,
    kernel: Shape,
    strides: Any,
    padding: str,
    output_padding: Any,
    data_format: str | None,
    dilation_rate: Any,
) -> Shape:
    """The shape of a transposed convolution's result.

    Args:
        operation: how messages call it.
        inputs: the inputs' shape, with `None` for unknown sizes.
        kernel: the kernel's shape.
        strides: as in `conv_transpose`.
        padding: as in `conv_transpose`.
        output_padding: as in `conv_transpose`.
        data_format: as in `conv_transpose`.
        dilation_rate: as in `conv_transpose`.

    Raises:
        ValueError: for shapes and arguments that do not fit.
    """
    first = data_format_of(operation, data_format) == "channels_first"
    if len(kernel) < 3 or len(inputs) != len(kernel) or inputs[1 if first else -1] != kernel[-1]:
        raise ValueError(
            f"{operation} expected inputs (batch, *sizes, channels) and a kernel (*window, "
            f"filters, channels) of the same rank, 3 or more, got shapes {inputs} and {kernel}."
        )
    over = _windows(operation, kernel, strides, padding, dilation_rate)
    extra = output_paddings(operation, output_padding, over.strides)
    sizes = []
    for axis, n in enumerate(inputs[2:] if first else inputs[1:-1]):
        _, last = edge(over, axis, extra)
        sizes.append(None if n is None else (n - 1) * over.strides[axis] + last)
    filters = kernel[-2]
    return (inputs[0], filters, *sizes) if first else (inputs[0], *sizes, filters)


def output_paddings(operation: str, value: Any, strides: tuple[int, ...]) -> Any:
    """`output_padding` for each axis, or `None`.

    Raises:
        ValueError: unless each is an integer from 0 to below its stride.
    """
    if value is None:
        return None
    values = tuple(value) if isinstance(value, list | tuple) else (value,) * len(strides)
    if len(values) != len(strides) or not all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and 0 <= n < stride
        for n, stride in zip(values, strides, strict=False)
    ):
        raise ValueError(
            f"{operation} expected output_padding to be an integer from 0 to below its stride for "
            f"each axis, got {value!r} (strides {strides})."
        )
    return tuple(int(n) for n in values)


def _windows(
    operation: str, kernel: Shape, strides: Any, padding: Any, dilation_rate: Any
) -> Windows:
    size = kernel[:-2]
    return windows(operation, len(size), size, strides, padding, dilation_rate, _PADDINGS)
