"""Cutting data in two."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.random import as_generator
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.preprocessing.dataset import Dataset


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Cut data in two data sets, of elements or of rows.

    Args:
        dataset: a `Dataset`, an array, or a tuple, list or dictionary of arrays with as many rows.
        left_size: number of elements of the first part, or their share from 0 to 1.
        right_size: the same of the second part; one of both may be left out.
        shuffle: whether to bring the elements in a random order before.
        seed: for that order.
        preferred_backend: accepted for Keras, without effect.

    Raises:
        ValueError: without a size, for sizes that do not fit, or for an empty part.

    Example:
        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), len(right)
        (8, 2)
    """
    if isinstance(dataset, Dataset):
        elements = list(dataset._elements())
    else:
        arrays = map_structure(np.asarray, dataset)
        counts = {len(array) for array in leaves(arrays)}
        if len(counts) != 1:
            raise ValueError(
                f"split_dataset expected arrays of as many rows as each other, got {counts}."
            )
        rows = range(counts.pop())
        elements = [_row(arrays, row) for row in rows]
        if isinstance(dataset, list):
            elements = [tuple(element) for element in elements]
    left, right = _sizes(len(elements), left_size, right_size)
    if shuffle:
        order = as_generator(seed).permutation(len(elements))
        elements = [elements[place] for place in order]
    parts = elements[:left], elements[len(elements) - right :] if right else []
    return Dataset(parts[0].__iter__, len(parts[0])), Dataset(parts[1].__iter__, len(parts[1]))


def _row(arrays: Any, row: int) -> Any:
    return map_structure(lambda array: array[row], arrays)


def _sizes(total: int, left: Any, right: Any) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("split_dataset expected left_size or right_size, got neither.")
    sizes = {"left_size": left, "right_size": right}
    counts: dict[str, int | None] = {}
    for name, size in sizes.items():
        is_share = isinstance(size, float)
        if size is not None and not (0 < size < 1 if is_share else 0 < size < total):
            raise ValueError(
                f"split_dataset expected {name} to be a share between 0 and 1 or a number below "
                f"{total}, got {size!r}."
            )
        counts[name] = None if size is None else round(size * total) if is_share else int(size)
    first, second = counts["left_size"], counts["right_size"]
    if first is None:
        first = total - int(second or 0)
    if second is None:
        second = total - first
    if first + second > total or not first or not second:
        raise ValueError(
            f"split_dataset expected two parts of {total} elements, got {left!r} and {right!r}."
        )
    return first, second
