"""The operators LSTM, GRU and RNN: their whole definition, and the kernels where it is plain.

The equations are those of the ONNX operator documentation. Inputs are `(timesteps, batch,
features)`, weights `(directions, gates * units, ...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold.interop.gate_orders import reorder
from leftfold.interop.onnx.run.elementwise import PARAMETRIC
from leftfold.interop.onnx.run.operators import Call, operator
from leftfold.ops import recurrent
from leftfold.ops.nn import sigmoid_values, softplus_values

Array = np.ndarray
Activation = Callable[[Array], Any]

_PLAIN: dict[str, Activation] = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": sigmoid_values,
    "softplus": softplus_values,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "tanh": np.tanh,
}

_FUNCTIONS = {
    "affine", "elu", "hardsigmoid", "leakyrelu", "scaledtanh", "thresholdedrelu"
}  # fmt: skip

DEFAULT_ACTIVATIONS = {
    "simple_rnn": ["Tanh"],
    "lstm": ["Sigmoid", "Tanh", "Tanh"],
    "gru": ["Sigmoid", "Tanh"],
}
_GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}

KERNEL_NAMES: dict[tuple[Any, ...], str] = {
    ("relu",): "relu", ("sigmoid",): "sigmoid", ("tanh",): "tanh", ("softsign",): "softsign",
    ("softplus",): "softplus", ("elu", 1.0): "elu", ("affine", 1.0, 0.0): "linear",
    ("hardsigmoid", float(np.float32(1 / 6)), 0.5): "hard_sigmoid",
}  # fmt: skip
"""What our kernels call an activation, by its name and numbers."""


class _Function(NamedTuple):
    """An activation with its numbers."""

    key: tuple[Any, ...]
    call: Activation


class _Direction(NamedTuple):
    """What one direction reads with; weights as the operator has them."""

    reverse: bool
    functions: list[_Function]
    weights: Array
    recurrent_weights: Array
    bias: Array | None
    peepholes: Array | None
    states: list[Array | None]


@operator("RNN")
def _rnn(
    call: Call,
    x: Array,
    w: Array,
    r: Array,
    b: Any = None,
    sequence_lens: Any = None,
    initial_h: Any = None,
) -> Any:
    return _run(call, "simple_rnn", x, w, r, b, sequence_lens, [initial_h], None)


@operator("GRU")
def _gru(
    call: Call,
    x: Array,
    w: Array,
    r: Array,
    b: Any = None,
    sequence_lens: Any = None,
    initial_h: Any = None,
) -> Any:
    return _run(call, "gru", x, w, r, b, sequence_lens, [initial_h], None)


@operator("LSTM")
def _lstm(
    call: Call,
    x: Array,
    w: Array,
    r: Array,
    b: Any = None,
    sequence_lens: Any = None,
    initial_h: Any = None,
    initial_c: Any = None,
    p: Any = None,
) -> Any:
    return _run(call, "lstm", x, w, r, b, sequence_lens, [initial_h, initial_c], p)


def _run(
    call: Call,
    kind: str,
    x: Array,
    w: Array,
    r: Array,
    b: Any,
    lengths: Any,
    states: list[Any],
    p: Any,
) -> tuple[Array, ...]:
    """Read in each direction, and put the results side by side."""
    layout = call.get("layout", 0)
    if layout:
        x = np.swapaxes(x, 0, 1)
        states = [None if state is None else np.swapaxes(state, 0, 1) for state in states]
    lengths = _check(call, kind, x, w, r, b, lengths, states, p)
    outputs, ends = [], []
    for i, reverse in enumerate(directions_of(call)):
        bias, peepholes = (None if part is None else part[i] for part in (b, p))
        begun = [None if state is None else state[i] for state in states]
        functions = _functions(call, kind, i)
        direction = _Direction(reverse, functions, w[i], r[i], bias, peepholes, begun)
        names = _kernel_names(call, kind, direction)
        if names:
            sequence, last = _by_kernel(call, kind, i, x, lengths, direction, names)
        else:
            sequence, last = _by_steps(call, kind, x, lengths, direction)
        outputs.append(sequence)
        ends.append(last)
    y = np.stack(outputs, axis=1)
    last_states = [np.stack(state) for state in zip(*ends, strict=True)]
    if layout:
        y = y.transpose(2, 0, 1, 3)
        last_states = [state.transpose(1, 0, 2) for state in last_states]
    return y, *last_states


def directions_of(call: Call) -> list[bool]:
    """Whether each direction reads from the last step to the first."""
    named = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}
    direction = call.get("direction", "forward")
    if direction not in named:
        raise call.refuse(f"unknown direction {direction!r}")
    return named[direction]


def _check(
    call: Call,
    kind: str,
    x: Array,
    w: Array,
    r: Array,
    b: Any,
    lengths: Any,
    states: Sequence[Any],
    p: Any,
) -> Any:
    """Hold all shapes against each other; returns lengths, `None` where every row is full."""
    if x.ndim != 3 or r.ndim != 3:
        raise call.refuse(f"expected inputs of 3 axes, got shapes {x.shape} and {r.shape}")
    count, units, gates = len(directions_of(call)), r.shape[2], _GATES[kind]
    timesteps, batch, features = x.shape
    expected = {
        "hidden_size": ((call.get("hidden_size", units),), (units,)),
        "W": (w.shape, (count, gates * units, features)),
        "R": (r.shape, (count, gates * units, units)),
    }
    for name, part, width in (("B", b, 2 * gates * units), ("P", p, 3 * units)):
        if part is not None:
            expected[name] = (part.shape, (count, width))
    for name, state in zip(("initial_h", "initial_c"), states, strict=False):
        if state is not None:
            expected[name] = (state.shape, (count, batch, units))
    for name, (found, wanted) in expected.items():
        if tuple(found) != wanted:
            raise call.refuse(f"expected {name} of shape {wanted}, got {tuple(found)}")
    if lengths is None:
        return None
    if lengths.shape != (batch,) or (
        lengths.size and not (lengths.min() >= 0 and lengths.max() <= timesteps)
    ):
        raise call.refuse(f"expected {batch} sequence_lens from 0 to {timesteps}")
    return None if (lengths == timesteps).all() else lengths


def _functions(call: Call, kind: str, direction: int) -> list[_Function]:
    """The activations of one direction; numbers are dealt out to those that take them."""
    count = len(DEFAULT_ACTIVATIONS[kind])
    total = count * len(directions_of(call))
    names = call.get("activations") or DEFAULT_ACTIVATIONS[kind] * (total // count)
    if len(names) != total:
        raise call.refuse(f"expected {total} activations, got {len(names)}")
    numbers = [list(call.get(f"activation_{part}") or []) for part in ("alpha", "beta")]
    known = {name.lower(): value for name, value in PARAMETRIC.items()}
    made = []
    for name in (str(name).lower() for name in names):
        if name in _PLAIN:
            made.append(_Function((name,), _PLAIN[name]))
            continue
        if name not in _FUNCTIONS:
            raise call.refuse(f"unknown activation {name!r}")
        *defaults, function = known[name]
        given = [
            rest.pop(0) if rest else default
            for rest, default in zip(numbers, defaults, strict=True)
            if default is not None
        ]
        made.append(_Function((name, *given), _applied(function, given)))
    return made[direction * count : (direction + 1) * count]


def activation_keys(call: Call, kind: str) -> list[tuple[Any, ...]]:
    """Name and numbers of each activation, those of all directions one behind the other."""
    count = len(directions_of(call))
    return [f.key for direction in range(count) for f in _functions(call, kind, direction)]


def _applied(function: Callable[..., Any], numbers: list[float]) -> Activation:
    return lambda x: np.asarray(function(x, *numbers)).astype(x.dtype, copy=False)


# The kernels


def _kernel_names(call: Call, kind: str, direction: _Direction) -> dict[str, str] | None:
    """The activations as the kernels call them; `None` where the kernels do not say the node."""
    special = direction.peepholes is not None or call.get("input_forget", 0)
    if special or call.get("clip", 0.0):
        return None
    names = [KERNEL_NAMES.get(function.key) for function in direction.functions]
    if None in names or (kind == "lstm" and names[1] != names[2]):
        return None
    if kind == "simple_rnn":
        return {"activation": str(names[0])}
    return {"recurrent_activation": str(names[0]), "activation": str(names[1])}


def _by_kernel(
    call: Call,
    kind: str,
    place: int,
    x: Array,
    lengths: Any,
    direction: _Direction,
    names: dict[str, str],
) -> tuple[Array, list[Array]]:
    """One direction by a primitive of `leftfold.ops.recurrent`."""
    settings: dict[str, Any] = dict(names)
    before = kind == "gru" and not call.get("linear_before_reset", 0)
    if kind == "gru":
        settings["reset_after"] = not before
    key = f"{place}:{id(direction.weights.base)}"
    if direction.weights.base is None or key not in call.cache:
        weights = _our_weights(kind, direction, before, x.dtype)
        if direction.weights.base is not None and not direction.weights.flags.writeable:
            # Constants of the graph are read-only: their other layout can be kept.
            call.cache[key] = weights
    else:
        weights = call.cache[key]
    mask = None if lengths is None else np.arange(len(x)) < lengths[:, None]
    output, *last = getattr(recurrent, kind)(
        np.ascontiguousarray(np.swapaxes(x, 0, 1)),
        *weights,
        *direction.states,
        mask=mask,
        go_backwards=direction.reverse,
        return_sequences=True,
        zero_output_for_mask=True,
        **settings,
    )
    sequence = np.swapaxes(output.data, 0, 1)
    return sequence[::-1] if direction.reverse else sequence, [state.data for state in last]


def _our_weights(kind: str, direction: _Direction, before: bool, dtype: Any) -> list[Any]:
    """Kernel, recurrent kernel and bias in Keras's layout."""

    def ours(rows: Array) -> Array:
        return np.ascontiguousarray(reorder(rows, kind, "onnx", "keras", axis=0).T, dtype)

    bias: Any = None
    if direction.bias is not None:
        pair = [ours(half) for half in np.split(direction.bias, 2)]
        bias = np.stack(pair) if kind == "gru" and not before else pair[0] + pair[1]
    return [ours(direction.weights), ours(direction.recurrent_weights), bias]


