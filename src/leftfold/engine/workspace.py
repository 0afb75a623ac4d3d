"""Large arrays that outlive a step: memory handed out again instead of given back.

A fresh array of many megabytes costs a page fault for every four kilobytes when it is first
written, on every training step. Arrays from here return to a pool when the last view of them
is gone, already mapped, so a step in steady state allocates nothing large.
"""

from __future__ import annotations

import ctypes
import functools
import math
from collections import defaultdict
from typing import Any

import numpy as np

_ALIGNMENT = 64
SMALLEST = 1 << 15
"""Bytes of the smallest array that comes from the pool."""
_KEEP_BYTES = 4 << 30

_held = {"bytes": 0}


class _Block:
    """Memory, where an aligned array in it begins, and how it is lent out."""

    __slots__ = ("lease", "memory", "size", "start")

    def __init__(self, size: int) -> None:
        self.memory = np.empty(size, np.uint8)
        self.size = size
        self.start = -(-self.memory.ctypes.data // _ALIGNMENT) * _ALIGNMENT
        self.lease = _lease_of(size - _ALIGNMENT)


_free: dict[int, list[_Block]] = defaultdict(list)


@functools.cache
def _lease_of(size: int) -> Any:
    """The class whose instances own so much of a block while any array made of it is alive."""

    class Lease(ctypes.c_uint8 * size):  # type: ignore[misc]
        block: _Block

        def __del__(self) -> None:
            size = self.block.size
            if _held["bytes"] + size <= _KEEP_BYTES:
                _free[size].append(self.block)
                _held["bytes"] += size

    return Lease


def empty(shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    """An uninitialised array, aligned to 64 bytes, from the pool if it is large."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size < SMALLEST:
        return np.empty(shape, dtype)
    step = 1 << (size.bit_length() - 4)
    rounded = -(-size // step) * step + _ALIGNMENT
    try:
        block = _free[rounded].pop()
        _held["bytes"] -= rounded
    except IndexError:
        block = _Block(rounded)
    lease = block.lease.from_address(block.start)
    lease.block = block
    return np.ndarray(shape, dtype, lease)


def clear() -> None:
    """Give the pool's idle memory back to the system."""
    _free.clear()
    _held["bytes"] = 0
