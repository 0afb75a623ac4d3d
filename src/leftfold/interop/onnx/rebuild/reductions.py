"""Sums, means, extremes, orders and shares along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import layers, ops
from leftfold.interop.onnx.rebuild.axes import materialized
from leftfold.interop.onnx.rebuild.inputs import constant, integers, rebuilds, view
from leftfold.interop.onnx.rebuild.values import Groups, Made, View, new_atoms, whole

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder

_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "ReduceSum": ops.sum, "ReduceMean": ops.mean, "ReduceMax": ops.max, "ReduceMin": ops.min,
    "ReduceProd": ops.prod, "ReduceLogSumExp": ops.logsumexp,
    "ReduceSumSquare": lambda x, **k: ops.sum(ops.square(x), **k),
    "ReduceL1": lambda x, **k: ops.sum(ops.abs(x), **k),
    "ReduceL2": lambda x, **k: ops.sqrt(ops.sum(ops.square(x), **k)),
    "ReduceLogSum": lambda x, **k: ops.log(ops.sum(x, **k)),
}  # fmt: skip


@rebuilds(*_REDUCTIONS)
def _reduction(rebuilder: Rebuilder, made: Made) -> View:
    found, axes = view(made, 0), integers(made, 1, "axes")
    if not axes and made.call.get("noop_with_empty_axes", 0):
        return found
    kept = bool(made.call.get("keepdims", 1))
    places = sorted(axis % len(found.axes) for axis in axes or range(len(found.axes)))
    function = _REDUCTIONS[made.call.kind]
    result = function(materialized(found), axis=tuple(places), keepdims=kept)
    return whole(result, _left(found, places, kept))


def _left(found: View, places: list[int], kept: bool) -> Groups:
    groups = [() if axis in places else group for axis, group in enumerate(found.axes)]
    return tuple(g for axis, g in enumerate(groups) if kept or axis not in places)


@rebuilds("ArgMax", "ArgMin")
def _arg(rebuilder: Rebuilder, made: Made) -> View:
    found = view(made, 0)
    axis, kept = made.call.get("axis", 0) % len(found.axes), bool(made.call.get("keepdims", 1))
    if made.call.get("select_last_index", 0):
        raise made.refuse("of equal numbers it takes the last")
    function = ops.argmax if made.call.kind == "ArgMax" else ops.argmin
    result = ops.cast(function(materialized(found), axis=axis, keepdims=kept), "int64")
    return whole(result, _left(found, [axis], kept))


@rebuilds("Softmax", "LogSoftmax")
def _softmax(rebuilder: Rebuilder, made: Made) -> View:
    found, old = view(made, 0), made.call.version < 13
    axis = made.call.get("axis", 1 if old else -1) % len(found.axes)
    if old and axis < len(found.axes) - 1:
        raise made.refuse("before version 13 of ONNX it goes over several axes at once")
    at_the_end = axis == len(found.axes) - 1 and found.layout[-1] == found.axes[-1]
    if not at_the_end:
        found = whole(materialized(found), found.axes)
    if made.call.kind == "LogSoftmax":
        result = ops.log_softmax(found.base, axis=axis - len(found.axes))
    elif axis == len(found.axes) - 1:
        name = rebuilder.name(made.call.name, "softmax")
        result = layers.Activation("softmax", name=name)(found.base)
    else:
        result = ops.softmax(found.base, axis=axis)
    return View(result, found.layout, found.axes)


@rebuilds("CumSum")
def _cumulative(rebuilder: Rebuilder, made: Made) -> View:
    found, axis = view(made, 0), constant(made, 1)
    if axis is None or made.call.get("exclusive", 0):
        raise made.refuse("it leaves each number itself out")
    place, x = int(axis.ravel()[0]) % len(found.axes), materialized(found)
    if made.call.get("reverse", 0):
        x = ops.flip(ops.cumsum(ops.flip(x, axis=place), axis=place), axis=place)
    else:
        x = ops.cumsum(x, axis=place)
    return whole(x, found.axes)


@rebuilds("TopK")
def _top_k(rebuilder: Rebuilder, made: Made) -> list[View]:
    found, count = view(made, 0), constant(made, 1)
    axis = made.call.get("axis", -1) % len(found.axes)
    if count is None or axis != len(found.axes) - 1 or not made.call.get("largest", 1):
        raise made.refuse("only the largest numbers of the last axis are taken, how many is fixed")
    values, places = ops.top_k(materialized(found), int(np.ravel(count)[0]))
    places = ops.cast(places, "int64")
    last = new_atoms(values)[-1:]
    return [whole(x, (*found.axes[:-1], *last)) for x in (values, places)]


@rebuilds("GlobalAveragePool", "GlobalMaxPool")
def _global_pool(rebuilder: Rebuilder, made: Made) -> View:
    found = view(made, 0)
    places = list(range(2, len(found.axes)))
    function = ops.mean if made.call.kind == "GlobalAveragePool" else ops.max
    result = function(materialized(found), axis=tuple(places), keepdims=True)
    return whole(result, _left(found, places, kept=True))
