"""Refusals that several layers share."""

from __future__ import annotations

from typing import Any

import numpy as np


def positive_integer(layer: str, argument: str, value: Any) -> int:
    """`value` as an `int`.

    Raises:
        ValueError: naming the layer and the argument, when it is not a positive integer.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{layer} expected {argument} to be a positive integer, got {value!r}.")
    return int(value)


def fraction(layer: str, argument: str, value: Any) -> float:
    """`value`, a number from 0 to 1.

    Raises:
        ValueError: naming the layer and the argument, when it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ValueError(f"{layer} expected {argument} to be a number, got {value!r}.")
    if not 0 <= value <= 1:
        raise ValueError(f"{layer} expected {argument} to be from 0 to 1, got {value!r}.")
    return value  # type: ignore[return-value]


def not_negative(layer: str, argument: str, value: Any) -> float:
    """`value`, a number that is not below 0.

    Raises:
        ValueError: naming the layer and the argument, when it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or value < 0:
        raise ValueError(f"{layer} expected {argument} to be 0 or more, got {value!r}.")
    return value  # type: ignore[return-value]
