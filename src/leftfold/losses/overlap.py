"""Losses of sets: how little predicted and true ones overlap."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.engine import config
from leftfold.losses.classes import _MEAN, _Named
from leftfold.losses.regression import aligned


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """`1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))`.

    Args:
        y_true: 0 and 1.
        y_pred: predictions from 0 to 1, shaped alike.
        axis: the axes that a set covers; all of them by default, for one loss of the batch.

    Example:
        >>> round(float(dice([[1.0, 0.0]], [[0.5, 0.5]])), 4)
        0.5
    """
    y_true, y_pred = aligned(y_true, y_pred)
    common = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) + config.epsilon()
    return 1 - 2.0 * common / total


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Any:
    """`dice` with weights for what one set has and the other has not.

    Salehi, Erdogmus and Gholipour, "Tversky loss function for image segmentation using 3D fully
    convolutional deep networks", 2017.

    Args:
        y_true: 0 and 1.
        y_pred: predictions from 0 to 1, shaped alike.
        alpha: weight of what is true and was not predicted.
        beta: weight of what was predicted and is not true.
        axis: the axes that a set covers; all of them by default.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    common = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1 - y_pred) * y_true, axis=axis)
    invented = ops.sum(y_pred * (1 - y_true), axis=axis)
    return 1 - common / (common + missed * alpha + invented * beta + config.epsilon())


class Dice(_Named):
    """How little predicted and true sets overlap, see `dice`.

    Args:
        reduction: see `Loss`.
        name: see `Loss`.
        axis: the axes that a set covers; all of them by default.
        dtype: see `Loss`.
    """

    _function = staticmethod(dice)

    def __init__(
        self,
        reduction: str | None = _MEAN,
        name: str | None = None,
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype, axis=axis)


class Tversky(_Named):
    """How little predicted and true sets overlap, with weights, see `tversky`.

    Args:
        alpha: weight of what is true and was not predicted.
        beta: weight of what was predicted and is not true.
        reduction: see `Loss`.
        name: see `Loss`.
        axis: the axes that a set covers; all of them by default.
        dtype: see `Loss`.
    """

    _function = staticmethod(tversky)

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = _MEAN,
        name: str | None = None,
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
