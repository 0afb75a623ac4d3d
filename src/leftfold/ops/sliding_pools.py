"""The maximum and the mean of every window."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive, shape_rule
from leftfold.engine.symbolic import KerasTensor, Shape
from leftfold.ops.dtypes import floating
from leftfold.ops.windows import (
    Windows,
    channels_back,
    channels_last,
    data_format_of,
    sliding,
    windows,
)

_PADDINGS = ("valid", "same")


@primitive
def max_pool(
    inputs: Any,
    /,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The maximum of every window, channel by channel.

    Of several elements that share a maximum, the first has its gradient.

    Args:
        inputs: `(batch, *sizes, channels)`.
        pool_size: elements of a window, one number or one for each axis.
        strides: how far the window moves; by its own size by default.
        padding: `"valid"` or `"same"`; a margin counts as lower than any number.
        data_format: `"channels_last"`, or `"channels_first"` for `(batch, channels, *sizes)`.

    Returns:
        `(batch, *counts, channels)`, or `(batch, channels, *counts)`.

    Raises:
        ValueError: for arguments that cannot be meant, or a window larger than the inputs.

    Example:
        >>> from leftfold import ops
        >>> ops.max_pool([[[1.0], [4.0], [2.0], [3.0]]], 2).tolist()
        [[[4.0], [3.0]]]
    """
    inputs = floating(inputs)
    data_format, over = _windows("max_pool", inputs.shape, pool_size, strides, padding, data_format)
    x = channels_last(inputs, data_format)
    padded = over.pad(x, -np.inf)
    seen = [padded[index] for _, index in over.places(padded)]
    y = seen[0].copy()
    for elements in seen[1:]:
        np.maximum(y, elements, out=y)

    def vjp(dy: Any) -> Any:
        slopes = channels_last(dy, data_format)
        total = np.zeros(padded.shape, x.dtype)
        left = np.ones(y.shape, bool)
        for _, index in over.places(padded):
            chosen = left & (padded[index] == y)
            left &= ~chosen
            total[index] += slopes * chosen
        return channels_back(over.without_margins(total, x.shape[1:-1]), data_format)

    return channels_back(y, data_format), vjp


@primitive
def average_pool(
    inputs: Any,
    /,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The mean of every window, channel by channel; a margin does not count.

    Args:
        inputs: `(batch, *sizes, channels)`.
        pool_size: as in `max_pool`.
        strides: as in `max_pool`.
        padding: `"valid"` or `"same"`.
        data_format: as in `max_pool`.

    Returns:
        `(batch, *counts, channels)`, or `(batch, channels, *counts)`.

    Raises:
        ValueError: for arguments that cannot be meant, or a window larger than the inputs.

    Example:
        >>> from leftfold import ops
        >>> ops.average_pool([[[1.0], [4.0], [2.0]]], 2, padding="same").tolist()
        [[[2.5], [2.0]]]
    """
    inputs = floating(inputs)
    data_format, over = _windows(
        "average_pool", inputs.shape, pool_size, strides, padding, data_format
    )
    x = channels_last(inputs, data_format)
    padded = over.pad(x)
    share = 1 / _sums(over, over.pad(np.ones((1, *x.shape[1:-1], 1), x.dtype)))
    y = _sums(over, padded) * share

    def vjp(dy: Any) -> Any:
        slopes = channels_last(dy, data_format) * share
        total = np.zeros(padded.shape, x.dtype)
        for _, index in over.places(padded):
            total[index] += slopes
        return channels_back(over.without_margins(total, x.shape[1:-1]), data_format)

    return channels_back(y, data_format), vjp


def _sums(over: Windows, padded: np.ndarray) -> np.ndarray:
    """The sum of every window."""
    seen = [padded[index] for _, index in over.places(padded)]
    y = seen[0].copy()
    for elements in seen[1:]:
        y += elements
    return y


@shape_rule(max_pool)
@shape_rule(average_pool)
def _pool_rule(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> KerasTensor:
    shape = pool_shape("pooling", inputs.shape, pool_size, strides, padding, data_format)
    return KerasTensor(shape, inputs.dtype)


def pool_shape(
    operation: str,
    inputs: Shape,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
) -> Shape:
    """The shape of what `max_pool` and `average_pool` return; arguments and errors are theirs.

    Args:
        operation: how messages call it.
        inputs: the inputs' shape, with `None` for unknown sizes.
        pool_size: as in `max_pool`.
        strides: as in `max_pool`.
        padding: as in `max_pool`.
        data_format: as in `max_pool`.
    """
    data_format, over = _windows(operation, inputs, pool_size, strides, padding, data_format)
    return sliding(operation, over, inputs, data_format)


def _windows(
    operation: str,
    inputs: Shape,
    pool_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
) -> tuple[str, Windows]:
    if len(inputs) < 3:
        raise ValueError(
            f"{operation} expected inputs (batch, *sizes, channels), got shape {tuple(inputs)}."
        )
    strides = pool_size if strides is None else strides
    over = windows(operation, len(inputs) - 2, pool_size, strides, padding, names=_PADDINGS)
    data_format = data_format_of(operation, data_format)
    sliding(operation, over, inputs, data_format)
    return data_format, over
