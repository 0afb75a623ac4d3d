"""Reading and writing parts of tensors, choosing, sorting."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive, shape_rule, unbroadcast
from leftfold.engine.symbolic import KerasTensor, infer
from leftfold.engine.tape import RowGradient
from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.ops.axes import positive_axes
from leftfold.ops.dtypes import alike

_BASIC = (int, np.integer, builtins.slice, type(None), type(Ellipsis))


def _plain_key(key: Any) -> Any:
    """`key` with tensors as arrays; a list of positions counts as one array, as in NumPy."""
    if isinstance(key, Tensor):
        return key.data
    if isinstance(key, tuple):
        return tuple([_plain_key(item) for item in key])
    if isinstance(key, builtins.slice) and not isinstance(key.start, int | None):
        return builtins.slice(*(None if k is None else int(k) for k in _parts(key)))
    return key


def _parts(key: builtins.slice) -> tuple[Any, Any, Any]:
    return key.start, key.stop, key.step


def _is_basic(key: Any) -> bool:
    items = key if isinstance(key, tuple) else (key,)
    return all(isinstance(item, _BASIC) and not isinstance(item, bool) for item in items)


@primitive
def get_item(x: Any, /, key: Any) -> Any:
    """What `x[key]` reads.

    Args:
        x: any shape.
        key: numbers, slices, `...`, `None`, arrays of positions or of booleans.
    """
    key = _plain_key(key)
    basic = _is_basic(key)

    def add_into(total: np.ndarray, dy: np.ndarray) -> None:
        if basic:
            total[key] += dy
        else:
            np.add.at(total, key, dy)

    def vjp(dy: Any) -> Any:
        return RowGradient(x.shape, dy.dtype, lambda total: add_into(total, dy))

    return x[key], vjp


@shape_rule(get_item)
def _get_item_rule(x: KerasTensor, key: Any) -> KerasTensor:
    """A slice of an axis of unknown size has an unknown size."""
    key = _plain_key(key)
    if not _is_basic(key):
        return infer(get_item, x, key)
    items = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis not in items:
        items.append(Ellipsis)
    rest = items.index(Ellipsis)
    named = sum(item is not None and item is not Ellipsis for item in items)
    items[rest : rest + 1] = [builtins.slice(None)] * (x.ndim - named)
    if named > x.ndim:
        raise IndexError(f"The key {key} has more positions than shape {x.shape} has axes.")
    sizes, shape = iter(x.shape), list[int | None]()
    for item in items:
        size = None if item is None else next(sizes)
        if item is None:
            shape.append(1)
        elif isinstance(item, builtins.slice):
            whole = item == builtins.slice(None)
            shape.append(size if size is None or whole else len(range(*item.indices(size))))
        elif size is not None and not -size <= item < size:
            raise IndexError(f"The key {key} is out of bounds for shape {x.shape}.")
    return KerasTensor(tuple(shape), x.dtype)


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """The block of `inputs` of the given shape that begins at `start_indices`."""
    return get_item(inputs, _block(start_indices, shape))


def _block(start_indices: Any, shape: Any) -> tuple[builtins.slice, ...]:
    starts, sizes = [int(n) for n in start_indices], [int(n) for n in shape]
    return tuple(builtins.slice(s, s + n) for s, n in zip(starts, sizes, strict=True))


@primitive
def _slice_update(inputs: Any, updates: Any, /, start_indices: Any) -> Any:
    y, updates = as_full_array(inputs).copy(), as_full_array(updates)
    block = _block(start_indices, updates.shape)
    y[block] = updates

    def vjp(dy: Any) -> Any:
        kept = dy.copy()
        kept[block] = 0
        return kept, dy[block]

    return y, vjp


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with the block that begins at `start_indices` replaced by `updates`."""
    return _slice_update(inputs, updates, start_indices)


