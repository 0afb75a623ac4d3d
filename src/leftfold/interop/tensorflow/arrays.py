"""Functions of `tf` that make tensors, and cut, turn, sort and join them."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold import ops
from leftfold.interop.tensorflow.arguments import translated

__all__ = [
    *("argsort", "broadcast_to", "cast", "expand_dims", "fill", "linspace", "ones", "ones_like"),
    *("pad", "repeat", "reshape", "roll", "searchsorted", "shape", "slice", "sort", "split"),
    *("squeeze", "stack", "stop_gradient", "tile", "transpose", "unique", "unstack", "where"),
    *("zeros", "zeros_like"),
]

broadcast_to = translated(ops.broadcast_to, input="x")
cast = translated(ops.cast)
expand_dims = translated(ops.expand_dims, input="x")
linspace = translated(ops.linspace)
ones = translated(ops.ones)
ones_like = translated(ops.ones_like, input="x")
repeat = translated(ops.repeat, input="x")
reshape = translated(ops.reshape, tensor="x", shape="newshape")
roll = translated(ops.roll, input="x")
searchsorted = translated(ops.searchsorted)
squeeze = translated(ops.squeeze, input="x")
stack = translated(ops.stack, values="x")
stop_gradient = translated(ops.stop_gradient, input="variable")
tile = translated(ops.tile, input="x", multiples="repeats")
transpose = translated(ops.transpose, a="x", perm="axes")
unstack = translated(ops.unstack, value="x")
zeros = translated(ops.zeros)
zeros_like = translated(ops.zeros_like, input="x")


def fill(dims: Any, value: Any, name: str | None = None) -> Any:
    """A tensor of shape `dims` that holds `value` everywhere, and has its type."""
    return ops.full(dims, value, dtype=ops.convert_to_tensor(value).dtype)


def shape(input: Any, out_type: Any = None, name: str | None = None) -> Any:
    """The sizes of a tensor, as a tuple of numbers."""
    return ops.shape(input)


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """A piece of `input_` that starts at `begin`; a size of -1 goes up to the end."""
    starts, sizes, whole = _integers(begin), _integers(size), ops.shape(input_)
    pieces = []
    for start, length, available in zip(starts, sizes, whole, strict=True):
        end = None if length == -1 else start + length
        if available is not None and not 0 <= start <= (start if end is None else end) <= available:
            raise ValueError(
                f"tf.slice expected a piece inside of {whole}, got begin={starts}, size={sizes}."
            )
        pieces.append(builtins.slice(start, end))
    return ops.convert_to_tensor(input_)[tuple(pieces)]


def split(
    value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None, name: str | None = None
) -> Any:
    """Pieces of `value` along `axis`: so many alike, or one for each size.

    Args:
        value: what to cut.
        num_or_size_splits: a number of pieces, or their sizes, one of which may be -1 for what
            the others leave.
        axis: along which to cut.
        num: accepted, without effect.
        name: accepted, without effect.
    """
    if np.ndim(num_or_size_splits) == 0:
        return ops.split(value, int(num_or_size_splits), axis=axis)
    sizes = np.array(_integers(num_or_size_splits))
    whole = ops.shape(value)[axis]
    if -1 in sizes:
        sizes[sizes == -1] = whole - (sizes.sum() + 1)
    if whole is not None and (sizes.sum() != whole or sizes.min(initial=0) < 0):
        raise ValueError(
            f"tf.split expected sizes that sum to the {whole} of axis {axis}, got "
            f"{num_or_size_splits}."
        )
    return ops.split(value, sizes.cumsum()[:-1].tolist(), axis=axis)


def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    constant_values: Any = 0,
    name: str | None = None,
) -> Any:
    """`tensor` with elements more at the ends of its axes.

    Args:
        tensor: what to lengthen.
        paddings: how many before and behind each axis, `(axes, 2)`.
        mode: `"CONSTANT"`, `"REFLECT"` or `"SYMMETRIC"`.
        constant_values: what the first mode adds.
        name: accepted, without effect.
    """
    widths = [tuple(pair) for pair in np.asarray(paddings).tolist()]
    if mode.upper() == "CONSTANT":
        return ops.pad(tensor, widths, "constant", constant_values)
    return ops.pad(tensor, widths, mode.lower())


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: Any = None) -> Any:
    """The elements in order along `axis`, the smallest or, `"DESCENDING"`, the largest first."""
    ordered = ops.sort(values, axis=axis)
    return ops.flip(ordered, axis=axis) if _descends("tf.sort", direction) else ordered


def argsort(
    values: Any,
    axis: int = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: Any = None,
) -> Any:
    """Where the elements are that `sort` puts first, second and so on."""
    falling = _descends("tf.argsort", direction)
    return ops.argsort(ops.negative(values) if falling else values, axis=axis)


def _descends(function: str, direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(
            f"{function} expected direction 'ASCENDING' or 'DESCENDING', got {direction!r}."
        )
    return direction == "DESCENDING"


class Unique(NamedTuple):
    """What `tf.unique` returns: the values, and which of them each element is."""

    y: Any
    idx: Any


def unique(x: Any, out_idx: Any = "int32", name: str | None = None) -> Unique:
    """The different elements of a vector, in the order in which they come."""
    values, first, inverse = np.unique(np.asarray(x), return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return Unique(
        ops.convert_to_tensor(values[order]), ops.convert_to_tensor(place[inverse], out_idx)
    )


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """`x` where the condition holds and `y` elsewhere; without them the places where it holds.

    Returns:
        A tensor of the shape of all three; or the places as int64 `(places, axes)`.
    """
    if x is None and y is None:
        return ops.convert_to_tensor(np.argwhere(np.asarray(condition)), "int64")
    return ops.where(condition, x, y)


def _integers(numbers: Any) -> Sequence[int]:
    return [int(number) for number in numbers]
