"""Operators that move, choose and make elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold.interop.onnx.run.operators import Call, axes_of, checked_shape, limit, operator
from leftfold.interop.onnx.run.types import TYPES, type_of

Array = np.ndarray


@operator("Shape")
def _shape(call: Call, x: Array) -> Array:
    return np.array(x.shape[slice(call.get("start", 0), call.get("end"))], np.int64)


@operator("Size")
def _size(call: Call, x: Array) -> Array:
    return np.asarray(x.size, np.int64)


@operator("Reshape")
def _reshape(call: Call, x: Array, shape: Any = None) -> Array:
    wanted = [int(n) for n in (call.get("shape") if shape is None else shape)]
    if not call.get("allowzero", 0):
        if any(n == 0 and i >= x.ndim for i, n in enumerate(wanted)):
            raise call.refuse(f"shape {wanted} keeps a size that shape {x.shape} has not")
        wanted = [x.shape[i] if n == 0 else n for i, n in enumerate(wanted)]
    return x.reshape(wanted)


@operator("Flatten")
def _flatten(call: Call, x: Array) -> Array:
    axis = call.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


@operator("Squeeze")
def _squeeze(call: Call, x: Array, axes: Any = None) -> Array:
    return np.squeeze(x, axes_of(call, axes))


@operator("Unsqueeze")
def _unsqueeze(call: Call, x: Array, axes: Any = None) -> Array:
    return np.expand_dims(x, axes_of(call, axes) or ())


@operator("Transpose")
def _transpose(call: Call, x: Array) -> Array:
    return np.transpose(x, call.get("perm"))


@operator("Concat")
def _concat(call: Call, *xs: Array) -> Array:
    return np.concatenate(xs, axis=call.get("axis", 1))


@operator("Split")
def _split(call: Call, x: Array, sizes: Any = None) -> Any:
    axis, total = call.get("axis", 0), x.shape[call.get("axis", 0)]
    sizes = call.get("split") if sizes is None else sizes
    if sizes is None:
        count = call.get("num_outputs", call.results)
        if not 0 < count <= max(total, call.results):
            raise call.refuse(f"a size of {total} cannot be split into {count}")
        each = -(-total // count)
        sizes = [each] * (count - 1) + [total - each * (count - 1)]
    if sum(int(n) for n in sizes) != total or any(n < 0 for n in sizes):
        raise call.refuse(f"expected sizes that sum to {total}, got {list(map(int, sizes))}")
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis))


@operator("Slice")
def _slice(
    call: Call, x: Array, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None
) -> Array:
    begin = axes_of(call, starts, "starts") or ()
    finish = axes_of(call, ends, "ends") or ()
    along = axes_of(call, axes)
    along = tuple(range(len(begin))) if along is None else along
    strides = (1,) * len(begin) if steps is None else tuple(int(n) for n in steps)
    key = [slice(None)] * x.ndim
    for first, last, axis, step in zip(begin, finish, along, strides, strict=True):
        size = x.shape[axis]
        # Python counts -1 from the end; behind a backward slice it means "before the first".
        stop = None if step < 0 and last < -size else last
        key[axis] = slice(first, stop, step)
    return x[tuple(key)]


@operator("Gather")
def _gather(call: Call, x: Array, indices: Array) -> Array:
    axis = call.get("axis", 0)
    return np.take(x, _within(call, indices, x.shape[axis]), axis=axis)


def _within(call: Call, indices: Array, size: int) -> Array:
    """Positions that exist; negative ones count from the end."""
    if indices.size and not (np.min(indices) >= -size and np.max(indices) < size):
        wrong = indices[(indices < -size) | (indices >= size)].ravel()[0]
        raise call.refuse(f"expected indices from {-size} to {size - 1}, got {wrong}")
    return indices


@operator("GatherElements")
def _gather_elements(call: Call, x: Array, indices: Array) -> Array:
    axis = call.get("axis", 0)
    places = list(np.ogrid[tuple(map(slice, indices.shape))])
    places[axis] = _within(call, indices, x.shape[axis])
    return x[tuple(places)]


@operator("GatherND")
def _gather_nd(call: Call, x: Array, indices: Array) -> Array:
    batch = call.get("batch_dims", 0)
    depth = indices.shape[-1]
    columns = [_within(call, indices[..., i], x.shape[batch + i]) for i in range(depth)]
    outer = [
        np.arange(n).reshape([-1 if axis == i else 1 for axis in range(indices.ndim - 1)])
        for i, n in enumerate(x.shape[:batch])
    ]
    places = (*outer, *columns)
    return x[places]


@operator("ScatterElements", "Scatter")
def _scatter_elements(call: Call, x: Array, indices: Array, updates: Array) -> Array:
    axis, y = call.get("axis", 0), x.copy()
    places = list(np.ogrid[tuple(map(slice, indices.shape))])
    places[axis] = _within(call, indices, x.shape[axis])
    _write(call, y, tuple(places), updates)
    return y


@operator("ScatterND")
def _scatter_nd(call: Call, x: Array, indices: Array, updates: Array) -> Array:
    y = x.copy()
    columns = [_within(call, indices[..., i], x.shape[i]) for i in range(indices.shape[-1])]
    _write(call, y, tuple(columns), updates)
    return y


def _write(call: Call, y: Array, places: Any, updates: Array) -> None:
    functions = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}
    reduction = call.get("reduction", "none")
    if reduction == "none":
        y[places] = updates
    elif reduction in functions:
        functions[reduction].at(y, places, updates)
    else:
        raise call.refuse(f"unknown reduction {reduction!r}")


@operator("Compress")
def _compress(call: Call, x: Array, condition: Array) -> Array:
    return np.compress(condition, x, axis=call.get("axis"))


@operator("NonZero")
def _non_zero(call: Call, x: Array) -> Array:
    return np.array(np.nonzero(np.atleast_1d(x)), np.int64)


@operator("ReverseSequence")
def _reverse_sequence(call: Call, x: Array, lengths: Array) -> Array:
    time, batch = call.get("time_axis", 0), call.get("batch_axis", 1)
    y = np.moveaxis(x, (batch, time), (0, 1)).copy()
    for row, length in zip(y, lengths, strict=True):
        row[:length] = row[:length][::-1].copy()
    return np.moveaxis(y, (0, 1), (batch, time))


@operator("Expand")
def _expand(call: Call, x: Array, shape: Array) -> Array:
    wanted = tuple(int(n) for n in shape)
    result = np.broadcast_shapes(x.shape, checked_shape(call, wanted, x.dtype))
    return np.broadcast_to(x, checked_shape(call, result, x.dtype))


@operator("Tile")
def _tile(call: Call, x: Array, repeats: Array) -> Array:
    counts = checked_shape(call, repeats, np.int8)
    checked_shape(call, (n * m for n, m in zip(x.shape, counts, strict=True)), x.dtype)
    return np.tile(x, counts)


@operator("Pad")
def _pad(call: Call, x: Array, pads: Any = None, value: Any = None, axes: Any = None) -> Array:
    sizes = [int(n) for n in (call.get("pads") if pads is None else pads)]
    along = range(x.ndim) if axes is None else [int(a) % x.ndim for a in axes]
    count, pairs = len(sizes) // 2, [(0, 0)] * x.ndim
    for i, axis in enumerate(along):
        pairs[axis] = (sizes[i], sizes[count + i])
    cut = tuple(
        slice(max(-before, 0), n - max(-after, 0))
        for n, (before, after) in zip(x.shape, pairs, strict=True)
    )
    added = [(max(before, 0), max(after, 0)) for before, after in pairs]
    x = x[cut]
    checked_shape(call, (n + sum(pair) for n, pair in zip(x.shape, added, strict=True)), x.dtype)
    mode = call.get("mode", "constant")
    if mode == "constant":
        number = call.get("value", 0.0) if value is None else np.asarray(value).reshape(())
        return np.pad(x, added, constant_values=np.asarray(number, x.dtype))
    if mode not in ("reflect", "edge", "wrap"):
        raise call.refuse(f"unknown mode {mode!r}")
    return np.pad(x, added, mode=mode)


@operator("ConstantOfShape")
def _constant_of_shape(call: Call, shape: Array) -> Array:
    value = call.get("value", np.zeros(1, np.float32))
    return np.full(checked_shape(call, shape, value.dtype), value.reshape(()), value.dtype)


@operator("Constant")
def _constant(call: Call) -> Array:
    for name, dtype in (
        ("value", None), ("value_float", np.float32), ("value_floats", np.float32),
        ("value_int", np.int64), ("value_ints", np.int64),
    ):  # fmt: skip
        if name in call.attributes:
            return np.asarray(call.get(name), dtype)
    raise call.refuse("expected a value of numbers")


@operator("Range")
def _range(call: Call, start: Array, limit: Array, step: Array) -> Array:
    first, last, by = (np.asarray(x).reshape(()) for x in (start, limit, step))
    if by == 0:
        raise call.refuse("expected a step other than 0")
    count = max(math.ceil((float(last) - float(first)) / float(by)), 0)
    checked_shape(call, (count,), start.dtype)
    return (first + np.arange(count) * by).astype(start.dtype)


@operator("EyeLike")
def _eye_like(call: Call, x: Array) -> Array:
    number = call.get("dtype")
    dtype = x.dtype if number is None else type_of(number, "EyeLike")
    rows, columns = x.shape
    return np.eye(rows, columns, k=call.get("k", 0), dtype=dtype)


@operator("OneHot")
def _one_hot(call: Call, indices: Array, depth: Array, values: Array) -> Array:
    count, axis = int(np.asarray(depth).reshape(-1)[0]), call.get("axis", -1)
    checked_shape(call, (*indices.shape, count), values.dtype)
    whole = indices.astype(np.int64)
    whole = np.where(whole < 0, whole + count, whole)
    hits = whole[..., None] == np.arange(count)
    return np.moveaxis(np.where(hits, values[1], values[0]), -1, axis)


@operator("Trilu")
def _trilu(call: Call, x: Array, k: Any = None) -> Array:
    diagonal = 0 if k is None else int(np.asarray(k).reshape(()))
    return np.triu(x, diagonal) if call.get("upper", 1) else np.tril(x, diagonal)


@operator("Cast")
def _cast(call: Call, x: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return x.astype(TYPES[call.get("to")])


@limit("Cast")
def _known_type(call: Call) -> str | None:
    number = call.get("to")
    return None if number in TYPES else f"the element type of number {number} is not supported"


@operator("CastLike")
def _cast_like(call: Call, x: Array, like: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return x.astype(like.dtype)
