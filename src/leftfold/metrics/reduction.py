"""Sums and means over batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.losses.loss import check_settings, each_tensor
from leftfold.losses.reduction import element_weights
from leftfold.metrics.metric import Metric


def weighted(values: Any, sample_weight: Any, mask: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """`values` times the weights of their elements, and these weights, broadcast to them."""
    own_mask = getattr(values, "_keras_mask", None)
    if own_mask is not None:
        mask = own_mask if mask is None else np.asarray(mask) & np.asarray(own_mask)
    values = as_full_array(values)
    if sample_weight is None and mask is None:
        return values, None
    weight = element_weights(values.shape, sample_weight, mask, "sum")
    if values.ndim == 0:
        return values * weight, weight
    weight = np.broadcast_to(weight, values.shape)  # type: ignore[arg-type]
    return values * weight, weight


class Sum(Metric):
    """The weighted sum of all values.

    Args:
        name: the metric's name.
        dtype: the float type of the result.

    Example:
        >>> float(Sum()([1.0, 3.0, 5.0]))
        9.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self._counter((), "total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        self.total.data[...] += weighted(values, sample_weight, None)[0].sum()

    def result(self) -> Tensor:
        return self._tensor(self.total.data)


class Mean(Metric):
    """The weighted mean of all values. Every sample counts alike, however many values it has.

    Args:
        name: the metric's name.
        dtype: the float type of the result.

    Example:
        >>> float(Mean()([1.0, 3.0, 5.0], sample_weight=[1, 1, 0]))
        2.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self._counter((), "total")
        self.count = self._counter((), "count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        self._add(values, sample_weight, None)

    def _add(self, values: Any, sample_weight: Any, mask: Any) -> None:
        values, weight = weighted(values, sample_weight, mask)
        samples = len(values) if values.ndim else 1
        per_sample = max(values.size // max(samples, 1), 1)
        total = float(values.sum()) / per_sample
        self._add_totals(total, samples if weight is None else float(weight.sum()) / per_sample)

    def _add_totals(self, total: float, count: float) -> None:
        for counter, more in ((self.total.data, total), (self.count.data, count)):
            counter[...] = counter.item() + more  # several times as fast as adding in place

    def result(self) -> Tensor:
        count = self.count.data.item()
        return self._tensor(self.total.data.item() / count if count else 0.0)


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Args:
        fn: a function of `(y_true, y_pred, **kwargs)` that returns one value per sample.
        name: the metric's name.
        dtype: the float type of the result.
        **kwargs: further arguments for the function.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        mask = getattr(y_pred, "_keras_mask", None)
        y_true, y_pred = each_tensor(_untracked, y_true), each_tensor(_untracked, y_pred)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        self._add(values, sample_weight, mask)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self._fn, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        from leftfold import losses, metrics

        if isinstance(config.get("fn"), dict):
            name = config["fn"].get("config")
            room = losses if name in losses._registry.names else metrics
            config = {**config, "fn": room.deserialize(config["fn"])}
        return cls(**config)


def _untracked(values: Any) -> Tensor:
    """`values` as a tensor that no tape follows."""
    return Tensor(as_full_array(values))


class FunctionMetric(MeanMetricWrapper):
    """The mean of a function that has a metric class of its own.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
    """

    _function: ClassVar[Callable[..., Any]]
    _direction: ClassVar[str] = "down"

    def __init__(self, name: str | None = None, dtype: Any = None, **settings: Any) -> None:
        function = type(self)._function
        check_settings(self, function, settings)
        super().__init__(function, name or function.__name__, dtype, **settings)
        for setting, value in settings.items():
            setattr(self, setting, value)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        return cls(**config)
