"""Convolutions channel by channel, alone and followed by a mixture of the channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive, shape_rule
from leftfold.engine.symbolic import KerasTensor, Shape
from leftfold.ops.convolution import conv, conv_shape, one_type
from leftfold.ops.windows import channels_back, channels_last, data_format_of, windows


@primitive
def depthwise_conv(
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
    """A convolution in which every channel has filters of its own.

    Args:
        inputs: `(batch, *sizes, channels)`.
        kernel: `(*window, channels, multiplier)`.
        strides: as in `conv`.
        padding: as in `conv`.
        data_format: as in `conv`.
        dilation_rate: as in `conv`.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        `(batch, *counts, channels * multiplier)`, the outputs of one channel side by side.

    Raises:
        ValueError: for shapes that do not fit, or a window larger than the inputs.
    """
    inputs, kernel = one_type(inputs, kernel)
    data_format = data_format_of("depthwise_conv", data_format)
    settings = strides, padding, data_format, dilation_rate
    depthwise_shape("depthwise_conv", inputs.shape, kernel.shape, *settings)
    over = windows("depthwise_conv", kernel.ndim - 2, kernel.shape[:-2], strides, padding,
                   dilation_rate)  # fmt: skip
    x = channels_last(inputs, data_format)
    padded = over.pad(x)
    counts = over.counts(x.shape[1:-1])
    y = np.zeros((x.shape[0], *counts, *kernel.shape[-2:]), x.dtype)
    for place, index in over.places(padded):
        y += padded[index][..., None] * kernel[place]

    def vjp(dy: Any) -> Any:
        slopes = channels_last(dy, data_format).reshape(y.shape)
        dx = dkernel = None
        if needs[0]:
            total = np.zeros(padded.shape, x.dtype)
            for place, index in over.places(padded):
                total[index] += np.einsum("...cm,cm->...c", slopes, kernel[place])
            dx = channels_back(over.without_margins(total, x.shape[1:-1]), data_format)
        if needs[1]:
            dkernel = np.empty(kernel.shape, kernel.dtype)
            for place, index in over.places(padded):
                seen = padded[index].reshape(-1, kernel.shape[-2])
                dkernel[place] = np.einsum("nc,ncm->cm", seen, slopes.reshape(-1, *y.shape[-2:]))
        return dx, dkernel

    flat = y.reshape(*y.shape[:-2], kernel.shape[-2] * kernel.shape[-1])
    return channels_back(flat, data_format), vjp


@shape_rule(depthwise_conv)
def _depthwise_rule(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> KerasTensor:
    settings = strides, padding, data_format, dilation_rate
    shape = depthwise_shape("depthwise_conv", inputs.shape, kernel.shape, *settings)
    return KerasTensor(shape, np.result_type(inputs.dtype, kernel.dtype).name)


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """`depthwise_conv`, and then at each position a product with `pointwise_kernel`.

    Args:
        inputs: `(batch, *sizes, channels)`.
        depthwise_kernel: `(*window, channels, multiplier)`.
        pointwise_kernel: `(*ones, channels * multiplier, filters)`.
        strides: as in `conv`.
        padding: as in `conv`.
        data_format: as in `conv`.
        dilation_rate: as in `conv`.
    """
    settings = strides, padding, data_format, dilation_rate
    channels = depthwise_conv(inputs, depthwise_kernel, *settings)
    return conv(channels, pointwise_kernel, data_format=data_format)


def depthwise_shape(
    operation: str,
    inputs: Shape,
    kernel: Shape,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation_rate: Any,
) -> Shape:
    """The shape of the result of `depthwise_conv`; arguments and errors as of `conv_shape`."""
    if len(kernel) < 3 or kernel[-2] != inputs[1 if data_format == "channels_first" else -1]:
        raise ValueError(
            f"{operation} expected a kernel (*window, channels, multiplier) with the channels of "
            f"the inputs, got inputs of shape {inputs} and a kernel of shape {kernel}."
        )
    joined = (*kernel[:-2], 1, kernel[-2] * kernel[-1])  # type: ignore[operator]
    return conv_shape(operation, inputs, joined, strides, padding, data_format, dilation_rate)
