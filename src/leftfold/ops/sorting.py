"""Order: sorting, the largest elements, where something belongs, what occurs."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import as_full_array


@primitive
def sort(x: Any, /, axis: int = -1) -> Any:
    """The elements along `axis` in ascending order."""
    order = np.argsort(x, axis=axis, kind="stable")

    def vjp(dy: Any) -> Any:
        total = np.empty_like(dy)
        np.put_along_axis(total, order, dy, axis)
        return total

    return np.take_along_axis(x, order, axis), vjp


@primitive
def argsort(x: Any, /, axis: int = -1) -> Any:
    """The positions of the elements along `axis` in ascending order of value."""
    return np.argsort(x, axis=axis, kind="stable").astype(np.int32), None


@primitive
def top_k(x: Any, /, k: int, sorted: bool = True) -> Any:
    """The `k` largest elements along the last axis, largest first, and where they are.

    Returns:
        `(values, indices)`; of equal elements the first come first.
    """
    if not 0 < k <= x.shape[-1]:
        raise ValueError(f"k expected from 1 to {x.shape[-1]}, got {k}.")
    largest = np.argsort(-x, axis=-1, kind="stable")[..., :k]

    def vjp(dy: Any, _: Any) -> Any:
        total = np.zeros_like(x)
        np.put_along_axis(total, largest, dy, -1)
        return total

    return (np.take_along_axis(x, largest, -1), largest.astype(np.int32)), vjp


@primitive
def in_top_k(targets: Any, predictions: Any, /, k: int) -> Any:
    """Whether the predicted value of each target class is among the `k` largest of its row."""
    targets, predictions = as_full_array(targets), as_full_array(predictions)
    chosen = np.take_along_axis(predictions, targets[:, None].astype(np.int64), 1)
    return np.count_nonzero(predictions > chosen, axis=1) < k, None


@primitive
def searchsorted(sorted_sequence: Any, values: Any, /, side: Any = "left") -> Any:
    """Where each value would be inserted into a sorted sequence."""
    places = np.searchsorted(as_full_array(sorted_sequence), values, side=side)
    return np.asarray(places, np.int32), None


@primitive
def unique(
    x: Any,
    /,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Any:
    """The different elements (or slices along `axis`) in ascending order, and what is asked for."""
    found: Any = np.unique(  # type: ignore[call-overload]
        x, return_index, return_inverse, return_counts, axis
    )
    if not isinstance(found, tuple):
        return found, None
    return (found[0], *(part.astype(np.int32) for part in found[1:])), None


@primitive
def isin(x1: Any, x2: Any, /, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of `x1` is among those of `x2` (is not, with `invert`)."""
    return np.isin(x1, x2, assume_unique, invert), None
