"""A bound on the weights that may be made, for models described by files nobody vouches for."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


class _Allowance(threading.local):
    bytes_left: int | None = None


_allowance = _Allowance()


@contextlib.contextmanager
def weights_limited(size: int) -> Iterator[None]:
    """Inside the block, weights of at most `size` bytes in all can be made."""
    before, _allowance.bytes_left = _allowance.bytes_left, size
    try:
        yield
    finally:
        _allowance.bytes_left = before


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
