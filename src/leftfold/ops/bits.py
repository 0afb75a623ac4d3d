"""Arithmetic on the bits of whole numbers, which has no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import as_full_array


@primitive
def bitwise_and(x: Any, y: Any, /) -> Any:
    """The bits that are set in both."""
    return np.bitwise_and(as_full_array(x), as_full_array(y)), None


@primitive
def bitwise_or(x: Any, y: Any, /) -> Any:
    """The bits that are set in one of both."""
    return np.bitwise_or(as_full_array(x), as_full_array(y)), None


@primitive
def bitwise_xor(x: Any, y: Any, /) -> Any:
    """The bits that are set in exactly one of both."""
    return np.bitwise_xor(as_full_array(x), as_full_array(y)), None


@primitive
def bitwise_not(x: Any, /) -> Any:
    """Every bit the other way round."""
    return np.invert(x), None


bitwise_invert = bitwise_not


@primitive
def bitwise_left_shift(x: Any, y: Any, /) -> Any:
    """The bits of `x` moved `y` places up."""
    return np.left_shift(as_full_array(x), as_full_array(y)), None


@primitive
def bitwise_right_shift(x: Any, y: Any, /) -> Any:
    """The bits of `x` moved `y` places down."""
    return np.right_shift(as_full_array(x), as_full_array(y)), None


left_shift, right_shift = bitwise_left_shift, bitwise_right_shift


@primitive
def gcd(x1: Any, x2: Any, /) -> Any:
    """The greatest common divisor."""
    return np.gcd(as_full_array(x1), as_full_array(x2)), None


@primitive
def lcm(x1: Any, x2: Any, /) -> Any:
    """The least common multiple."""
    return np.lcm(as_full_array(x1), as_full_array(x2)), None
