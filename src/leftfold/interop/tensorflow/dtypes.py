"""The types of elements as `tf` has them: names that know their limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.backend import standardize_dtype

__all__ = [
    *("DType", "as_dtype", "bfloat16", "bool", "double", "float16", "float32", "float64", "half"),
    *("int16", "int32", "int64", "int8", "string", "uint8"),
]


class DType(str):
    """The name of an element type, with TensorFlow's properties.

    Example:
        >>> DType("float32").is_floating, DType("int8").max
        (True, 127)
    """

    @property
    def name(self) -> str:
        return str(self)

    @property
    def is_floating(self) -> Any:
        return "float" in self

    @property
    def is_integer(self) -> Any:
        return "int" in self

    @property
    def as_numpy_dtype(self) -> type[Any]:
        return np.dtype(str(self)).type

    @property
    def max(self) -> Any:
        """The largest number that the type holds."""
        return self._limits().max

    @property
    def min(self) -> Any:
        """The smallest number that the type holds."""
        return self._limits().min

    def _limits(self) -> Any:
        return np.finfo(str(self)) if self.is_floating else np.iinfo(str(self))


def as_dtype(type_value: Any) -> DType:
    """The type that a name, or a type of NumPy or Python, means."""
    return DType(standardize_dtype(type_value))


float16, float32, float64 = DType("float16"), DType("float32"), DType("float64")
half, double, bfloat16 = float16, float64, DType("bfloat16")
int8, int16, int32, int64 = DType("int8"), DType("int16"), DType("int32"), DType("int64")
uint8, bool, string = DType("uint8"), DType("bool"), DType("string")