@primitive
def take(x: Any, indices: Any, /, axis: int | None = None) -> Any:
    """The slices of `x` at `indices` along `axis` (elements of the flattened `x` by default).

    Args:
        x: any shape.
        indices: integers of any shape, negative ones counted from the end.
        axis: the axis.
    """
    x, indices = as_full_array(x), as_full_array(indices)
    y = np.take(x, indices, axis)

    def add_into(total: np.ndarray, dy: np.ndarray) -> None:
        if axis is None:
            np.add.at(total.reshape(-1), indices, dy)
            return
        first = positive_axes(axis, x.ndim)[0]
        rows = dy.reshape(*x.shape[:first], -1, *x.shape[first + 1 :])
        np.add.at(np.moveaxis(total, first, 0), indices.reshape(-1), np.moveaxis(rows, first, 0))

    def vjp(dy: Any) -> Any:
        return RowGradient(x.shape, dy.dtype, lambda total: add_into(total, dy)), None

    return y, vjp


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Windows over the last axis, one beginning every `sequence_stride` elements.

    Args:
        x: `(..., samples)`.
        sequence_length: how long a window is.
        sequence_stride: the distance between two windows.

    Returns:
        `(..., windows, sequence_length)`.
    """
    length = np.shape(x)[-1]
    if length is None or not 0 < sequence_length <= length or sequence_stride < 1:
        raise ValueError(
            f"extract_sequences expected sequence_length from 1 to the last size of x, {length}, "
            f"and a positive sequence_stride, got {sequence_length} and {sequence_stride}."
        )
    starts = np.arange(0, length - sequence_length + 1, sequence_stride)
    return take(x, starts[:, None] + np.arange(sequence_length), axis=-1)


@primitive
def take_along_axis(x: Any, indices: Any, /, axis: int | None = None) -> Any:
    """The elements of `x` at `indices` along `axis`, one position for every element read."""
    x, indices = as_full_array(x), as_full_array(indices)
    y = np.take_along_axis(x, indices, axis)

    def vjp(dy: Any) -> Any:
        total = np.zeros_like(x)
        if axis is None:
            np.add.at(total.reshape(-1), indices, dy)
            return total, None
        grid = list(np.ix_(*(np.arange(n) for n in dy.shape)))
        grid[axis] = indices
        np.add.at(total, tuple(grid), dy)
        return total, None

    return y, vjp


@primitive
def where(condition: Any, x1: Any = None, x2: Any = None, /) -> Any:
    """`x1` where `condition` holds, else `x2`.

    With the condition alone: the positions where it holds, one tensor for each axis.
    """
    condition = np.asarray(condition, np.bool_)
    if x1 is None and x2 is None:
        return tuple(p.astype(np.int32) for p in np.nonzero(condition)), None
    if x1 is None or x2 is None:
        raise ValueError("where expected both x1 and x2, or neither.")
    x1, x2 = alike(x1, x2)

    def vjp(dy: Any) -> Any:
        return (
            None,
            unbroadcast(np.where(condition, dy, np.zeros_like(dy)), x1),
            unbroadcast(np.where(condition, np.zeros_like(dy), dy), x2),
        )

    return np.where(condition, x1, x2), vjp


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The element of the first choice whose condition holds, else `default`.

    Args:
        condlist: boolean tensors.
        choicelist: as many tensors, which broadcast.
        default: what stands where no condition holds.
    """
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = where(condition, choice, result)
    return result


def nonzero(x: Any) -> Any:
    """The positions of the elements that are not zero, one tensor for each axis."""
    return where(x)


@primitive
def scatter_update(inputs: Any, indices: Any, updates: Any, /) -> Any:
    """`inputs` with the elements or slices at `indices` replaced by `updates`.

    Args:
        inputs: any shape.
        indices: `(count, axes)`, the position of each update along the first axes.
        updates: `(count, ...)`.
    """
    y, updates = as_full_array(inputs).copy(), as_full_array(updates)
    at = tuple(np.moveaxis(as_full_array(indices), -1, 0))
    y[at] = updates

    def vjp(dy: Any) -> Any:
        kept = dy.copy()
        kept[at] = 0
        return kept, None, _of_last_writers(dy[at], at)

    return y, vjp


def _of_last_writers(rows: np.ndarray, at: tuple[np.ndarray, ...]) -> np.ndarray:
    """`rows` with zeros for updates that a later update of the same place has overwritten."""
    last = {position: n for n, position in enumerate(zip(*(a.ravel() for a in at), strict=True))}
    if len(last) == at[0].size:
        return rows
    kept = np.zeros(at[0].size, np.bool_)
    kept[list(last.values())] = True
    shape = at[0].shape + (1,) * (rows.ndim - at[0].ndim)
    return rows * kept.reshape(shape)


@primitive
def scatter(indices: Any, values: Any, /, shape: Any) -> Any:
    """Zeros of `shape` with `values` added at `indices`.

    Args:
        indices: `(..., axes)`, positions along the first axes.
        values: `(..., *shape[axes:])`.
        shape: the result's shape.
    """
    values = as_full_array(values)
    at = tuple(np.moveaxis(as_full_array(indices), -1, 0))
    y = np.zeros(tuple(shape), values.dtype)
    np.add.at(y, at, values)
    return y, lambda dy: (None, dy[at])