# The whole definition, step by step


def _by_steps(
    call: Call, kind: str, x: Array, lengths: Any, direction: _Direction
) -> tuple[Array, list[Array]]:
    """One direction, one step after the other."""
    step = {"simple_rnn": _rnn_step, "gru": _gru_step, "lstm": _lstm_step}[kind]
    timesteps, batch, _ = x.shape
    units = direction.recurrent_weights.shape[1]
    states = [
        np.zeros((batch, units), x.dtype) if state is None else state for state in direction.states
    ]
    inputs = np.matmul(x, direction.weights.T)
    y = np.zeros((timesteps, batch, units), x.dtype)
    times = range(timesteps)[::-1] if direction.reverse else range(timesteps)
    for time in times:
        new = step(call, direction, inputs[time], states)
        if lengths is None:
            states, y[time] = new, new[0]
        else:
            live = (time < lengths)[:, None]
            states = [np.where(live, a, b) for a, b in zip(new, states, strict=True)]
            y[time] = np.where(live, new[0], 0)
    return y, states


def _clipped(call: Call, z: Array) -> Array:
    limit = call.get("clip", 0.0)
    return np.clip(z, -limit, limit) if limit else z


def _halves(direction: _Direction) -> tuple[Any, Any]:
    """The bias of the inputs' product and that of the state's."""
    if direction.bias is None:
        return 0.0, 0.0
    first, second = np.split(direction.bias, 2)
    return first, second


