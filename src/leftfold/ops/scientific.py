"""Further functions of numbers, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive, unbroadcast
from leftfold.ops.arithmetic import subtract
from leftfold.ops.dtypes import alike, floating, floats_alike
from leftfold.ops.elementwise import absolute, erf


@primitive
def deg2rad(x: Any, /) -> Any:
    """Degrees as radians."""
    return np.deg2rad(floating(x)), lambda dy: dy * (math.pi / 180)


@primitive
def rad2deg(x: Any, /) -> Any:
    """Radians as degrees."""
    return np.rad2deg(floating(x)), lambda dy: dy * (180 / math.pi)


def fabs(x: Any) -> Any:
    """The distance from zero, as a float."""
    return absolute(x) * 1.0


@primitive
def sinc(x: Any, /) -> Any:
    """`sin(pi * x) / (pi * x)`, 1 at zero."""
    x = floating(x)
    y = np.sinc(x)

    def vjp(dy: Any) -> Any:
        safe = np.where(x == 0, 1, x)
        return dy * np.where(x == 0, 0, (np.cos(np.pi * x) - y) / safe)

    return y, vjp


def erfc(x: Any) -> Any:
    """`1 - erf(x)`."""
    return subtract(1.0, erf(x))


@primitive
def hypot(x1: Any, x2: Any, /) -> Any:
    """`sqrt(x1**2 + x2**2)`, without overflow on the way."""
    x1, x2 = floats_alike(x1, x2)
    y = np.hypot(x1, x2)

    def vjp(dy: Any) -> Any:
        slope = dy / np.where(y == 0, 1, y)
        return unbroadcast(slope * x1, x1), unbroadcast(slope * x2, x2)

    return y, vjp


@primitive
def fmax(x1: Any, x2: Any, /) -> Any:
    """The larger of both; of a number and NaN the number. Of equals, `x1` has the gradient."""
    x1, x2 = alike(x1, x2)
    first = (x1 >= x2) | np.isnan(x2)
    return np.fmax(x1, x2), lambda dy: (unbroadcast(dy * first, x1), unbroadcast(dy * ~first, x2))


@primitive
def fmin(x1: Any, x2: Any, /) -> Any:
    """The smaller of both; of a number and NaN the number. Of equals, `x1` has the gradient."""
    x1, x2 = alike(x1, x2)
    first = (x1 <= x2) | np.isnan(x2)
    return np.fmin(x1, x2), lambda dy: (unbroadcast(dy * first, x1), unbroadcast(dy * ~first, x2))


@primitive
def heaviside(x1: Any, x2: Any, /) -> Any:
    """0 below zero, 1 above it, and `x2` at it."""
    x1, x2 = floats_alike(x1, x2)
    return np.heaviside(x1, x2), None


@primitive
def signbit(x: Any, /) -> Any:
    """Whether the sign is a minus, that of -0.0 included."""
    return np.signbit(x), None


@primitive
def isposinf(x: Any, /) -> Any:
    """Whether it is plus infinity."""
    return np.isposinf(x), None


@primitive
def isneginf(x: Any, /) -> Any:
    """Whether it is minus infinity."""
    return np.isneginf(x), None


@primitive
def isreal(x: Any, /) -> Any:
    """Whether there is no imaginary part: true of every tensor here."""
    return np.isreal(x), None
