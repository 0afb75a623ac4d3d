"""Masks found again in what is written for them.

ONNX knows padding behind a sequence only. `leftfold.interop.onnx.export.masks` says how any other
mask is written: steps that count are moved in front of a recurrence (`TopK`, `GatherND`), its
outputs back behind it (`GatherND`, `Where`). Layers take the mask itself instead, once it is sure
that all of this is there and is about the same mask.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import ops
from leftfold.interop.onnx.rebuild.axes import materialized, with_axis
from leftfold.interop.onnx.rebuild.inputs import (
    raw,
    rebuilds,
    settled,
    tensor,
    view,
)
from leftfold.interop.onnx.rebuild.values import (
    Failure,
    Made,
    Unsettled,
    Value,
    View,
    new_atoms,
    whole,
)

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder

_SAME = ("Cast", "Identity")


def mask_counted_by(lengths: Value | None) -> Value | None:
    """The mask whose steps `lengths` counts, at least one for each row or not."""
    if lengths is not None and lengths.kind == "Max" and is_number(lengths.source(1), 1):
        lengths = lengths.source(0)
    if lengths is None:
        return None
    total = lengths.without(*_SAME)
    if total.kind != "ReduceSum" or total.made is None or total.made.call.get("keepdims", 1):
        return None
    counted = total.source(0)
    along_steps = is_number(total.source(1), 1) or total.made.call.get("axes") == [1]
    return _mask(counted) if along_steps else None


def _mask(numbers: Value | None) -> Value | None:
    """The mask of which these are the numbers 0 and 1, or that it is itself."""
    found = numbers
    while found is not None and not _is_mask(found):
        found = found.source(0) if found.kind in _SAME else None
    return found


def _is_mask(value: Value) -> bool:
    return isinstance(value.result, View) and value.result.dtype == "bool"


def is_number(value: Value | None, number: float) -> bool:
    """Whether a value is a constant that is one number, this one."""
    array = None if value is None else value.result
    return isinstance(array, np.ndarray) and array.size == 1 and array.ravel()[0] == number


def _counted_up_to(value: Value | None) -> Value | None:
    """The mask of which this is how many steps count up to each."""
    if value is None or value.kind != "CumSum" or not is_number(value.source(1), 1):
        return None
    return _mask(value.source(0))


def _ordered_by(indices: Value | None) -> Value | None:
    """The mask by which these places put steps that count in front."""
    if indices is None or indices.kind != "TopK" or indices.place != 1:
        return None
    keys = indices.source(0)
    rank = keys.source(0) if keys is not None and keys.kind == "Sub" else None
    steps = keys.source(1) if keys is not None and keys.kind == "Sub" else None
    if rank is None or rank.kind != "Mul" or steps is None or steps.kind != "Range":
        return None
    return _mask(rank.source(0))


def _returned_by(indices: Value | None) -> Value | None:
    """The mask by which these places put outputs back."""
    indices = None if indices is None else indices.without(*_SAME)
    if indices is None or indices.kind != "Max" or not is_number(indices.source(1), 0):
        return None
    place = indices.source(0)
    if place is not None and place.kind == "Sub" and is_number(place.source(1), 1):
        return _counted_up_to(place.source(0))
    if place is not None and place.kind == "Min":
        before = place.source(0)
        if before is not None and before.kind == "Sub":
            counted, numbers = _counted_up_to(before.source(0)), before.source(1)
            return counted if counted is not None and counted is _mask(numbers) else None
    return None


@rebuilds("GatherND")
def _gather_nd(rebuilder: Rebuilder, made: Made) -> View:
    points = made.given(1)
    if made.call.get("batch_dims", 0) != 1 or points is None or points.kind != "Unsqueeze":
        raise made.refuse("only one step for each place of a row is gathered by layers")
    indices = points.source(0)
    found = raw(made, 0)
    mask = _ordered_by(indices)
    if mask is not None and isinstance(found, View) and found.unsettled is None:
        return replace(found, unsettled=Unsettled("packed", mask))
    waiting = found.unsettled if isinstance(found, View) else None
    if isinstance(found, View) and waiting is not None:
        if waiting.kind == "packed" and _returned_by(indices) is waiting.mask:
            return replace(found, unsettled=replace(waiting, kind="gathered"))
        raise made.refuse("it gathers steps of a masked recurrence in a way that no layer does")
    result: Any = ops.take_along_axis(tensor(made, 0), tensor(made, 1), axis=1)
    return whole(result, (*view(made, 0).axes[:1], *new_atoms(result)[1:]))


def where_settles(made: Made) -> View | None:
    """What a `Where` gives that settles a mask, `None` for any other."""
    condition, given = made.given(0), [_unsettled(made, 1), _unsettled(made, 2)]
    kinds = [view.unsettled.kind if view and view.unsettled else "" for view in given]
    if condition is None or not any(kinds):
        return None
    waiting = given[0] or given[1]
    assert waiting is not None and waiting.unsettled is not None
    mask = waiting.unsettled.mask
    asked = condition.source(0) if condition.kind == "Unsqueeze" else None
    if kinds == ["gathered", ""] and _mask(asked) is mask:
        if not is_number(made.given(2), 0):
            return None
        if waiting.unsettled.zeroed:
            return settled(waiting)
        shown = materialized(with_axis(view_of(mask), 2))
        zeroed = ops.where(shown, materialized(settled(waiting)), np.zeros((), waiting.dtype))
        return whole(zeroed, waiting.axes)
    kind = "" if asked is None else asked.kind
    carried = kind in ("Less", "GreaterOrEqual") and not waiting.unsettled.zeroed
    if kinds == ["", "gathered"] and carried:
        return settled(waiting)
    if kinds == ["", "end"] and kind == "Equal" and asked is not None:
        of_the_mask = mask_counted_by(asked.source(0)) is mask and is_number(asked.source(1), 0)
        return settled(waiting) if of_the_mask else None
    return None


def _unsettled(made: Made, place: int) -> View | None:
    value = made.given(place)
    found = None if value is None or isinstance(value.result, Failure) else value.result
    return found if isinstance(found, View) and found.unsettled is not None else None


def view_of(mask: Value) -> View:
    """A mask as a view."""
    assert isinstance(mask.result, View)
    return mask.result


def mask_of_lengths(made: Made, x: Any, lengths: Any) -> Any:
    """The mask of sequences that end after so many steps, `(batch, timesteps)`."""
    steps = ops.cumsum(ops.ones_like(x[:, :, 0], dtype="int32"), axis=1)
    wide = lengths[:, None] if isinstance(lengths, np.ndarray) else ops.expand_dims(lengths, 1)
    return ops.less_equal(steps, ops.cast(wide, "int32"))
