"""Bounds on what may be made of models that are described by files nobody vouches for."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

_MOST_CALLS = 10_000
"""Calls of layers and operations while a model is made, those inside models counted each time."""

_MOST_ELEMENTS = 1 << 28
"""Elements in one row of any output; no model that fits a computer comes near."""


class _Allowance(threading.local):
    bytes_left: int | None = None
    calls_left = 0


_allowance = _Allowance()


@contextlib.contextmanager
def weights_limited(size: int) -> Iterator[None]:
    """Inside the block, weights of at most `size` bytes in all can be made.

    The number of symbolic calls and the sizes of their outputs are bounded, too.
    """
    before = _allowance.bytes_left, _allowance.calls_left
    _allowance.bytes_left, _allowance.calls_left = size, _MOST_CALLS
    try:
        yield
    finally:
        _allowance.bytes_left, _allowance.calls_left = before


def spend(shape: Sequence[int], dtype: Any, name: str) -> None:
    """Count a weight that is about to be made.

    Raises:
        ValueError: when it exceeds what is allowed.
    """
    if _allowance.bytes_left is None:
        return
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > _allowance.bytes_left:
        raise ValueError(
            f"the weight {name} of shape {tuple(shape)} is larger than all weights in the file."
        )
    _allowance.bytes_left -= size


def spend_call(name: str, shapes: Iterable[Sequence[int | None]]) -> None:
    """Count a symbolic call, and look at the shapes of its outputs.

    Raises:
        ValueError: when there were too many, or an output is absurdly large.
    """
    if _allowance.bytes_left is None:
        return
    _allowance.calls_left -= 1
    if _allowance.calls_left < 0:
        raise ValueError(
            f"its layers and the models inside are called more than {_MOST_CALLS} times."
        )
    for shape in shapes:
        check_size(name, math.prod(size for size in shape if size), shape)


def check_size(name: str, elements: int, what: Any) -> None:
    """Refuse an output, actual or expected, of too many elements for one row.

    Raises:
        ValueError: when it is absurdly large.
    """
    if _allowance.bytes_left is not None and elements > _MOST_ELEMENTS:
        raise ValueError(f"{name} has an output that is too large: {what}.")
