"""The operators LSTM, GRU and RNN as recurrent layers, in one direction or in two."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import layers, ops
from leftfold.interop.gate_orders import reorder
from leftfold.interop.onnx.rebuild.axes import in_order, materialized, with_axis, without_axis
from leftfold.interop.onnx.rebuild.inputs import (
    constant,
    named,
    needed_constant,
    raw,
    rebuilds,
    tensor,
    view,
)
from leftfold.interop.onnx.rebuild.masks import mask_counted_by, mask_of_lengths, view_of
from leftfold.interop.onnx.rebuild.values import (
    Atom,
    Directions,
    Group,
    Made,
    Unsettled,
    Value,
    View,
)
from leftfold.interop.onnx.run.recurrent import (
    DEFAULT_ACTIVATIONS,
    KERNEL_NAMES,
    activation_keys,
    directions_of,
)
from leftfold.saving.keras2 import hard_sigmoid_of_keras2

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder

_LAYERS: dict[str, Callable[..., Any]] = {
    "simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU,
}  # fmt: skip
_KINDS = {"RNN": "simple_rnn", "LSTM": "lstm", "GRU": "gru"}
_STATES = {"simple_rnn": 1, "lstm": 2, "gru": 1}


@dataclass
class _Plan:
    """What a node asks for."""

    kind: str
    reverse: list[bool]
    units: int
    settings: dict[str, Any]
    weights: list[np.ndarray]
    sequences: bool
    state: bool


@rebuilds("LSTM", "GRU", "RNN")
def _recurrence(rebuilder: Rebuilder, made: Made) -> list[Any]:
    plan = _planned(made)
    batch_first = bool(made.call.get("layout", 0))
    found = _as_view(made)
    turned = in_order(found, [0, 1, 2] if batch_first else [1, 0, 2])
    x = materialized(replace(turned, unsettled=None))
    mask, unsettled = _mask(made, found, x, plan)
    states = _initial_states(made, plan, x)
    zeros = mask is not None and unsettled is None
    given: dict[str, Any] = {} if mask is None else {"mask": mask}
    if any(state is not None for state in states):
        given["initial_state"] = [_or_zeros(state, x, plan.units) for state in states]
    elif mask is None and x._keras_mask is not None:
        x = ops.copy(x)  # a mask that the graph does not have at this place
    settings = plan.reverse, plan.sequences, plan.state, zeros, plan.settings
    make = functools.partial(_layer, rebuilder, made, plan, zeros)
    name = named(made.given(1))
    results = rebuilder.applied(make, plan.weights, x, name, *settings, **given)
    results = list(results) if isinstance(results, list | tuple) else [results]
    return _as_the_graph_has(made, plan, results, turned, unsettled, batch_first)


def _as_view(made: Made) -> View:
    found = raw(made, 0)
    return found if isinstance(found, View) else view(made, 0)


# What a layer is made of


def _planned(made: Made) -> _Plan:
    kind, get = _KINDS[made.call.kind], made.call.get
    if get("clip", 0.0) or get("input_forget", 0) or made.given(7) is not None:
        raise made.refuse("clip, input_forget and peepholes are not said by a layer")
    reverse = directions_of(made.call)
    w = needed_constant(made, 1, "W")
    r = needed_constant(made, 2, "R")
    b = None if made.given(3) is None else needed_constant(made, 3, "B")
    units = r.shape[2]
    settings: dict[str, Any] = _activations(made, kind, len(reverse))
    before = kind == "gru" and not get("linear_before_reset", 0)
    if kind == "gru":
        settings["reset_after"] = not before
    use_bias = b is not None and bool(np.any(b))
    weights = []
    for i in range(len(reverse)):
        weights += [_turned(part[i], kind).T for part in (w, r)]
        if use_bias:
            assert b is not None
            pair = [_turned(half, kind) for half in np.split(b[i], 2)]
            weights.append(np.stack(pair) if settings.get("reset_after") else pair[0] + pair[1])
    used = [*made.used, False, False, False]
    sequences, state = used[0], used[2] or (used[0] and used[1])
    settings["use_bias"] = use_bias
    return _Plan(kind, reverse, units, settings, weights, sequences, state)


def _turned(rows: np.ndarray, kind: str) -> np.ndarray:
    return reorder(rows, kind, "onnx", "keras", axis=0)


def _activations(made: Made, kind: str, count: int) -> dict[str, Any]:
    keys = activation_keys(made.call, kind)
    each = len(DEFAULT_ACTIVATIONS[kind])
    first = keys[:each]
    if keys != first * count:
        raise made.refuse("its directions have different activations")
    found = [_activation(key) for key in first]
    if None in found:
        name = first[found.index(None)]
        raise made.refuse(f"a layer has no activation {' '.join(map(str, name))}")
    if kind == "lstm" and found[1] != found[2]:
        raise made.refuse("the candidate and the output have different activations")
    if kind == "simple_rnn":
        return {"activation": found[0]}
    return {"recurrent_activation": found[0], "activation": found[1]}


def _activation(key: tuple[Any, ...]) -> Any:
    """The activation of a layer, `None` where there is none."""
    if key[0] == "hardsigmoid" and np.allclose(key[1:], (0.2, 0.5)):
        return hard_sigmoid_of_keras2
    return KERNEL_NAMES.get(key)


def _layer(rebuilder: Rebuilder, made: Made, plan: _Plan, zeros: bool) -> Any:
    name = rebuilder.name(made.call.name, named(made.given(1)), f"{plan.kind}/x")
    two = len(plan.reverse) > 1
    layer = _LAYERS[plan.kind](
        plan.units,
        return_sequences=plan.sequences,
        return_state=plan.state,
        go_backwards=plan.reverse == [True],
        zero_output_for_mask=zeros and not two,
        name=f"{name}_cell" if two else name,
        **plan.settings,
    )
    return layers.Bidirectional(layer, merge_mode=None, name=name) if two else layer


# What it is called on


def _mask(made: Made, found: View, x: Any, plan: _Plan) -> tuple[Any, Unsettled | None]:
    """The mask for the layer, and what is to be settled behind it."""
    lengths = made.given(4)
    counted = mask_counted_by(lengths)
    if found.unsettled is not None:
        if found.unsettled.kind != "packed" or counted is not found.unsettled.mask:
            raise made.refuse("it reads steps put in front by a mask, but not as many as count")
        zeroed = len(plan.reverse) > 1 and plan.sequences
        waiting = Unsettled("packed", found.unsettled.mask, zeroed)
        return materialized(view_of(found.unsettled.mask)), waiting
    if lengths is None:
        return None, None
    numbers = constant(made, 4)
    if numbers is not None and x.shape[1] is not None and np.all(numbers == x.shape[1]):
        return None, None
    return mask_of_lengths(made, x, tensor(made, 4)), None


def _initial_states(made: Made, plan: _Plan, x: Any) -> list[Any]:
    """Those of the first direction, then those of the second; `None` for zeros."""
    places = range(5, 5 + _STATES[plan.kind])
    return [
        _initial(made, place, direction)
        for direction in range(len(plan.reverse))
        for place in places
    ]


def _initial(made: Made, place: int, direction: int) -> Any:
    value = made.given(place)
    if value is None:
        return None
    axis = 1 if made.call.get("layout", 0) else 0
    numbers = constant(made, place)
    if numbers is not None:
        state = np.take(numbers, direction if numbers.shape[axis] > 1 else 0, axis=axis)
        return state if np.any(state) else None
    if value.kind == "Concat" and value.made is not None and axis == 0:
        part = _part(value, direction)
        if part is not None:
            return part
    found = raw(made, place)
    if isinstance(found, Directions) and found.axis == axis:
        part = found.parts[direction]
        return materialized(part) if part.unsettled is None else None
    seen = view(made, place)
    if seen.shape[axis] == 1:
        return materialized(without_axis(seen, axis))
    key = (*[slice(None)] * axis, direction)
    return tensor(made, place)[key]


def _part(value: Value, direction: int) -> Any:
    """One of several states that the graph only lays side by side."""
    assert value.made is not None
    parts = value.made.inputs
    if value.made.call.get("axis", 1) != 0 or len(parts) <= direction:
        return None
    part = parts[direction]
    seen = None if part is None else part.result
    if isinstance(seen, View) and seen.shape[0] == 1 and seen.unsettled is None:
        return materialized(without_axis(seen, 0))
    if isinstance(seen, np.ndarray) and seen.shape[0] == 1 and np.any(seen):
        return seen[0]
    return None


def _or_zeros(state: Any, x: Any, units: int) -> Any:
    """A state for each row; one that is the same for all, or zeros, is laid out for them."""
    if state is not None and not isinstance(state, np.ndarray):
        return state
    numbers = np.zeros(units, np.float32) if state is None else state.reshape(-1, units)[0]
    if state is not None and state.ndim > 1 and state.shape[0] > 1:
        return ops.add(ops.zeros_like(x[:, 0, :1]), state)
    return ops.add(ops.zeros_like(x[:, 0, :1]), numbers.astype(np.float32))


# What it gives


def _as_the_graph_has(
    made: Made,
    plan: _Plan,
    results: list[Any],
    turned: View,
    unsettled: Unsettled | None,
    batch_first: bool,
) -> list[Any]:
    """Y, Y_h and Y_c."""
    batch, time = turned.axes[0], turned.axes[1]
    count, states = len(plan.reverse), _STATES[plan.kind]
    outputs = results[:count]
    ends = results[count:]
    units: Group = (Atom(plan.units),)
    sequence = None
    if plan.sequences:
        if plan.reverse == [True]:
            outputs = [ops.flip(outputs[0], axis=1)]
        views = [View(y, (batch, time, units), (batch, time, units), unsettled) for y in outputs]
        views = [v if batch_first else in_order(v, [1, 0, 2]) for v in views]
        sequence = _beside(views, 2 if batch_first else 1)
    if not plan.state:
        ends = [] if plan.sequences else outputs
        states = 1
    waiting = None if unsettled is None else replace(unsettled, kind="end")
    last = []
    for place in range(states):
        own = [ends[i * states + place] for i in range(count)] if ends else []
        views = [View(y, (batch, units), (batch, units), waiting) for y in own]
        last.append(_beside(views, 1 if batch_first else 0) if views else None)
    return [sequence, *last]


def _beside(views: list[View], axis: int) -> Any:
    return with_axis(views[0], axis) if len(views) == 1 else Directions(tuple(views), axis)
