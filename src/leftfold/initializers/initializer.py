"""What every initialiser is: a function from a shape to an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine import config


class Initializer:
    """Base class: `initializer(shape, dtype)` returns the first values of a weight.

    A custom initialiser defines `__call__` and, to be saved, `get_config`.
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        """An array of `shape` and `dtype` (`floatx()` by default)."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(shape, dtype).")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)

    def clone(self) -> Initializer:
        """A new initialiser with the same arguments."""
        return type(self).from_config(self.get_config())

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def resolve_dtype(dtype: Any) -> np.dtype[Any]:
    """`dtype`, or the default float type where it is `None`."""
    return np.dtype(config.floatx() if dtype is None else dtype)
