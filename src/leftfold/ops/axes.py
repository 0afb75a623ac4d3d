"""Axes of reductions: how they are given, and how a reduced gradient is spread over them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def as_axes(axis: Any) -> Any:
    """An axis or axes as NumPy takes them."""
    return tuple(axis) if isinstance(axis, list) else axis


def positive_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes counted from the front; all of them for `None`.

    Raises:
        ValueError: for an axis that a tensor of rank `ndim` does not have.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    for a in axes:
        if not -ndim <= a < ndim:
            raise ValueError(f"axis expected from {-ndim} to {ndim - 1} for rank {ndim}, got {a}.")
    return tuple([a % ndim for a in axes])


def reduced_size(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements are reduced into one."""
    return math.prod([shape[a] for a in positive_axes(axis, len(shape))])


def restore_axes(reduced: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """`reduced` with the axes of size 1 that a reduction of `shape` without `keepdims` drops."""
    if keepdims or axis is None:
        return reduced
    axes = positive_axes(axis, len(shape))
    kept = [1 if a in axes else n for a, n in enumerate(shape)]
    return reduced.reshape(kept)


def spread(reduced: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> np.ndarray:
    """`reduced` repeated along the reduced axes: the gradient of a sum."""
    full = np.empty(shape, reduced.dtype)
    full[...] = restore_axes(reduced, shape, axis, keepdims)
    return full
