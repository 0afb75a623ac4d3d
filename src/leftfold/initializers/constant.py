"""Initialisers without chance: zeros, ones, a constant, the identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.initializers.initializer import Initializer, resolve_dtype


class Constant(Initializer):
    """Every element is `value`.

    Args:
        value: a number, or an array that broadcasts to the shape asked for.

    Example:
        >>> Constant(2.0)((2,))
        array([2., 2.], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.full(tuple(shape), self.value, resolve_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        value = config["value"]
        if isinstance(value, dict):
            value = np.array(value["config"]["value"], value["config"]["dtype"])
        return cls(value)


class Zeros(Initializer):
    """Every element is 0."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.zeros(tuple(shape), resolve_dtype(dtype))


class Ones(Initializer):
    """Every element is 1."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.ones(tuple(shape), resolve_dtype(dtype))


class Identity(Initializer):
    """The identity matrix times `gain`; for a matrix that is not square, its upper left part.

    As recurrent weights of a ReLU network it lets a state survive many steps: Le, Jaitly and
    Hinton, "A Simple Way to Initialize Recurrent Networks of Rectified Linear Units", 2015.

    Args:
        gain: the value on the diagonal.

    Raises:
        ValueError: when called with a shape that is not two-dimensional.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        if len(shape) != 2:
            raise ValueError(f"Identity expected a shape of two sizes, got {tuple(shape)}.")
        return np.eye(*shape, dtype=resolve_dtype(dtype)) * resolve_dtype(dtype).type(self.gain)

    def get_config(self) -> dict[str, Any]:
        # Keras writes no argument here, and loses the gain when it loads the file again.
        return {} if self.gain == 1.0 else {"gain": self.gain}
