"""What every loss is: a function of targets and predictions, and a reduction of its values."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import config
from leftfold.engine.changes import Settings
from leftfold.engine.naming import auto_name, to_snake_case
from leftfold.engine.symbolic import KerasTensor, leaves, map_structure
from leftfold.engine.tensor import Tensor
from leftfold.losses.reduction import (
    MEANS,
    check_reduction,
    mean_of_all,
    reduce_losses,
    to_same_rank,
)


class Loss(Settings):
    """Base class of losses.

    A loss of your own defines `call(y_true, y_pred)` with functions of `leftfold.ops` and
    returns one loss per sample (or per timestep).

    Args:
        name: the loss's name; made from the class's by default.
        reduction: `"sum_over_batch_size"` or `"mean"` (the mean over all elements), `"sum"`,
            `"mean_with_sample_weight"` (the sum divided by the sum of the weights), `"none"` or
            `None` (no reduction).
        dtype: the float type in which the loss is computed, `floatx()` by default.

    Example:
        >>> class Distance(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.sum(ops.abs(y_true - y_pred), axis=-1)
        >>> float(Distance()([[1.0, 2.0]], [[1.0, 4.0]]))
        2.0
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self.reduction = check_reduction(reduction)
        self._dtype = getattr(dtype, "name", dtype)

    @property
    def dtype(self) -> str:
        """The float type in which the loss is computed."""
        return self._dtype or config.floatx()

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch.

        Args:
            y_true: targets, `(batch, ...)`.
            y_pred: predictions, `(batch, ...)`. A mask that layers attached to them decides
                which elements count.
            sample_weight: weights of samples or of their elements.

        Returns:
            A scalar tensor, or one loss per sample without a reduction.
        """
        mask = getattr(y_pred, "_keras_mask", None)
        y_true = each_tensor(self._to_target, y_true)
        y_pred = each_tensor(self._to_prediction, y_pred)
        if mask is None and sample_weight is None and self.reduction in MEANS:
            mean = self._mean_of_all(y_true, y_pred)
            if mean is not None:
                return mean
        losses = self.call(y_true, y_pred)
        if not hasattr(losses, "shape"):
            raise TypeError(f"The loss {self.name} expected to return a tensor, got {losses!r}.")
        own_mask = getattr(losses, "_keras_mask", None)
        if own_mask is not None:
            mask = own_mask if mask is None else ops.logical_and(mask, own_mask)
        return reduce_losses(losses, sample_weight, mask, self.reduction)

    def _mean_of_all(self, y_true: Any, y_pred: Any) -> Any:
        """The mean of what `call` would give, if there is a shorter way to it."""
        return None

    def _to_prediction(self, values: Any) -> Any:
        return ops.convert_to_tensor(values, self.dtype)

    def _to_target(self, values: Any) -> Any:
        return ops.convert_to_tensor(values, self.dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One loss per sample: `(batch,)`, or more axes for losses per timestep."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred).")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)


def each_tensor(convert: Callable[[Any], Any], values: Any) -> Any:
    """`convert` applied to one tensor, or to every tensor of a structure of several."""
    several = isinstance(values, dict) or (
        isinstance(values, list | tuple)
        and any(isinstance(leaf, np.ndarray | Tensor | KerasTensor) for leaf in leaves(values))
    )
    return map_structure(convert, values) if several else convert(values)


def check_settings(owner: object, function: Callable[..., Any], settings: dict[str, Any]) -> None:
    """Complain about settings that `function` does not take.

    Raises:
        TypeError: naming the first of them.
    """
    known = inspect.signature(function).parameters
    for setting in settings:
        if setting not in known:
            raise TypeError(f"{type(owner).__name__} has no argument {setting!r}.")


class LossFunctionWrapper(Loss):
    """A loss made of a function.

    Args:
        fn: a function of `(y_true, y_pred, **kwargs)` that returns one loss per sample.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
        **kwargs: further arguments for the function.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def _mean_of_all(self, y_true: Any, y_pred: Any) -> Any:
        mean = mean_of_all(self.fn)
        if mean is None or type(self).call is not LossFunctionWrapper.call:
            return None
        if self._fn_kwargs:
            known = inspect.signature(self.fn).parameters
            if any(known[name].default != value for name, value in self._fn_kwargs.items()):
                return None
        return mean(*self._of_same_rank(y_true, y_pred))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(*self._of_same_rank(y_true, y_pred), **self._fn_kwargs)

    def _of_same_rank(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        both = isinstance(y_true, Tensor) and isinstance(y_pred, Tensor)
        return to_same_rank(y_true, y_pred) if both else (y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self.fn, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        from leftfold import losses

        if isinstance(config.get("fn"), dict):
            config = {**config, "fn": losses.deserialize(config["fn"])}
        return cls(**config)
