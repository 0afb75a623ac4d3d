"""Operators that move, cut and join axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import layers, ops
from leftfold.interop.onnx.rebuild.axes import (
    fresh_if,
    in_order,
    materialized,
    regrouped,
    with_axis,
    without_axis,
)
from leftfold.interop.onnx.rebuild.inputs import (
    check_elements,
    constant,
    integers,
    named,
    raw,
    rebuilds,
    side_by_side,
    tensor,
    view,
)
from leftfold.interop.onnx.rebuild.products import embedding
from leftfold.interop.onnx.rebuild.sizes import (
    chosen_sizes,
    cut_sizes,
    entries,
    joined_sizes,
    sizes_or_numbers,
)
from leftfold.interop.onnx.rebuild.values import (
    Atom,
    Directions,
    Made,
    Sizes,
    View,
    new_atoms,
    size_of,
    whole,
)

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder


def _seen(made: Made, place: int = 0) -> View:
    """An input as a view, masks settled or not: axes may be moved about all the same."""
    found = raw(made, place)
    if isinstance(found, Directions):
        return side_by_side(found)
    return found if isinstance(found, View) else view(made, place)


@rebuilds("Transpose")
def _transpose(rebuilder: Rebuilder, made: Made) -> Any:
    found = raw(made, 0)
    if isinstance(found, Directions):
        rank = len(found.parts[0].axes) + 1
        order = list(made.call.get("perm") or range(rank)[::-1])
        at = order.index(found.axis)
        inner = [axis - (axis > found.axis) for axis in order if axis != found.axis]
        return Directions(tuple(in_order(part, inner) for part in found.parts), at)
    seen = _seen(made)
    return in_order(seen, made.call.get("perm") or range(len(seen.axes))[::-1])


@rebuilds("Squeeze")
def _squeeze(rebuilder: Rebuilder, made: Made) -> Any:
    found = raw(made, 0)
    if isinstance(found, Sizes):
        return Sizes(found.entries, scalar=True)
    axes, seen = integers(made, 1, "axes"), _seen(made)
    if axes is None:
        axes = [i for i, size in enumerate(seen.shape) if size == 1]
    for axis in sorted((axis % len(seen.axes) for axis in axes), reverse=True):
        if seen.shape[axis] != 1:
            raise made.refuse(f"axis {axis} is not known to have size 1")
        seen = without_axis(seen, axis)
    return seen


@rebuilds("Unsqueeze")
def _unsqueeze(rebuilder: Rebuilder, made: Made) -> Any:
    found, axes = raw(made, 0), integers(made, 1, "axes") or []
    if isinstance(found, Sizes):
        return Sizes(found.entries)
    seen = _seen(made)
    rank = len(seen.axes) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        seen = with_axis(seen, axis)
    return seen


@rebuilds("Reshape")
def _reshape(rebuilder: Rebuilder, made: Made) -> Any:
    found = raw(made, 0)
    shape = made.call.get("shape") or entries(made, 1)
    if isinstance(found, Sizes):
        return sizes_or_numbers(found.entries, scalar=len(shape) == 0)
    seen = _seen(made)
    if not made.call.get("allowzero", 0):
        have = [size_of(g) if size_of(g) is not None else g for g in seen.axes]
        shape = [have[i] if n == 0 else n for i, n in enumerate(shape)]
    done = regrouped(seen, list(shape))
    if done is not None:
        return done
    seen = view(made, 0)
    first, *rest = shape
    kept = first == size_of(seen.axes[0]) or first == seen.axes[0]
    if not kept and isinstance(first, tuple):
        kept = set(first) == set(seen.axes[0])
    sizes = [n if isinstance(n, int) else -1 for n in rest]
    if kept and sizes.count(-1) <= 1:
        result = layers.Reshape(sizes)(materialized(seen))
        return whole(result, (seen.axes[0], *new_atoms(result)[1:]))
    sizes = [n if isinstance(n, int) else -1 for n in shape]
    if sizes.count(-1) <= 1:
        return whole(ops.reshape(materialized(seen), sizes))
    raise made.refuse("its shape has more than one open size")


@rebuilds("Flatten")
def _flatten(rebuilder: Rebuilder, made: Made) -> View:
    seen = _seen(made)
    axis = made.call.get("axis", 1) % (len(seen.axes) + 1)
    pair = (seen.axes[:axis], seen.axes[axis:])
    return replace(seen, axes=tuple(tuple(a for g in groups for a in g) for groups in pair))


@rebuilds("Concat")
def _concat(rebuilder: Rebuilder, made: Made) -> Any:
    found = [raw(made, place) for place in range(len(made.inputs))]
    flat = all(isinstance(x, Sizes) or (isinstance(x, np.ndarray) and x.ndim == 1) for x in found)
    if flat and any(isinstance(x, Sizes) for x in found):
        return joined_sizes(made)
    places = range(len(found))
    views = [view(made, place) for place in places if constant(made, place) is None]
    axis = made.call.get("axis", 1) % len(views[0].axes)
    tensors = [tensor(made, place) for place in places]
    name = rebuilder.name(made.call.name, "concatenate")
    if len(views) == len(tensors) and axis > 0:
        result = layers.Concatenate(axis=axis, name=name)(tensors)
    else:
        result = ops.concatenate(tensors, axis=axis)
    groups = list(views[0].axes)
    groups[axis] = (Atom(result.shape[axis], (result, axis)),)
    return whole(result, fresh_if(result, tuple(groups)))


@rebuilds("Split")
def _split(rebuilder: Rebuilder, made: Made) -> list[Any]:
    found, axis = raw(made, 0), made.call.get("axis", 0)
    if isinstance(found, Directions) and axis % (len(found.parts[0].axes) + 1) == found.axis:
        return [with_axis(part, found.axis) for part in found.parts]
    seen = view(made, 0)
    axis, sizes = axis % len(seen.axes), integers(made, 1, "split")
    size = seen.shape[axis]
    if sizes is None:
        count = made.call.get("num_outputs", made.call.results)
        if size is None:
            raise made.refuse("an axis of open size cannot be split into equal parts")
        if count > len(made.used):
            raise made.refuse(f"it has {len(made.used)} results for {count} parts")
        each = -(-size // count)
        sizes = [each] * (count - 1) + [size - each * (count - 1)]
    ends = np.cumsum(sizes).tolist()
    return [_part(seen, axis, slice(end - n, end)) for n, end in zip(sizes, ends, strict=True)]


def _part(seen: View, axis: int, part: slice) -> View:
    """A slice along one axis."""
    x = materialized(seen)
    key = (*[slice(None)] * axis, part)
    result = x[key]
    groups = list(seen.axes)
    groups[axis] = (Atom(result.shape[axis], (result, axis)),)
    return whole(result, tuple(groups))


@rebuilds("Slice")
def _slice(rebuilder: Rebuilder, made: Made) -> Any:
    found = raw(made, 0)
    if isinstance(found, Sizes):
        return cut_sizes(made, found)
    starts, steps = integers(made, 1, "starts") or [], integers(made, 4)
    ends = made.call.get("ends") or entries(made, 2)
    axes = integers(made, 3, "axes") or list(range(len(starts)))
    steps = steps or [1] * len(starts)
    if isinstance(found, Directions):
        if len(axes) == 1 and axes[0] % (len(found.parts[0].axes) + 1) == found.axis:
            if not isinstance(ends[0], int):
                raise made.refuse("it cuts at a size that is open")
            picked = found.parts[starts[0] : ends[0] : steps[0]]
            if len(picked) == 1:
                return with_axis(picked[0], found.axis)
            return replace(found, parts=picked)
        found = side_by_side(found)
    seen = _seen(made)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        seen = _cut(made, seen, start, end, axis % len(seen.axes), step)
    return seen


def _cut(made: Made, seen: View, start: int, end: Any, axis: int, step: int) -> View:
    size = seen.shape[axis]
    to_end = isinstance(end, tuple) and set(end) == set(seen.axes[axis])
    if isinstance(end, tuple) and not to_end:
        raise made.refuse("it cuts at a size that is open")
    last = None if to_end or end > 2**30 else end
    if step > 0 and start == 0 and step == 1 and (last is None or last == size):
        return seen
    if step < 0:
        last = None if size is None or end < -size or end < -(2**30) else end
        if step == -1 and start in (-1, 2**31 - 1, 2**63 - 1) and last is None and end < -1:
            return _flipped(view_settled(made, seen), axis)
    return _part(view_settled(made, seen), axis, slice(start, last, step))


def view_settled(made: Made, seen: View) -> View:
    """The view, which no mask may wait for."""
    if seen.unsettled is not None:
        raise made.refuse("it reads a masked recurrence in a way that no layer does")
    return seen


def _flipped(seen: View, axis: int) -> View:
    return whole(ops.flip(materialized(seen), axis=axis), seen.axes)


@rebuilds("Gather")
def _gather(rebuilder: Rebuilder, made: Made) -> Any:
    found, axis = raw(made, 0), made.call.get("axis", 0)
    if isinstance(found, Sizes):
        return chosen_sizes(made, found)
    if isinstance(found, np.ndarray):
        if axis == 0 and found.ndim == 2 and found.dtype.kind in "fi":
            return embedding(rebuilder, made, found, view(made, 1), named(made.given(0)))
        return whole(ops.take(found, tensor(made, 1), axis=axis))
    places = constant(made, 1)
    one = places is not None and places.size == 1
    if one and isinstance(found, Directions) and places is not None:
        if axis % (len(found.parts[0].axes) + 1) != found.axis:
            raise made.refuse("it takes a step of both directions at once")
        part = found.parts[int(places.ravel()[0])]
        return with_axis(part, found.axis) if places.ndim else part
    seen = _seen(made)
    axis %= len(seen.axes)
    if places is not None and places.ndim == 0:
        if seen.shape[axis] == 1:
            return without_axis(seen, axis)
        x = materialized(view_settled(made, seen))
        key = (*[slice(None)] * axis, int(places))
        result = x[key]
        return whole(result, tuple(g for i, g in enumerate(seen.axes) if i != axis))
    seen = view_settled(made, seen)
    result = ops.take(materialized(seen), tensor(made, 1), axis=axis)
    inner = new_atoms(result)[axis : len(result.shape) - len(seen.axes) + axis + 1]
    return whole(result, (*seen.axes[:axis], *inner, *seen.axes[axis + 1 :]))


@rebuilds("GatherElements")
def _gather_elements(rebuilder: Rebuilder, made: Made) -> View:
    result = ops.take_along_axis(tensor(made, 0), tensor(made, 1), axis=made.call.get("axis", 0))
    return whole(result, fresh_if(result, view(made, 1).axes))


@rebuilds("Tile")
def _tile(rebuilder: Rebuilder, made: Made) -> View:
    repeats = integers(made, 1) or []
    result, seen = tensor(made, 0), view(made, 0)
    check_elements(made, *repeats, *seen.shape)
    for axis, count in enumerate(repeats):
        if count > 1:
            result = ops.concatenate([result] * count, axis=axis)
    return whole(result, fresh_if(result, seen.axes))


@rebuilds("Pad")
def _pad(rebuilder: Rebuilder, made: Made) -> View:
    seen, sizes = view(made, 0), integers(made, 1, "pads") or []
    axes, mode = integers(made, 3), made.call.get("mode", "constant")
    value = constant(made, 2)
    number = made.call.get("value", 0.0) if value is None else float(value.ravel()[0])
    if min(sizes) < 0:
        raise made.refuse("it cuts edges off")
    pairs = [(0, 0)] * len(seen.axes)
    half = len(sizes) // 2
    for i, axis in enumerate(axes or range(half)):
        pairs[axis] = (sizes[i], sizes[half + i])
    sides = zip(seen.shape, pairs, strict=True)
    check_elements(made, *(None if n is None else n + sum(p) for n, p in sides))
    given = {"constant_values": number} if mode == "constant" else {}
    result = ops.pad(materialized(seen), pairs, mode=mode, **given)
    return whole(result, _kept(seen, result))


def _kept(seen: View, result: Any) -> Any:
    fresh = new_atoms(result)
    return tuple(
        old if size_of(old) is not None and size_of(old) == size_of(new) else new
        for old, new in zip(seen.axes, fresh, strict=True)
    )


@rebuilds("OneHot")
def _one_hot(rebuilder: Rebuilder, made: Made) -> View:
    depth, values = constant(made, 1), constant(made, 2)
    if depth is None or values is None or values.tolist() != [0, 1]:
        raise made.refuse("expected a number of classes, and the values 0 and 1")
    ids = view(made, 0)
    count = int(depth.ravel()[0])
    check_elements(made, count, *ids.shape)
    encoded = ops.one_hot(ids.base, count, axis=-1, dtype=values.dtype.name)
    out = (Atom(count),)
    found = View(encoded, (*ids.layout, out), (*ids.axes, out))
    axis = made.call.get("axis", -1) % len(found.axes)
    order = list(range(len(found.axes) - 1))
    order.insert(axis, len(found.axes) - 1)
    return in_order(found, order)
