"""Comparison and logic. The results are boolean and have no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.ops.axes import as_axes


@primitive
def equal(x1: Any, x2: Any, /) -> Any:
    """Whether `x1 == x2`."""
    return np.equal(x1, x2), None


@primitive
def not_equal(x1: Any, x2: Any, /) -> Any:
    """Whether `x1 != x2`."""
    return np.not_equal(x1, x2), None


@primitive
def greater(x1: Any, x2: Any, /) -> Any:
    """Whether `x1 > x2`."""
    return np.greater(x1, x2), None


@primitive
def greater_equal(x1: Any, x2: Any, /) -> Any:
    """Whether `x1 >= x2`."""
    return np.greater_equal(x1, x2), None


@primitive
def less(x1: Any, x2: Any, /) -> Any:
    """Whether `x1 < x2`."""
    return np.less(x1, x2), None


@primitive
def less_equal(x1: Any, x2: Any, /) -> Any:
    """Whether `x1 <= x2`."""
    return np.less_equal(x1, x2), None


@primitive
def logical_and(x1: Any, x2: Any, /) -> Any:
    """Whether both are true (not zero)."""
    return np.logical_and(x1, x2), None


@primitive
def logical_or(x1: Any, x2: Any, /) -> Any:
    """Whether one is true (not zero)."""
    return np.logical_or(x1, x2), None


@primitive
def logical_xor(x1: Any, x2: Any, /) -> Any:
    """Whether exactly one is true (not zero)."""
    return np.logical_xor(x1, x2), None


@primitive
def logical_not(x: Any, /) -> Any:
    """Whether `x` is false (zero)."""
    return np.logical_not(x), None


@primitive
def isnan(x: Any, /) -> Any:
    """Whether each element is not a number."""
    return np.isnan(x), None


@primitive
def isinf(x: Any, /) -> Any:
    """Whether each element is infinite."""
    return np.isinf(x), None


@primitive
def isfinite(x: Any, /) -> Any:
    """Whether each element is neither infinite nor NaN."""
    return np.isfinite(x), None


@primitive
def isclose(
    x1: Any, x2: Any, /, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether `|x1 - x2| <= atol + rtol * |x2|`."""
    return np.isclose(x1, x2, rtol, atol, equal_nan), None


@primitive
def allclose(
    x1: Any, x2: Any, /, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether `isclose` holds everywhere."""
    return np.asarray(np.allclose(x1, x2, rtol, atol, equal_nan)), None


@primitive
def all(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether every element along `axis` is true (not zero)."""
    return np.all(x, axis=as_axes(axis), keepdims=keepdims), None


@primitive
def any(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether some element along `axis` is true (not zero)."""
    return np.any(x, axis=as_axes(axis), keepdims=keepdims), None
