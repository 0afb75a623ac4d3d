"""Convolutions: the same weights at every position, as one product of matrices.

A convolution in the sense of neural networks: `y[t] = sum over k of x[t + k] @ kernel[k]`. The
windows of the input are copied into the rows of a matrix, so that all sums are one product.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold.engine import workspace
from leftfold.engine.primitive import primitive, shape_rule
from leftfold.engine.symbolic import KerasTensor, Shape
from leftfold.engine.tensor import as_full_array
from leftfold.ops.dtypes import floating
from leftfold.ops.linalg import gemm
from leftfold.ops.windows import (
    Windows,
    channels_back,
    channels_last,
    data_format_of,
    sliding,
    windows,
)

_BLOCK = 1 << 22
"""Numbers in the windows that are laid out at once. More than that is laid out again on the way
back instead of being kept: the copy costs little beside the products, and the memory much."""


@primitive
def conv(
    inputs: Any,
    kernel: Any,
    /,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
    *,
    needs: Any = (),
) -> Any:
    """The convolution of `inputs` with `kernel` along all axes but the batch's and the channels'.

    Args:
        inputs: `(batch, *sizes, channels)`.
        kernel: `(*window, channels // groups, filters)`; there are as many groups as its
            channels go into those of the inputs, and each group of filters sees its own.
        strides: how far the window moves, one number or one for each axis.
        padding: `"valid"`, `"same"`, or along a single axis `"causal"`.
        data_format: `"channels_last"`, or `"channels_first"` for `(batch, channels, *sizes)`.
        dilation_rate: distance of the elements that a window sees, one number or one for each axis.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        `(batch, *counts, filters)`, or `(batch, filters, *counts)`.

    Raises:
        ValueError: for shapes that do not fit, or a window larger than the inputs.

    Example:
        >>> from leftfold import ops
        >>> ops.conv([[[1.0], [2.0], [4.0]]], [[[1.0]], [[-1.0]]]).tolist()
        [[[-1.0], [-2.0]]]
    """
    settings = strides, padding, data_format, dilation_rate
    y, vjp = _conv(inputs, kernel, None, *settings, (*needs, False))
    return y, lambda dy: vjp(dy)[:2]


@shape_rule(conv)
def _conv_rule(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> KerasTensor:
    settings = strides, padding, data_format, dilation_rate
    shape = conv_shape("conv", inputs.shape, kernel.shape, *settings)
    return KerasTensor(shape, np.result_type(inputs.dtype, kernel.dtype).name)


@primitive
def conv_with_bias(
    inputs: Any,
    kernel: Any,
    bias: Any,
    /,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
    *,
    needs: Any = (),
) -> Any:
    """`conv` with `bias`, `(filters,)` or `None`, added in the product itself."""
    return _conv(inputs, kernel, bias, strides, padding, data_format, dilation_rate, needs)


def _conv(
    inputs: Any,
    kernel: Any,
    bias: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation_rate: Any,
    needs: Any,
) -> Any:
    inputs, kernel = one_type(inputs, kernel)
    data_format = data_format_of("conv", data_format)
    conv_shape("conv", inputs.shape, kernel.shape, strides, padding, data_format, dilation_rate)
    over = windows("conv", kernel.ndim - 2, kernel.shape[:-2], strides, padding, dilation_rate)
    x = channels_last(inputs, data_format)
    groups = x.shape[-1] // kernel.shape[-2]
    padded = over.pad(x)
    weights = _by_group(kernel, groups)
    biases = [None] * groups if bias is None else np.split(bias.astype(x.dtype), groups)
    counts = over.counts(x.shape[1:-1])
    y = workspace.empty((len(x), *counts, kernel.shape[-1]), x.dtype)
    blocks = _blocks(len(x), math.prod(counts) * math.prod(kernel.shape[:-1]) * groups)
    kept = None
    for block in blocks:
        columns = columns_of(over, padded[block], groups)
        kept = columns if len(blocks) == 1 else None
        operands = zip(columns, weights, biases, strict=True)
        parts = [gemm(c, w, bias=b) for c, w, b in operands]
        part = parts[0] if groups == 1 else np.concatenate(parts, axis=1)
        y[block] = part.reshape(-1, *y.shape[1:])

    def vjp(dy: Any) -> Any:
        slopes = channels_last(dy, data_format)
        dx = workspace.empty(x.shape, x.dtype) if needs[0] else None
        dkernel = np.zeros_like(kernel) if needs[1] else None
        for block in blocks:
            shares = np.split(slopes[block].reshape(-1, kernel.shape[-1]), groups, axis=1)
            shares = [np.ascontiguousarray(share) for share in shares]
            if dx is not None:
                rows = [gemm(s, w, transpose_b=True) for s, w in zip(shares, weights, strict=True)]
                dx[block] = spread(over, rows, x[block].shape)
            if dkernel is not None:
                columns = columns_of(over, padded[block], groups) if kept is None else kept
                products = zip(columns, shares, strict=True)
                sums = [gemm(c, s, transpose_a=True) for c, s in products]
                dkernel += np.concatenate(sums, axis=1).reshape(kernel.shape)
        dbias = slopes.sum(axis=tuple(range(slopes.ndim - 1))) if needs[2] else None
        return None if dx is None else channels_back(dx, data_format), dkernel, dbias

    return channels_back(y, data_format), vjp


def _blocks(samples: int, elements: int) -> list[slice]:
    """The samples in parts whose windows, copied into the rows of a matrix, fit in the cache.

    Args:
        samples: how many there are.
        elements: how many numbers the windows of one sample hold.
    """
    size = max(_BLOCK // max(elements, 1), 1)
    return [slice(start, start + size) for start in range(0, samples, size)]


def columns_of(over: Windows, padded: np.ndarray, groups: int) -> np.ndarray:
    """What every window sees of each group's channels, `(groups, windows, elements)`."""
    seen = over.view(padded)
    *front, channels = seen.shape
    grouped = np.moveaxis(seen.reshape(*front, groups, channels // groups), -2, 0)
    rows = math.prod(front[: len(front) - len(over.size)])
    shape = (groups, rows, math.prod(over.size) * (channels // groups))
    if grouped.flags.c_contiguous:
        return grouped.reshape(shape)
    columns = workspace.empty(grouped.shape, padded.dtype)
    columns[...] = grouped
    return columns.reshape(shape)


def _by_group(kernel: np.ndarray, groups: int) -> np.ndarray:
    """The kernel as a matrix for each group, `(groups, elements, filters // groups)`."""
    filters = kernel.shape[-1]
    return np.ascontiguousarray(
        np.moveaxis(kernel.reshape(-1, groups, filters // groups), 1, 0), kernel.dtype
    )


def spread(over: Windows, rows: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of the inputs: each element collects what the windows that saw it send back."""
    sizes, channels = shape[1:-1], shape[-1]
    margins = over.margins(sizes)
    outer = [n + sum(pair) for n, pair in zip(sizes, margins, strict=True)]
    total = workspace.empty((shape[0], *outer, channels), rows[0].dtype)
    total.fill(0)
    share = channels // len(rows)
    front = shape[0], *over.counts(sizes), *over.size, share
    for group, gradient in enumerate(rows):
        windowed = gradient.reshape(front)
        ours = total[..., group * share : (group + 1) * share]
        for place, index in over.places(total):
            there: Any = (..., *place, slice(None))
            ours[index] += windowed[there]
    return over.without_margins(total, sizes)


def conv_shape(
    operation: str,
    inputs: Shape,
    kernel: Shape,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation_rate: Any,
) -> Shape:
    """The shape of a convolution's result.

    Args:
        operation: how messages call it.
        inputs: the inputs' shape, with `None` for unknown sizes.
        kernel: the kernel's shape.
        strides: as in `conv`.
        padding: as in `conv`.
        data_format: as in `conv`.
        dilation_rate: as in `conv`.

    Raises:
        ValueError: for shapes that do not fit, or a window larger than the inputs.
    """
    data_format = data_format_of(operation, data_format)
    axis = 1 if data_format == "channels_first" else -1
    if len(kernel) < 3 or len(inputs) != len(kernel):
        raise ValueError(
            f"{operation} expected inputs (batch, *sizes, channels) and a kernel (*window, "
            f"channels, filters) of the same rank, 3 or more, got shapes {inputs} and {kernel}."
        )
    *size, seen, filters = kernel
    channels = inputs[axis]
    if not seen or not channels or channels % seen or filters % (channels // seen):  # type: ignore[operator]
        raise ValueError(
            f"{operation} expected channels that the kernel's go into, and as many filters for "
            f"each group of them, got inputs of shape {inputs} and a kernel of shape {kernel}."
        )
    over = windows(operation, len(size), tuple(size), strides, padding, dilation_rate)
    shape = list(sliding(operation, over, inputs, data_format))
    shape[axis] = filters
    return tuple(shape)


def one_type(inputs: Any, kernel: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of one float type."""
    inputs, kernel = floating(as_full_array(inputs)), floating(as_full_array(kernel))
    common = np.result_type(inputs, kernel)
    return inputs.astype(common, copy=False), kernel.astype(common, copy=False)
