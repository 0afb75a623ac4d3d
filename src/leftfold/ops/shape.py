"""Operations that move elements and keep their values."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive, shape_rule, unbroadcast
from leftfold.engine.symbolic import KerasTensor
from leftfold.ops.axes import as_axes, positive_axes
from leftfold.ops.dtypes import all_alike

_INTEGERS = (int, np.integer)


def _sizes(shape: Any) -> tuple[int, ...]:
    """A shape given as a number or a sequence of numbers and scalar tensors."""
    if isinstance(shape, _INTEGERS):
        return (int(shape),)
    return tuple([-1 if n is None else int(n) for n in shape])


@primitive
def reshape(x: Any, /, newshape: Any) -> Any:
    """The same elements, in row-major order, in another shape.

    Args:
        x: any shape.
        newshape: the sizes; one of them may be -1 (or `None`) and follows from the others.

    Example:
        >>> from leftfold import ops
        >>> ops.reshape([1, 2, 3, 4, 5, 6], (2, -1)).tolist()
        [[1, 2, 3], [4, 5, 6]]
    """
    return x.reshape(_sizes(newshape)), lambda dy: dy.reshape(x.shape)


@shape_rule(reshape)
def _reshape_rule(x: KerasTensor, newshape: Any) -> KerasTensor:
    sizes = _sizes(newshape)
    if sizes.count(-1) > 1:
        raise ValueError(f"newshape expected at most one unknown size, got {newshape}.")
    if None in x.shape:
        return KerasTensor(tuple(None if n == -1 else n for n in sizes), x.dtype)
    known = np.broadcast_to(np.zeros((), np.bool_), x.shape)  # type: ignore[arg-type]
    return KerasTensor(known.reshape(sizes).shape, x.dtype)


def ravel(x: Any) -> Any:
    """All elements in one row."""
    return reshape(x, (-1,))


@primitive
def transpose(x: Any, /, axes: Any = None) -> Any:
    """`x` with its axes in the order `axes`, reversed by default."""
    axes = None if axes is None else tuple(axes)
    back = None if axes is None else np.argsort([a % x.ndim for a in axes])
    return np.transpose(x, axes), lambda dy: np.transpose(dy, back)


@primitive
def swapaxes(x: Any, /, axis1: int, axis2: int) -> Any:
    """`x` with two axes exchanged."""
    return np.swapaxes(x, axis1, axis2), lambda dy: np.swapaxes(dy, axis1, axis2)


@primitive
def moveaxis(x: Any, /, source: Any, destination: Any) -> Any:
    """`x` with the axes `source` at the places `destination`, the others in their order."""
    return np.moveaxis(x, source, destination), lambda dy: np.moveaxis(dy, destination, source)


@primitive
def expand_dims(x: Any, /, axis: Any) -> Any:
    """`x` with a new axis of size 1 at `axis` of the result."""
    return np.expand_dims(x, as_axes(axis)), lambda dy: dy.reshape(x.shape)


@primitive
def squeeze(x: Any, /, axis: Any = None) -> Any:
    """`x` without the axes `axis`, which have size 1; without all such axes by default."""
    return np.squeeze(x, as_axes(axis)), lambda dy: dy.reshape(x.shape)


@shape_rule(squeeze)
def _squeeze_rule(x: KerasTensor, axis: Any = None) -> KerasTensor:
    """An axis of unknown size is one that may be squeezed when it is named, and stays if not."""
    ones = [a for a, n in enumerate(x.shape) if n == 1]
    dropped = ones if axis is None else positive_axes(axis, x.ndim)
    for a in dropped:
        if x.shape[a] not in (1, None):
            raise ValueError(f"squeeze expected axis {a} of shape {x.shape} to have size 1.")
    return KerasTensor(tuple(n for a, n in enumerate(x.shape) if a not in dropped), x.dtype)


@primitive
def broadcast_to(x: Any, /, shape: Any) -> Any:
    """`x` repeated along axes of size 1 and new leading axes until it has `shape`."""
    return np.broadcast_to(x, _sizes(shape)), lambda dy: unbroadcast(dy, x)


@primitive
def concatenate(xs: Sequence[Any], /, axis: int = 0) -> Any:
    """Tensors joined along an axis that they have.

    Args:
        xs: tensors whose shapes differ at most along `axis`.
        axis: the axis.

    Example:
        >>> from leftfold import ops
        >>> ops.concatenate([[[1, 2]], [[3, 4], [5, 6]]]).tolist()
        [[1, 2], [3, 4], [5, 6]]
    """

    def vjp(dy: Any) -> Any:
        ends = np.cumsum([x.shape[axis] for x in xs[:-1]])
        return tuple(np.split(dy, ends, axis))

    return np.concatenate(all_alike(xs), axis), vjp


@primitive
def stack(x: Sequence[Any], /, axis: int = 0) -> Any:
    """Tensors of one shape joined along a new axis."""
    return np.stack(all_alike(x), axis), lambda dy: tuple(np.moveaxis(dy, axis, 0))


@primitive
def split(x: Any, /, indices_or_sections: Any, axis: int = 0) -> Any:
    """`x` cut along `axis` into equal parts, or before the given indices.

    Args:
        x: any shape.
        indices_or_sections: the number of equal parts, or where to cut.
        axis: the axis.

    Returns:
        A tuple of tensors.
    """
    if not isinstance(indices_or_sections, int):
        indices_or_sections = list(indices_or_sections)
    parts = tuple(np.split(x, indices_or_sections, axis))

    def vjp(*slopes: Any) -> Any:
        return np.concatenate([_or_zeros(d, p) for d, p in zip(slopes, parts, strict=True)], axis)

    return parts, vjp


def _or_zeros(gradient: Any, like: np.ndarray) -> np.ndarray:
    return np.zeros_like(like) if gradient is None else gradient


@primitive
def unstack(x: Any, /, num: int | None = None, axis: int = 0) -> Any:
    """The slices of `x` along `axis`, as a tuple of tensors without that axis.

    Args:
        x: any shape.
        num: how many slices there are; need not be given.
        axis: the axis.
    """
    parts = tuple(np.moveaxis(x, axis, 0))
    if num is not None and num != len(parts):
        raise ValueError(f"unstack expected {num} slices along axis {axis}, got shape {x.shape}.")

    def vjp(*slopes: Any) -> Any:
        return np.stack([_or_zeros(d, p) for d, p in zip(slopes, parts, strict=True)], axis)

    return parts, vjp


@shape_rule(unstack)
def _unstack_rule(x: KerasTensor, num: int | None = None, axis: int = 0) -> Any:
    count = num if num is not None else x.shape[axis]
    if count is None:
        raise ValueError(
            f"unstack expected a known size along axis {axis} or num, got shape {x.shape}."
        )
    dropped = positive_axes(axis, x.ndim)
    shape = tuple(n for a, n in enumerate(x.shape) if a not in dropped)
    return tuple(KerasTensor(shape, x.dtype) for _ in range(count))


@primitive
def repeat(x: Any, /, repeats: Any, axis: int | None = None) -> Any:
    """Each element (or slice along `axis`) `repeats` times in a row."""
    length = x.size if axis is None else x.shape[axis]
    counts = np.broadcast_to(np.asarray(repeats), (length,))
    y = np.repeat(x, counts, axis)

    def vjp(dy: Any) -> Any:
        along = 0 if axis is None else axis
        total = np.zeros(length if axis is None else x.shape, dy.dtype)
        origin = np.repeat(np.arange(length), counts)
        np.add.at(np.moveaxis(total, along, 0), origin, np.moveaxis(dy, along, 0))
        return total.reshape(x.shape)

    return y, vjp


@primitive
def tile(x: Any, /, repeats: Any) -> Any:
    """`x` laid out `repeats` times along each axis."""
    counts = (repeats,) if isinstance(repeats, int) else tuple(repeats)
    counts = (1,) * (x.ndim - len(counts)) + counts
    shape = (1,) * (len(counts) - x.ndim) + x.shape

    def vjp(dy: Any) -> Any:
        pairs = [size for pair in zip(counts, shape, strict=True) for size in pair]
        return dy.reshape(pairs).sum(axis=tuple(range(0, len(pairs), 2))).reshape(x.shape)

    return np.tile(x, counts), vjp


@primitive
def flip(x: Any, /, axis: Any = None) -> Any:
    """`x` in reversed order along `axis` (along all axes by default)."""
    axis = as_axes(axis)
    return np.flip(x, axis), lambda dy: np.flip(dy, axis)


@primitive
def roll(x: Any, /, shift: Any, axis: Any = None) -> Any:
    """`x` moved by `shift` places along `axis`, what leaves at one end entering at the other."""
    back = tuple(-s for s in shift) if isinstance(shift, list | tuple) else -shift
    return np.roll(x, shift, axis), lambda dy: np.roll(dy, back, axis)


@primitive
def pad(x: Any, /, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """`x` with a margin around it.

    Args:
        x: any shape.
        pad_width: `(before, after)` for every axis, or one pair or number for all.
        mode: `"constant"`, or how the values go on: `"reflect"`, `"symmetric"`, `"edge"`, `"wrap"`.
        constant_values: the margin's value for `"constant"`, 0 by default.
    """
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))
    if mode == "constant":
        inner = tuple(
            builtins.slice(int(before), int(before) + n)
            for (before, _), n in zip(widths, x.shape, strict=True)
        )
        return np.pad(x, widths, constant_values=constant_values or 0), lambda dy: dy[inner]
    if mode not in ("reflect", "symmetric", "edge", "wrap"):
        raise ValueError(f"mode expected 'constant', 'reflect' or 'symmetric', got {mode!r}.")
    if constant_values is not None:
        raise ValueError(f"constant_values can only be given with mode='constant', not {mode!r}.")
    origin = np.pad(np.arange(x.size).reshape(x.shape), widths, mode)  # type: ignore[call-overload]

    def vjp(dy: Any) -> Any:
        total = np.zeros(x.size, dy.dtype)
        np.add.at(total, origin, dy)
        return total.reshape(x.shape)

    return x.reshape(-1)[origin], vjp


def hstack(xs: Any) -> Any:
    """Tensors joined along the second axis, vectors along their only one."""
    return concatenate(xs, axis=0 if len(np.shape(xs[0])) < 2 else 1)


def vstack(xs: Any) -> Any:
    """Tensors joined along the first axis, vectors as rows."""
    rows = [reshape(x, (1, -1)) if len(np.shape(x)) < 2 else x for x in xs]
    return concatenate(rows, axis=0)


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """`x2` behind `x1` along `axis`, both flattened by default."""
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)])
    return concatenate([x1, x2], axis)
