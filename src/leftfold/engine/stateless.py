"""Calls that leave no trace: the state is given and handed back instead of being changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import Variable


def check_count(called: str, argument: str, expected: Sequence[Any], given: Sequence[Any]) -> None:
    """Refuse another number of values than there are variables.

    Raises:
        ValueError: naming both numbers.
    """
    if len(given) != len(expected):
        raise ValueError(
            f"{called} expected {argument} to hold a value for each of its {len(expected)} "
            f"variables, got {len(given)}."
        )


@contextlib.contextmanager
def given_state(variables: Sequence[Variable], values: Sequence[Any]) -> Iterator[None]:
    """A `with` block in which variables have these values; afterwards they have theirs again."""
    before = [variable.numpy() for variable in variables]
    new = [np.array(value) for value in values]
    try:
        for variable, value in zip(variables, new, strict=True):
            variable.assign(value)
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)


def values_of(variables: Sequence[Variable]) -> list[Tensor]:
    """Copies of the current values."""
    return [Tensor(variable.numpy()) for variable in variables]
