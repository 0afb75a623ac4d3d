"""Which element type an operation computes in: Keras's rules where they differ from NumPy's.

An integer array beside a float array takes the float's type (NumPy would widen to float64);
functions of real numbers on integers compute in the default float type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine.config import floatx
from leftfold.engine.tensor import as_full_array

_NAMES = frozenset(("float16", "float32", "float64", "int32", "int64", "uint8", "bool"))


def floating(x: np.ndarray) -> np.ndarray:
    """`x` if it has a float type, else `x` in the default float type."""
    return x if x.dtype.kind == "f" else x.astype(floatx())


def alike(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Both operands such that NumPy's own promotion gives the type that Keras gives."""
    if type(x1) is np.ndarray and type(x2) is np.ndarray:
        kind1, kind2 = x1.dtype.kind, x2.dtype.kind
        if kind1 == kind2:
            return x1, x2
        if kind1 == "f":
            return x1, x2.astype(x1.dtype)
        if kind2 == "f":
            return x1.astype(x2.dtype), x2
        return x1, x2
    if type(x1) is np.ndarray:
        return _beside_number(x1, x2), x2
    if type(x2) is np.ndarray:
        return x1, _beside_number(x2, x1)
    return alike(as_full_array(x1), as_full_array(x2))


def floats_alike(x1: Any, x2: Any) -> tuple[Any, Any]:
    """`alike`, in a float type."""
    x1, x2 = alike(x1, x2)
    if type(x1) is np.ndarray and x1.dtype.kind != "f":
        x1 = floating(x1)
    if type(x2) is np.ndarray and x2.dtype.kind != "f":
        x2 = floating(x2)
    return x1, x2


def _beside_number(array: np.ndarray, number: Any) -> np.ndarray:
    """`array` such that a Python number beside it leaves its type as it is."""
    if array.dtype.kind == "f":
        return array
    if isinstance(number, float):
        return array.astype(floatx())
    if array.dtype.kind == "b" and not isinstance(number, bool):
        return array.astype(np.int32)
    return array


def all_alike(xs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """`alike` for any number of arrays."""
    floats = [x.dtype for x in xs if x.dtype.kind == "f"]
    if not floats or len(floats) == len(xs):
        return list(xs)
    widest = np.result_type(*floats)
    return [x if x.dtype.kind == "f" else x.astype(widest) for x in xs]


def dtype_name(dtype: Any, default: str | None = None) -> str:
    """The name of an element type given as a name, a NumPy type or `None` (the default).

    Arrays of bfloat16 are kept as float32: NumPy has no such type.

    Raises:
        ValueError: for what is not an element type.
    """
    if dtype is None:
        return default or floatx()
    if dtype in _NAMES:
        return str(dtype)
    if isinstance(dtype, str) and dtype == "bfloat16":
        return "float32"
    if isinstance(dtype, str) and dtype in ("int", "float"):
        return "int32" if dtype == "int" else floatx()
    try:
        return np.dtype(dtype).name
    except TypeError:
        raise ValueError(
            f"dtype expected the name of an element type such as 'float32', got {dtype!r}."
        ) from None
