"""What weights must satisfy: functions applied to them after every update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.engine.tensor import Tensor

Axis = int | Sequence[int]


class Constraint:
    """Base class: `constraint(w)` returns the values that `w` is replaced by.

    A custom constraint defines `__call__` and, to be saved, `get_config`.
    """

    def __call__(self, w: Any) -> Any:
        """The values nearest to `w` that are allowed."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        return cls(**config)


class NonNeg(Constraint):
    """No value below 0."""

    def __call__(self, w: Any) -> Tensor:
        return Tensor(np.maximum(np.asarray(w), 0))


class MaxNorm(Constraint):
    """Norms of at most `max_value`.

    Args:
        max_value: the greatest norm.
        axis: along which norms are taken; 0 takes one for every unit of a kernel
            `(inputs, units)`.

    Example:
        >>> MaxNorm(1.0)(np.array([[3.0], [4.0]])).numpy().round(3)
        array([[0.6],
               [0.8]])
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        w, norms = _with_norms(w, self.axis)
        return _rescale(w, norms, np.clip(norms, 0, self.max_value))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class UnitNorm(Constraint):
    """Norms of 1.

    Args:
        axis: along which norms are taken.
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        w, norms = _with_norms(w, self.axis)
        return Tensor(w / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Norms from `min_value` to `max_value`.

    Args:
        min_value: the smallest norm.
        max_value: the greatest norm.
        rate: how much of the way to the allowed norm each update goes; 1 goes all of it.
        axis: along which norms are taken.
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Axis = 0,
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Tensor:
        w, norms = _with_norms(w, self.axis)
        allowed = np.clip(norms, self.min_value, self.max_value)
        return _rescale(w, norms, self.rate * allowed + (1 - self.rate) * norms)

    def get_config(self) -> dict[str, Any]:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


def _with_norms(w: Any, axis: Axis) -> tuple[np.ndarray, np.ndarray]:
    w = np.asarray(w)
    axes = axis if isinstance(axis, int) else tuple(axis)
    return w, np.sqrt(np.square(w).sum(axis=axes, keepdims=True))


def _rescale(w: np.ndarray, norms: np.ndarray, wanted: np.ndarray) -> Tensor:
    return Tensor(w * (wanted / (config.epsilon() + norms)))
