"""Inverses, determinants and systems of equations; products that make larger matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive, shape_rule
from leftfold.engine.symbolic import KerasTensor
from leftfold.ops.arithmetic import multiply, power, subtract
from leftfold.ops.creation import arange
from leftfold.ops.dtypes import alike, floating
from leftfold.ops.elementwise import sqrt, square
from leftfold.ops.indexing import get_item
from leftfold.ops.reductions import sum
from leftfold.ops.shape import expand_dims, moveaxis, reshape, stack


def _square(name: str, x: np.ndarray) -> np.ndarray:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{name} expected square matrices (..., n, n), got shape {x.shape}.")
    return floating(x)


@primitive
def inv(x: Any, /) -> Any:
    """The inverse of square matrices, `(..., n, n)`."""
    y = np.linalg.inv(_square("inv", x))
    turned = np.swapaxes(y, -1, -2)
    return y, lambda dy: -(turned @ dy @ turned)


@shape_rule(inv)
def _inv_shape(x: Any) -> KerasTensor:  # zeros have no inverse
    return KerasTensor(x.shape, x.dtype)


@primitive
def det(x: Any, /) -> Any:
    """The determinant of square matrices, `(..., n, n)`, none of which is singular."""
    x = _square("det", x)
    y = np.linalg.det(x)
    return y, lambda dy: (dy * y)[..., None, None] * np.swapaxes(np.linalg.inv(x), -1, -2)


@primitive
def solve(a: Any, b: Any, /) -> Any:
    """The `x` for which `a @ x` is `b`.

    Args:
        a: square matrices, `(..., n, n)`.
        b: vectors `(..., n)` (with `a` of one more axis) or matrices `(..., n, m)`.
    """
    a, b = alike(_square("solve", np.asarray(a)), np.asarray(b))
    vectors = b.ndim == a.ndim - 1
    y = np.linalg.solve(a, b[..., None] if vectors else b)

    def vjp(dy: Any) -> Any:
        slope = np.linalg.solve(np.swapaxes(a, -1, -2), dy[..., None] if vectors else dy)
        da = -slope @ np.swapaxes(y, -1, -2)
        return da, slope[..., 0] if vectors else slope

    return (y[..., 0] if vectors else y), vjp


@shape_rule(solve)
def _solve_shape(a: Any, b: Any) -> KerasTensor:
    return KerasTensor(b.shape, b.dtype)


def kron(x1: Any, x2: Any) -> Any:
    """Each element of the matrix `x1` times the whole matrix `x2`."""
    (n, m), (p, q) = np.shape(x1), np.shape(x2)
    product = multiply(reshape(x1, (n, 1, m, 1)), reshape(x2, (1, p, 1, q)))
    return reshape(product, (n * p, m * q))


def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """The cross product of vectors of 3 numbers.

    Args:
        x1: vectors along `axisa`.
        x2: vectors along `axisb`.
        axisa: see `x1`.
        axisb: see `x2`.
        axisc: where the vectors of the result lie.
        axis: all three at once.
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(f"cross expected vectors of 3, got {np.shape(x1)} and {np.shape(x2)}.")
    (a0, a1, a2), (b0, b1, b2) = ([get_item(v, np.s_[..., i]) for i in range(3)] for v in (a, b))
    parts = [a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0]
    return moveaxis(stack(parts, axis=-1), -1, axisc)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of each element of `x` as a row, the highest first unless `increasing`."""
    count = x.shape[0] if N is None else N
    powers = arange(count) if increasing else arange(count - 1, -1, -1)
    return power(expand_dims(x, -1), powers)


def cdist(x: Any, y: Any) -> Any:
    """The distance of each vector of `x`, `(..., n, d)`, from each of `y`: `(..., n, m)`."""
    apart = subtract(expand_dims(x, -2), expand_dims(y, -3))
    return sqrt(sum(square(apart), axis=-1))
