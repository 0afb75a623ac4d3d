"""Functions of one tensor, element by element."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.ops.dtypes import floating


@primitive
def negative(x: Any, /) -> Any:
    """`-x`."""
    return np.negative(x), lambda dy: -dy


@primitive
def absolute(x: Any, /) -> Any:
    """The distance from zero, whose gradient at zero is taken as 0."""
    return np.absolute(x), lambda dy: dy * np.sign(x)


@primitive
def square(x: Any, /) -> Any:
    """`x * x`."""
    return np.square(x), lambda dy: dy * (2 * x)


@primitive
def sqrt(x: Any, /) -> Any:
    """The square root."""
    y = np.sqrt(floating(x))
    return y, lambda dy: dy * 0.5 / y


@primitive
def rsqrt(x: Any, /) -> Any:
    """`1 / sqrt(x)`."""
    x = floating(x)
    y = 1 / np.sqrt(x)
    return y, lambda dy: dy * -0.5 * y / x


@primitive
def cbrt(x: Any, /) -> Any:
    """The cube root."""
    y = np.cbrt(floating(x))
    return y, lambda dy: dy / (3 * y * y)


@primitive
def reciprocal(x: Any, /) -> Any:
    """`1 / x`."""
    y = np.reciprocal(floating(x))
    return y, lambda dy: -dy * y * y


@primitive
def exp(x: Any, /) -> Any:
    """E to the power of `x`."""
    y = np.exp(floating(x))
    return y, lambda dy: dy * y


@primitive
def exp2(x: Any, /) -> Any:
    """2 to the power of `x`."""
    y = np.exp2(floating(x))
    return y, lambda dy: dy * y * math.log(2)


@primitive
def expm1(x: Any, /) -> Any:
    """`exp(x) - 1`, exact for small `x`."""
    y = np.expm1(floating(x))
    return y, lambda dy: dy * (y + 1)


@primitive
def log(x: Any, /) -> Any:
    """The natural logarithm."""
    x = floating(x)
    return np.log(x), lambda dy: dy / x


@primitive
def log1p(x: Any, /) -> Any:
    """`log(1 + x)`, exact for small `x`."""
    x = floating(x)
    return np.log1p(x), lambda dy: dy / (1 + x)


@primitive
def log2(x: Any, /) -> Any:
    """The logarithm to the base 2."""
    x = floating(x)
    return np.log2(x), lambda dy: dy / (x * math.log(2))


@primitive
def log10(x: Any, /) -> Any:
    """The logarithm to the base 10."""
    x = floating(x)
    return np.log10(x), lambda dy: dy / (x * math.log(10))


@primitive
def sin(x: Any, /) -> Any:
    """The sine of `x` radians."""
    x = floating(x)
    return np.sin(x), lambda dy: dy * np.cos(x)


@primitive
def cos(x: Any, /) -> Any:
    """The cosine of `x` radians."""
    x = floating(x)
    return np.cos(x), lambda dy: -dy * np.sin(x)


@primitive
def tan(x: Any, /) -> Any:
    """The tangent of `x` radians."""
    y = np.tan(floating(x))
    return y, lambda dy: dy * (1 + y * y)


@primitive
def arcsin(x: Any, /) -> Any:
    """The angle in radians whose sine is `x`."""
    x = floating(x)
    return np.arcsin(x), lambda dy: dy / np.sqrt(1 - x * x)


@primitive
def arccos(x: Any, /) -> Any:
    """The angle in radians whose cosine is `x`."""
    x = floating(x)
    return np.arccos(x), lambda dy: -dy / np.sqrt(1 - x * x)


@primitive
def arctan(x: Any, /) -> Any:
    """The angle in radians whose tangent is `x`."""
    x = floating(x)
    return np.arctan(x), lambda dy: dy / (1 + x * x)


@primitive
def sinh(x: Any, /) -> Any:
    """The hyperbolic sine."""
    x = floating(x)
    return np.sinh(x), lambda dy: dy * np.cosh(x)


@primitive
def cosh(x: Any, /) -> Any:
    """The hyperbolic cosine."""
    x = floating(x)
    return np.cosh(x), lambda dy: dy * np.sinh(x)


@primitive
def tanh(x: Any, /) -> Any:
    """The hyperbolic tangent."""
    y = np.tanh(floating(x))
    return y, lambda dy: dy * (1 - y * y)


@primitive
def arcsinh(x: Any, /) -> Any:
    """The number whose hyperbolic sine is `x`."""
    x = floating(x)
    return np.arcsinh(x), lambda dy: dy / np.sqrt(x * x + 1)


@primitive
def arccosh(x: Any, /) -> Any:
    """The positive number whose hyperbolic cosine is `x`."""
    x = floating(x)
    return np.arccosh(x), lambda dy: dy / np.sqrt(x * x - 1)


@primitive
def arctanh(x: Any, /) -> Any:
    """The number whose hyperbolic tangent is `x`."""
    x = floating(x)
    return np.arctanh(x), lambda dy: dy / (1 - x * x)


@lru_cache(maxsize=2)
def _erf_series(single: bool) -> tuple[float, np.ndarray]:
    """Where erf reaches 1, and the Chebyshev series in x^2 of erf(x) / x up to there."""
    end, degree = (4.0, 24) if single else (6.0, 44)
    limit = 2 / math.sqrt(math.pi)

    def quotient(position: np.ndarray) -> np.ndarray:
        points = np.sqrt((position + 1) * (end * end / 2))
        return np.array([math.erf(p) / p if p else limit for p in points])

    return end, np.polynomial.chebyshev.chebinterpolate(quotient, degree)


def erf_values(x: np.ndarray) -> np.ndarray:
    """The error function of an array of floats, by a Chebyshev series."""
    end, series = _erf_series(x.dtype != np.float64)
    inner = np.clip(x, -end, end)
    position = inner * inner * (2 / (end * end)) - 1
    y = inner * np.polynomial.chebyshev.chebval(position, series.astype(x.dtype))
    return np.clip(y, -1, 1)


@primitive
def erf(x: Any, /) -> Any:
    """The error function, to 1e-13 in float64 and 3e-7 in float32."""
    x = floating(x)
    slope = 2 / math.sqrt(math.pi)
    return erf_values(x), lambda dy: dy * slope * np.exp(-x * x)


@primitive
def clip(x: Any, /, x_min: Any = None, x_max: Any = None) -> Any:
    """`x` kept between `x_min` and `x_max`; the gradient is zero outside.

    Args:
        x: any shape.
        x_min: the lower bound, a number or an array that broadcasts against `x`.
        x_max: the upper bound.
    """
    low, high = np.asarray(x_min, x.dtype), np.asarray(x_max, x.dtype)
    inside = (x >= low) & (x <= high)
    return np.minimum(np.maximum(x, low), high), lambda dy: dy * inside


@primitive
def sign(x: Any, /) -> Any:
    """-1, 0 or 1."""
    return np.sign(x), None


@primitive
def floor(x: Any, /) -> Any:
    """The largest integer not above `x`."""
    return np.floor(floating(x)), None


@primitive
def ceil(x: Any, /) -> Any:
    """The smallest integer not below `x`."""
    return np.ceil(floating(x)), None


@primitive
def trunc(x: Any, /) -> Any:
    """`x` without its fraction."""
    return np.trunc(x), None


@primitive
def round(x: Any, /, decimals: int = 0) -> Any:
    """`x` rounded to `decimals` places, halves to the even neighbour."""
    return np.round(x, decimals), None


@primitive
def nan_to_num(
    x: Any, /, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """`x` with NaN and infinities replaced (infinities by the largest numbers, by default)."""
    finite = np.isfinite(x)
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf), lambda dy: dy * finite


abs = absolute
