"""Losses of predicted numbers. Each returns the mean over the last axis."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import config
from leftfold.engine.kernels import kernel
from leftfold.engine.primitive import primitive, unbroadcast
from leftfold.losses.reduction import to_same_rank, with_mean


def aligned(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as float tensors of one type and rank.

    Warns where their shapes still differ, so that one is stretched to the other's as in Keras:
    most often a `return_sequences=True` too many, or targets of another output.

    Raises:
        ValueError: where their ranks differ by more than a last axis of size 1.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    if not y_pred.dtype.startswith("float"):
        y_pred = ops.cast(y_pred, config.floatx())
    y_true = ops.convert_to_tensor(y_true, y_pred.dtype)
    y_true, y_pred = to_same_rank(y_true, y_pred)
    if len(y_true.shape) != len(y_pred.shape) and len(y_true.shape) > 0:
        raise ValueError(
            f"The loss expected y_true and y_pred with as many axes as each other, got shapes "
            f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}."
        )
    if y_true.shape != y_pred.shape and None not in (*y_true.shape, *y_pred.shape):
        warnings.warn(
            f"Targets of shape {tuple(y_true.shape)} are compared with outputs of shape "
            f"{tuple(y_pred.shape)} by repeating values: is that what you want?",
            stacklevel=2,
        )
    return y_true, y_pred


@primitive
def _mean_of_squares(y_true: Any, y_pred: Any, /, *, needs: Any = ()) -> Any:
    error = y_pred - y_true
    share = 1 / max(error.size, 1)

    def vjp(dy: np.ndarray) -> Any:
        slope = error * (2 * share * dy.item())
        return (
            unbroadcast(-slope, y_true) if needs[0] else None,
            unbroadcast(slope, y_pred) if needs[1] else None,
        )

    squares = kernel("squared_norm", error.dtype)(error.reshape(-1))
    return error.dtype.type(squares * share), vjp


@with_mean(lambda y_true, y_pred: _mean_of_squares(*aligned(y_true, y_pred)))
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((y_true - y_pred)**2)`.

    Args:
        y_true: targets, `(batch, ..., features)`.
        y_pred: predictions, shaped alike.

    Returns:
        One loss per sample, `(batch, ...)`.

    Example:
        >>> mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]]).tolist()
        [2.0]
    """
    return _mean_square(*aligned(y_true, y_pred))


@primitive
def _mean_square(y_true: Any, y_pred: Any, /, *, needs: Any = ()) -> Any:
    error = y_pred - y_true
    count = error.shape[-1]
    twice = error.dtype.type(2 / count)

    def vjp(dy: np.ndarray) -> Any:
        slope = error * (dy[..., np.newaxis] * twice)
        return (
            unbroadcast(-slope, y_true) if needs[0] else None,
            unbroadcast(slope, y_pred) if needs[1] else None,
        )

    squares = error * error
    if count == 1:
        return squares.reshape(squares.shape[:-1]), vjp
    return np.add.reduce(squares, axis=-1) * error.dtype.type(1 / count), vjp


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """`mean(|y_true - y_pred|)`.

    Args:
        y_true: targets, `(batch, ..., features)`.
        y_pred: predictions, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    return ops.mean(ops.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """`100 * mean(|y_true - y_pred| / max(|y_true|, epsilon))`.

    Args:
        y_true: targets, `(batch, ..., features)`.
        y_pred: predictions, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    size = ops.maximum(ops.abs(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.abs((y_true - y_pred) / size), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((log(1 + y_true) - log(1 + y_pred))**2)`, values below epsilon lifted to it.

    Args:
        y_true: targets, `(batch, ..., features)`.
        y_pred: predictions, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    log_true = ops.log(ops.maximum(y_true, config.epsilon()) + 1.0)
    log_pred = ops.log(ops.maximum(y_pred, config.epsilon()) + 1.0)
    return ops.mean(ops.square(log_pred - log_true), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Half the square of small errors, and a line with slope `delta` for large ones.

    Huber, "Robust Estimation of a Location Parameter", 1964.

    Args:
        y_true: targets, `(batch, ..., features)`.
        y_pred: predictions, shaped alike.
        delta: the error at which the line begins.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    error = y_pred - y_true
    size = ops.abs(error)
    line = delta * size - 0.5 * delta**2
    return ops.mean(ops.where(size <= delta, 0.5 * ops.square(error), line), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """`mean(log(cosh(y_pred - y_true)))`: a square near 0, an absolute value far from it.

    Args:
        y_true: targets, `(batch, ..., features)`.
        y_pred: predictions, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between target and prediction: -1 where they point alike.

    Args:
        y_true: targets, `(batch, ..., features)`.
        y_pred: predictions, shaped alike.
        axis: along which the vectors lie.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)
