"""The loss functions as objects, with a reduction and a configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from leftfold import ops
from leftfold.engine.symbolic import KerasTensor
from leftfold.engine.tensor import Tensor
from leftfold.losses import margin, probabilistic, regression
from leftfold.losses.loss import Loss, LossFunctionWrapper, check_settings

_MEAN = "sum_over_batch_size"


class _Named(LossFunctionWrapper):
    """A loss of one of the functions.

    Args:
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        reduction: str | None = _MEAN,
        name: str | None = None,
        dtype: Any = None,
        **settings: Any,
    ) -> None:
        function = type(self)._function
        check_settings(self, function, settings)
        super().__init__(function, reduction, name or function.__name__, dtype, **settings)
        for setting, value in settings.items():
            setattr(self, setting, value)

    def get_config(self) -> dict[str, Any]:
        return {**Loss.get_config(self), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)


class MeanSquaredError(_Named):
    """The mean of squared errors; arguments `reduction`, `name`, `dtype` as for `Loss`."""

    _function = staticmethod(regression.mean_squared_error)


class MeanAbsoluteError(_Named):
    """The mean of absolute errors; arguments `reduction`, `name`, `dtype` as for `Loss`."""

    _function = staticmethod(regression.mean_absolute_error)


class MeanAbsolutePercentageError(_Named):
    """The mean of errors in per cent; arguments `reduction`, `name`, `dtype` as for `Loss`."""

    _function = staticmethod(regression.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(_Named):
    """The mean of squared errors of logarithms; arguments as for `MeanSquaredError`."""

    _function = staticmethod(regression.mean_squared_logarithmic_error)


class LogCosh(_Named):
    """The mean of `log(cosh(error))`; arguments `reduction`, `name`, `dtype` as for `Loss`."""

    _function = staticmethod(regression.log_cosh)


class Poisson(_Named):
    """The Poisson loss of counts; arguments `reduction`, `name`, `dtype` as for `Loss`."""

    _function = staticmethod(probabilistic.poisson)


class KLDivergence(_Named):
    """How far predicted probabilities diverge; arguments as for `MeanSquaredError`."""

    _function = staticmethod(probabilistic.kl_divergence)


class Hinge(_Named):
    """The margin loss of two classes; arguments `reduction`, `name`, `dtype` as for `Loss`."""

    _function = staticmethod(margin.hinge)


class SquaredHinge(_Named):
    """The squared margin loss of two classes; arguments as for `MeanSquaredError`."""

    _function = staticmethod(margin.squared_hinge)


class CategoricalHinge(_Named):
    """The margin loss of several classes; arguments as for `MeanSquaredError`."""

    _function = staticmethod(margin.categorical_hinge)


class Huber(_Named):
    """A square for small errors and a line for large ones, see `huber`.

    Args:
        delta: the error at which the line begins.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function = staticmethod(regression.huber)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = _MEAN,
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype, delta=delta)


class CosineSimilarity(_Named):
    """Minus the cosine between target and prediction, see `cosine_similarity`.

    Args:
        axis: along which the vectors lie.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function = staticmethod(regression.cosine_similarity)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = _MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype, axis=axis)


class BinaryCrossentropy(_Named):
    """Cross-entropy of answers that are yes or no, see `binary_crossentropy`.

    Args:
        from_logits: whether predictions are numbers before the sigmoid.
        label_smoothing: how far targets are drawn towards 1/2, from 0 to 1.
        axis: along which the mean is taken.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.

    Example:
        >>> round(float(BinaryCrossentropy()([[0.0], [1.0]], [[0.5], [0.5]])), 4)
        0.6931
    """

    _function = staticmethod(probabilistic.binary_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = _MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        settings = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name, dtype, **settings)


class CategoricalCrossentropy(BinaryCrossentropy):
    """Cross-entropy of one-hot targets, see `categorical_crossentropy`.

    Args:
        from_logits: whether predictions are numbers before the softmax.
        label_smoothing: how far targets are drawn towards equal probabilities, from 0 to 1.
        axis: the axis of the classes.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function = staticmethod(probabilistic.categorical_crossentropy)


class SparseCategoricalCrossentropy(_Named):
    """Cross-entropy of class numbers, see `sparse_categorical_crossentropy`.

    Args:
        from_logits: whether predictions are numbers before the softmax.
        ignore_class: a class number that means "does not count".
        reduction: see `Loss`.
        axis: the axis of the classes.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function = staticmethod(probabilistic.sparse_categorical_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = _MEAN,
        axis: int = -1,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        settings = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(reduction, name, dtype, **settings)

    def _to_target(self, values: Any) -> Any:
        """Class numbers stay whole numbers: float32 is exact only up to 2**24."""
        return values if isinstance(values, Tensor | KerasTensor) else ops.convert_to_tensor(values)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **self._fn_kwargs)


class BinaryFocalCrossentropy(_Named):
    """Binary cross-entropy that discounts easy samples, see `binary_focal_crossentropy`.

    Args:
        apply_class_balancing: whether class 1 counts `alpha` and class 0 `1 - alpha`.
        alpha: weight of class 1.
        gamma: how strongly easy samples are discounted.
        from_logits: whether predictions are numbers before the sigmoid.
        label_smoothing: how far targets are drawn towards 1/2, from 0 to 1.
        axis: along which the mean is taken.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function = staticmethod(probabilistic.binary_focal_crossentropy)

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = _MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        settings = {
            "apply_class_balancing": apply_class_balancing,
            "alpha": alpha,
            "gamma": gamma,
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(reduction, name, dtype, **settings)


class CategoricalFocalCrossentropy(_Named):
    """Categorical cross-entropy that discounts easy samples.

    See `categorical_focal_crossentropy`.

    Args:
        alpha: weight of the loss, or of each class.
        gamma: how strongly easy samples are discounted.
        from_logits: whether predictions are numbers before the softmax.
        label_smoothing: how far targets are drawn towards equal probabilities, from 0 to 1.
        axis: the axis of the classes.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function = staticmethod(probabilistic.categorical_focal_crossentropy)

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = _MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        settings = {
            "alpha": alpha,
            "gamma": gamma,
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(reduction, name, dtype, **settings)
