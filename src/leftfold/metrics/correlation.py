"""How predictions rise and fall together with targets."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.engine import config
from leftfold.losses.regression import aligned
from leftfold.metrics.reduction import FunctionMetric


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Pearson's correlation coefficient, from -1 to 1.

    Args:
        y_true: targets.
        y_pred: predictions, shaped alike.
        axis: along which the series lie.

    Example:
        >>> round(float(pearson_correlation([1.0, 2.0, 4.0], [2.0, 4.0, 8.0])), 4)
        1.0
    """
    y_true, y_pred = aligned(y_true, y_pred)
    true, predicted = (y - ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    true, predicted = (y / ops.std(y, axis=axis, keepdims=True) for y in (true, predicted))
    return ops.mean(true * predicted, axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Lin's concordance coefficient: correlation that another mean or spread lowers.

    Args:
        y_true: targets.
        y_pred: predictions, shaped alike.
        axis: along which the series lie.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    mean_true, mean_pred = (ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    spread = ops.var(y_true, axis=axis, keepdims=True) + ops.var(y_pred, axis=axis, keepdims=True)
    together = (y_true - mean_pred) * (y_pred - mean_pred)
    apart = spread + ops.square(mean_true - mean_pred) + config.epsilon()
    return ops.mean(2 * together / apart, axis=axis)


class PearsonCorrelation(FunctionMetric):
    """The mean of Pearson's correlation coefficients.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
        axis: along which the series lie.
    """

    _function = staticmethod(pearson_correlation)
    _direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis=axis)


class ConcordanceCorrelation(FunctionMetric):
    """The mean of Lin's concordance coefficients.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
        axis: along which the series lie.
    """

    _function = staticmethod(concordance_correlation)
    _direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis=axis)
