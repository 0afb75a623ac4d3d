"""Flips, turns and cuts along fixed axes."""

from __future__ import annotations

import builtins
import itertools
from typing import Any

import numpy as np

from leftfold.ops.creation import diag
from leftfold.ops.indexing import get_item
from leftfold.ops.shape import concatenate, expand_dims, flip, ravel, split, swapaxes


def fliplr(x: Any) -> Any:
    """The second axis backwards."""
    return flip(x, axis=1)


def flipud(x: Any) -> Any:
    """The first axis backwards."""
    return flip(x, axis=0)


def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """`array` turned by `k` right angles, from the first of `axes` to the second."""
    first, second = axes
    if first % len(array.shape) == second % len(array.shape):
        raise ValueError(f"rot90 expected two different axes, got {tuple(axes)}.")
    k %= 4
    if k == 2:
        return flip(flip(array, axis=first), axis=second)
    if k == 1:
        return swapaxes(flip(array, axis=second), first, second)
    return flip(swapaxes(array, first, second), axis=second) if k else array


def dstack(xs: Any) -> Any:
    """Tensors one behind the other along their third axis."""

    def deep(x: Any) -> Any:
        axes = len(np.shape(x))
        x = expand_dims(x, 0) if axes < 2 else x
        return expand_dims(x, -1) if axes < 3 else x

    return concatenate([deep(x) for x in xs], axis=2)


def diagflat(x: Any, k: int = 0) -> Any:
    """A matrix with the elements of `x` on its diagonal, or `k` places above it."""
    return diag(ravel(x), k)


def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """`x` cut along its second axis (its only one, where it has one)."""
    return list(split(x, indices_or_sections, axis=1 if len(x.shape) > 1 else 0))


def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """`x` cut along its first axis."""
    return list(split(x, indices_or_sections, axis=0))


def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """`x` cut along its third axis."""
    return list(split(x, indices_or_sections, axis=2))


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`x` cut into parts of nearly equal size: the first ones are longer by one.

    Args:
        x: any shape.
        indices_or_sections: how many parts, or where they begin.
        axis: along which to cut.
    """
    size = x.shape[axis]
    if isinstance(indices_or_sections, int):
        least, longer = divmod(size, indices_or_sections)
        lengths = [least + (part < longer) for part in builtins.range(indices_or_sections)]
        starts = np.cumsum([0, *lengths]).tolist()
    else:
        starts = [0, *indices_or_sections, size]
    before = (slice(None),) * (axis % len(x.shape))
    return [get_item(x, (*before, slice(a, b))) for a, b in itertools.pairwise(starts)]
