"""The losses as metrics, and the root mean squared error."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import losses
from leftfold.engine.tensor import Tensor
from leftfold.losses.regression import aligned
from leftfold.metrics.reduction import FunctionMetric, Mean


class MeanSquaredError(FunctionMetric):
    """The mean of squared errors; arguments `name` and `dtype`."""

    _function = staticmethod(losses.mean_squared_error)


class MeanAbsoluteError(FunctionMetric):
    """The mean of absolute errors; arguments `name` and `dtype`."""

    _function = staticmethod(losses.mean_absolute_error)


class MeanAbsolutePercentageError(FunctionMetric):
    """The mean of errors in per cent of the target; arguments `name` and `dtype`."""

    _function = staticmethod(losses.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(FunctionMetric):
    """The mean of squared errors of logarithms; arguments `name` and `dtype`."""

    _function = staticmethod(losses.mean_squared_logarithmic_error)


class LogCoshError(FunctionMetric):
    """The mean of `log(cosh(error))`; arguments `name` and `dtype`."""

    _function = staticmethod(losses.log_cosh)

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class Hinge(FunctionMetric):
    """The margin loss of two classes; arguments `name` and `dtype`."""

    _function = staticmethod(losses.hinge)


class SquaredHinge(FunctionMetric):
    """The squared margin loss of two classes; arguments `name` and `dtype`."""

    _function = staticmethod(losses.squared_hinge)


class CategoricalHinge(FunctionMetric):
    """The margin loss of several classes; arguments `name` and `dtype`."""

    _function = staticmethod(losses.categorical_hinge)


class KLDivergence(FunctionMetric):
    """How far predicted probabilities diverge; arguments `name` and `dtype`."""

    _function = staticmethod(losses.kl_divergence)


class Poisson(FunctionMetric):
    """The Poisson loss of counts; arguments `name` and `dtype`."""

    _function = staticmethod(losses.poisson)


class BinaryCrossentropy(FunctionMetric):
    """Cross-entropy of answers that are yes or no.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
        from_logits: whether predictions are numbers before the sigmoid.
        label_smoothing: how far targets are drawn towards 1/2, from 0 to 1.
    """

    _function = staticmethod(losses.binary_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(FunctionMetric):
    """Cross-entropy of one-hot targets.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
        from_logits: whether predictions are numbers before the softmax.
        label_smoothing: how far targets are drawn towards equal probabilities, from 0 to 1.
        axis: the axis of the classes.
    """

    _function = staticmethod(losses.categorical_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(name, dtype, **settings)


class SparseCategoricalCrossentropy(FunctionMetric):
    """Cross-entropy of class numbers.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
        from_logits: whether predictions are numbers before the softmax.
        ignore_class: a class number that means "does not count".
        axis: the axis of the classes.
    """

    _function = staticmethod(losses.sparse_categorical_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        settings = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(name, dtype, **settings)


def _cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    return -losses.cosine_similarity(y_true, y_pred, axis)


_cosine.__name__ = "cosine_similarity"


class CosineSimilarity(FunctionMetric):
    """The cosine of the angle between target and prediction; 1 where they point alike.

    The loss of that name has the other sign.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
        axis: along which the vectors lie.
    """

    _function = staticmethod(_cosine)
    _direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis=axis)


class RootMeanSquaredError(Mean):
    """The root of the mean of squared errors.

    Args:
        name: the metric's name.
        dtype: the float type of the result.

    Example:
        >>> float(RootMeanSquaredError()([[1.0], [2.0]], [[3.0], [4.0]]))
        2.0
    """

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        mask = getattr(y_pred, "_keras_mask", None)
        y_true, y_pred = aligned(np.asarray(y_true), np.asarray(y_pred))
        self._add(np.square(y_pred.data - y_true.data), sample_weight, mask)

    def result(self) -> Tensor:
        return Tensor(np.sqrt(super().result().data))
