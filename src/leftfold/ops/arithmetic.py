"""Arithmetic on two tensors, with broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive, unbroadcast
from leftfold.ops.dtypes import alike, floats_alike


@primitive
def add(x1: Any, x2: Any, /) -> Any:
    """`x1 + x2`."""
    x1, x2 = alike(x1, x2)
    return np.add(x1, x2), lambda dy: (unbroadcast(dy, x1), unbroadcast(dy, x2))


@primitive
def subtract(x1: Any, x2: Any, /) -> Any:
    """`x1 - x2`."""
    x1, x2 = alike(x1, x2)
    return np.subtract(x1, x2), lambda dy: (unbroadcast(dy, x1), unbroadcast(-dy, x2))


@primitive
def multiply(x1: Any, x2: Any, /, *, needs: Any = ()) -> Any:
    """`x1 * x2`."""
    x1, x2 = alike(x1, x2)

    def vjp(dy: Any) -> Any:
        return (
            unbroadcast(dy * x2, x1) if needs[0] else None,
            unbroadcast(dy * x1, x2) if needs[1] else None,
        )

    return np.multiply(x1, x2), vjp


def _quotient(x1: Any, x2: Any, needs: Any) -> Any:
    x1, x2 = floats_alike(x1, x2)
    y = np.true_divide(x1, x2)

    def vjp(dy: Any) -> Any:
        quotient = dy / x2
        return (
            unbroadcast(quotient, x1) if needs[0] else None,
            unbroadcast(-quotient * y, x2) if needs[1] else None,
        )

    return y, vjp


@primitive
def divide(x1: Any, x2: Any, /, *, needs: Any = ()) -> Any:
    """`x1 / x2`."""
    return _quotient(x1, x2, needs)


@primitive
def true_divide(x1: Any, x2: Any, /, *, needs: Any = ()) -> Any:
    """`x1 / x2`: `divide` under the name that the operator `/` has."""
    return _quotient(x1, x2, needs)


@primitive
def divide_no_nan(x1: Any, x2: Any, /, *, needs: Any = ()) -> Any:
    """`x1 / x2`, and 0 where `x2` is 0."""
    x1, x2 = alike(x1, x2)
    nonzero = np.not_equal(x2, 0)
    y, vjp = _quotient(x1, np.where(nonzero, x2, np.ones_like(x2)), needs)
    return np.where(nonzero, y, np.zeros_like(y)), lambda dy: vjp(dy * nonzero)


@primitive
def floor_divide(x1: Any, x2: Any, /) -> Any:
    """The largest integer not above `x1 / x2`."""
    return np.floor_divide(*alike(x1, x2)), None


@primitive
def mod(x1: Any, x2: Any, /, *, needs: Any = ()) -> Any:
    """What is left of `x1` after `floor_divide` by `x2`; has the sign of `x2`."""
    x1, x2 = alike(x1, x2)

    def vjp(dy: Any) -> Any:
        return (
            unbroadcast(dy, x1),
            unbroadcast(-dy * np.floor_divide(x1, x2), x2) if needs[1] else None,
        )

    return np.mod(x1, x2), vjp


@primitive
def power(x1: Any, x2: Any, /, *, needs: Any = ()) -> Any:
    """`x1` to the power of `x2`."""
    x1, x2 = alike(x1, x2)
    y = x1**x2

    def vjp(dy: Any) -> Any:
        dx1 = dx2 = None
        if needs[0]:
            slope = x2 * x1 ** np.where(np.equal(x2, 0), 1, np.subtract(x2, 1)).astype(y.dtype)
            dx1 = unbroadcast(dy * slope, x1)
        if needs[1]:
            logarithm = np.log(np.where(np.greater(x1, 0), x1, 1), dtype=y.dtype)
            dx2 = unbroadcast(dy * y * logarithm, x2)
        return dx1, dx2

    return y, vjp


@primitive
def maximum(x1: Any, x2: Any, /) -> Any:
    """The larger of two elements; equal ones share the gradient."""
    return _extreme(np.maximum, *alike(x1, x2))


@primitive
def minimum(x1: Any, x2: Any, /) -> Any:
    """The smaller of two elements; equal ones share the gradient."""
    return _extreme(np.minimum, *alike(x1, x2))


def _extreme(choose: Any, x1: Any, x2: Any) -> Any:
    y = choose(x1, x2)

    def vjp(dy: Any) -> Any:
        first, second = np.equal(x1, y), np.equal(x2, y)
        half = np.where(first & second, dy * 0.5, dy)
        return unbroadcast(half * first, x1), unbroadcast(half * second, x2)

    return y, vjp


@primitive
def logaddexp(x1: Any, x2: Any, /) -> Any:
    """`log(exp(x1) + exp(x2))` without overflow."""
    x1, x2 = floats_alike(x1, x2)
    y = np.logaddexp(x1, x2)

    def vjp(dy: Any) -> Any:
        return unbroadcast(dy * np.exp(x1 - y), x1), unbroadcast(dy * np.exp(x2 - y), x2)

    return y, vjp


@primitive
def arctan2(x1: Any, x2: Any, /) -> Any:
    """The angle in radians of the point `(x2, x1)`."""
    x1, x2 = floats_alike(x1, x2)

    def vjp(dy: Any) -> Any:
        scaled = dy / (x1 * x1 + x2 * x2)
        return unbroadcast(scaled * x2, x1), unbroadcast(-scaled * x1, x2)

    return np.arctan2(x1, x2), vjp
