"""Operators that make one number of many, and those that share out along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.interop.onnx.run.operators import OPERATORS, Call, axes_of, operator
from leftfold.ops.nn import log_softmax_values

Array = np.ndarray


def _log_sum_exp(x: Array, **where: Any) -> Any:
    highest = np.max(x, axis=where["axis"], keepdims=True, initial=-np.inf)
    highest = np.where(np.isfinite(highest), highest, 0).astype(x.dtype)
    total = np.log(np.sum(np.exp(x - highest), **where))
    return total + highest.reshape(total.shape)


def _extreme(choose: Callable[..., Any], lowest: bool) -> Callable[..., Any]:
    def run(x: Array, **where: Any) -> Any:
        if x.size:
            return choose(x, **where)
        if x.dtype.kind == "f":
            return choose(x, initial=-np.inf if lowest else np.inf, **where)
        if x.dtype.kind == "b":
            return choose(x, initial=not lowest, **where)
        limits = np.iinfo(x.dtype)
        return choose(x, initial=limits.min if lowest else limits.max, **where)

    return run


_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "ReduceSum": np.sum,
    "ReduceMean": np.mean,
    "ReduceProd": np.prod,
    "ReduceMax": _extreme(np.max, lowest=True),
    "ReduceMin": _extreme(np.min, lowest=False),
    "ReduceL1": lambda x, **where: np.sum(np.abs(x), **where),
    "ReduceL2": lambda x, **where: np.sqrt(np.sum(np.square(x), **where)),
    "ReduceLogSum": lambda x, **where: np.log(np.sum(x, **where)),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceSumSquare": lambda x, **where: np.sum(np.square(x), **where),
}


def _reduction(function: Callable[..., Any]) -> Callable[..., Array]:
    def run(call: Call, x: Array, axes: Any = None) -> Array:
        chosen = axes_of(call, axes)
        if not chosen and call.get("noop_with_empty_axes", 0):
            # No axis is reduced; what is done to each number is done all the same.
            alone = np.expand_dims(x, -1)
            return np.asarray(function(alone, axis=(-1,), keepdims=False)).astype(x.dtype)
        chosen = chosen or tuple(range(x.ndim))
        y = function(x, axis=chosen, keepdims=bool(call.get("keepdims", 1)))
        return np.asarray(y).astype(x.dtype, copy=False)

    return run


OPERATORS.update({name: _reduction(function) for name, function in _REDUCTIONS.items()})


def _place(choose: Callable[..., Any]) -> Callable[..., Array]:
    def run(call: Call, x: Array) -> Array:
        axis = call.get("axis", 0)
        if call.get("select_last_index", 0):
            found = x.shape[axis] - 1 - choose(np.flip(x, axis), axis=axis)
        else:
            found = choose(x, axis=axis)
        found = np.asarray(found, np.int64)
        return np.expand_dims(found, axis) if call.get("keepdims", 1) else found

    return run


OPERATORS.update({"ArgMax": _place(np.argmax), "ArgMin": _place(np.argmin)})


def _along(call: Call, x: Array, function: Callable[[Array, int], Array]) -> Array:
    """A function along an axis; before version 13, over all axes from it on as one."""
    if call.version >= 13:
        return function(x, call.get("axis", -1))
    axis = call.get("axis", 1) % max(x.ndim, 1)
    rows = x.reshape(int(np.prod(x.shape[:axis])), -1)
    return function(rows, -1).reshape(x.shape)


def _softmax_values(x: Array, axis: int) -> Array:
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def _hardmax_values(x: Array, axis: int) -> Array:
    hits = np.zeros_like(x)
    np.put_along_axis(hits, np.expand_dims(np.argmax(x, axis), axis), 1, axis)
    return hits


@operator("Softmax")
def _softmax(call: Call, x: Array) -> Array:
    return _along(call, x, _softmax_values)


@operator("LogSoftmax")
def _log_softmax(call: Call, x: Array) -> Array:
    return _along(call, x, log_softmax_values)


@operator("Hardmax")
def _hardmax(call: Call, x: Array) -> Array:
    return _along(call, x, _hardmax_values)


@operator("CumSum")
def _cumsum(call: Call, x: Array, axis: Array) -> Array:
    place = int(np.asarray(axis).reshape(()))
    backwards = bool(call.get("reverse", 0))
    values = np.flip(x, place) if backwards else x
    total = np.cumsum(values, axis=place, dtype=x.dtype)
    if call.get("exclusive", 0):
        total = total - values
    return np.flip(total, place) if backwards else total


@operator("TopK")
def _top_k(call: Call, x: Array, k: Any = None) -> tuple[Array, Array]:
    """The largest or smallest along an axis; of equal ones, the first."""
    count = int(np.asarray(call.get("k") if k is None else k).reshape(()))
    axis = call.get("axis", -1)
    if not 0 <= count <= x.shape[axis]:
        raise call.refuse(f"expected k from 0 to {x.shape[axis]}, got {count}")
    if call.get("largest", 1):
        # Stable and descending: ascending on the flipped axis, read backwards.
        order = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
        order = x.shape[axis] - 1 - np.flip(order, axis)
    else:
        order = np.argsort(x, axis=axis, kind="stable")
    places = np.take(order, np.arange(count), axis=axis)
    return np.take_along_axis(x, places, axis), places.astype(np.int64)
