"""Penalties on weights or outputs, added to the loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold.engine.changes import Settings
from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import Tensor


class Regularizer(Settings):
    """Base class: `regularizer(x)` returns a scalar that is added to the loss.

    A custom regulariser defines `__call__` with functions of `leftfold.ops` and, to be saved,
    `get_config`.
    """

    def __call__(self, x: Any) -> Any:
        """The penalty of `x`."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config() to be saved.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        return cls(**config)


@primitive
def _l1_l2(x: np.ndarray, /, l1: float, l2: float) -> Any:
    penalty = np.zeros((), x.dtype)
    if l1:
        penalty = penalty + l1 * np.abs(x).sum()
    if l2:
        penalty = penalty + l2 * np.square(x).sum()

    def vjp(dy: np.ndarray) -> np.ndarray:
        gradient = (2 * l2 * dy) * x
        return gradient + (l1 * dy) * np.sign(x) if l1 else gradient

    return penalty, vjp


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1: factor of the sum of magnitudes, not negative.
        l2: factor of the sum of squares, not negative.

    Example:
        >>> float(L1L2(l1=1.0, l2=0.5)(np.array([1.0, -2.0])))
        5.5
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("L1L2", "l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Tensor:
        return _l1_l2(x, self.l1, self.l2)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """`l1 * sum(|x|)`.

    Args:
        l1: the factor, not negative.
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor("L1", "l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Tensor:
        return _l1_l2(x, self.l1, 0.0)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """`l2 * sum(x**2)`.

    Args:
        l2: the factor, not negative.
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor("L2", "l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Tensor:
        return _l1_l2(x, 0.0, self.l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


@primitive
def _mean_overlap(x: np.ndarray, /, factor: float) -> Any:
    """`factor` times the mean |cosine| between two different rows of `x`."""
    norms = np.sqrt(np.maximum(np.square(x).sum(axis=1, keepdims=True), 1e-12))
    rows = x / norms
    product = rows @ rows.T
    np.fill_diagonal(product, 0)
    count = max(len(x) * (len(x) - 1), 1)

    def vjp(dy: np.ndarray) -> np.ndarray:
        drows = (2 * dy * factor / count) * (np.sign(product) @ rows)
        return (drows - rows * (drows * rows).sum(axis=1, keepdims=True)) / norms

    return factor * np.abs(product).sum() / count, vjp


@primitive
def _transposed(x: np.ndarray, /) -> Any:
    return x.T, lambda dy: dy.T


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean magnitude of the cosine between two rows (or two columns).

    Args:
        factor: not negative.
        mode: `"rows"` or `"columns"`: which of them should be at right angles.

    Raises:
        ValueError: when called with anything but a matrix.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(
                f"OrthogonalRegularizer expected mode to be 'rows' or 'columns', got {mode!r}."
            )
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        self.mode = mode

    def __call__(self, x: Any) -> Tensor:
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer expected a matrix, got shape {x.shape}.")
        return _mean_overlap(x if self.mode == "rows" else _transposed(x), self.factor)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}


def _factor(owner: str, name: str, value: Any) -> float:
    if not isinstance(value, int | float | np.number) or not 0 <= value < math.inf:
        raise ValueError(f"{owner} expected {name} to be a finite number >= 0, got {value!r}.")
    return float(value)