def _rnn_step(call: Call, direction: _Direction, z: Array, states: list[Array]) -> list[Array]:
    (h,), (b, c) = states, _halves(direction)
    z = z + h @ direction.recurrent_weights.T + b + c
    return [direction.functions[0].call(_clipped(call, z.astype(h.dtype)))]


def _gru_step(call: Call, direction: _Direction, x: Array, states: list[Array]) -> list[Array]:
    """Gates in the order z, r, h."""
    (h,), units = states, states[0].shape[1]
    bias, recurrent_bias = (np.broadcast_to(half, (3 * units,)) for half in _halves(direction))
    f, g = (function.call for function in direction.functions)
    rows = direction.recurrent_weights
    x = x + bias
    gates = x[:, : 2 * units] + h @ rows[: 2 * units].T + recurrent_bias[: 2 * units]
    z, r = np.split(f(_clipped(call, gates.astype(h.dtype))), 2, axis=1)
    inner, offset = rows[2 * units :].T, recurrent_bias[2 * units :]
    if call.get("linear_before_reset", 0):
        seen = r * (h @ inner + offset)
    else:
        seen = (r * h) @ inner + offset
    candidate = g(_clipped(call, (x[:, 2 * units :] + seen).astype(h.dtype)))
    return [(1 - z) * candidate + z * h]


def _lstm_step(call: Call, direction: _Direction, x: Array, states: list[Array]) -> list[Array]:
    """Gates in the order i, o, f, c; peepholes in the order i, o, f."""
    h, c = states
    b, d = _halves(direction)
    f, g, shown = (function.call for function in direction.functions)
    z = (x + h @ direction.recurrent_weights.T + b + d).astype(h.dtype)
    z_i, z_o, z_f, z_c = np.split(z, 4, axis=1)
    peepholes = direction.peepholes
    p_i, p_o, p_f = (0, 0, 0) if peepholes is None else np.split(peepholes, 3)
    i = f(_clipped(call, z_i + p_i * c))
    forget = 1 - i if call.get("input_forget", 0) else f(_clipped(call, z_f + p_f * c))
    c = forget * c + i * g(_clipped(call, z_c))
    o = f(_clipped(call, z_o + p_o * c))
    return [o * shown(c), c]
