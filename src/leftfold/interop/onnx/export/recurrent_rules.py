"""Recurrent layers as the ONNX operators LSTM, GRU and RNN.

They read `(timesteps, batch, features)`; what becomes of masks is in `masks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from leftfold import activations, layers, ops
from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import Node, leaves
from leftfold.interop.gate_orders import reorder
from leftfold.interop.onnx.export.masks import (
    Masked,
    at_least_one,
    gathered,
    masked_by,
    order_of_steps,
    spread,
    unless_empty,
)

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter

OPERATORS = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}

_KINDS = {
    layers.SimpleRNNCell: "simple_rnn",
    layers.LSTMCell: "lstm",
    layers.GRUCell: "gru",
}

_ACTIVATIONS: dict[Any, tuple[str, float | None, float | None]] = {
    activations.tanh: ("Tanh", None, None),
    activations.sigmoid: ("Sigmoid", None, None),
    activations.relu: ("Relu", None, None),
    activations.linear: ("Affine", 1.0, 0.0),
    activations.hard_sigmoid: ("HardSigmoid", 1 / 6, 0.5),
    activations.elu: ("Elu", 1.0, None),
    activations.softsign: ("Softsign", None, None),
    activations.softplus: ("Softplus", None, None),
}
"""What ONNX calls an activation, with its alpha and beta."""


class Direction(NamedTuple):
    """One cell, and whether it reads from the last step to the first."""

    cell: Any
    reverse: bool


class Reading(NamedTuple):
    """What a cell gives in one direction."""

    sequence: KerasTensor
    """Its output at every step, in the order of time."""
    states: list[KerasTensor]


def write_recurrent(exporter: Exporter, layer: Any, node: Node) -> list[Any]:
    """`SimpleRNN`, `LSTM`, `GRU`, and `RNN` of their cells, alone or stacked."""
    x = node.args[0]
    _check_state(exporter, layer)
    cells = layer.cell.cells if isinstance(layer.cell, layers.StackedRNNCells) else [layer.cell]
    states = _given_states(node, sum(_count(cell) for cell in cells))
    masked = masked_by(exporter, node, x)
    last_states: list[KerasTensor] = []
    for depth, cell in enumerate(cells):
        _kind_of(exporter, cell)
        count, is_last = _count(cell), depth == len(cells) - 1
        name = layer.name if len(cells) == 1 else f"{layer.name}_{depth}"
        begun = _begin(exporter, name, cell, states[:count])
        states = states[count:]
        zeros = layer.zero_output_for_mask and is_last
        directions = [Direction(cell, layer.go_backwards)]
        (reading,) = read(exporter, directions, x, masked, begun, zeros)
        if exporter.states:
            _keep(exporter, name, node, reading.states, begun)
        last_states += reading.states
        x = reading.sequence
    if not layer.return_sequences:
        output = last_states[-_count(cells[-1])]
    else:
        output = ops.flip(x, axis=1) if layer.go_backwards else x
    return [output, *last_states] if layer.return_state else [output]


def write_bidirectional(exporter: Exporter, layer: Any, node: Node) -> list[Any]:
    """Both directions, as one operator where they have the same settings."""
    x = node.args[0]
    if exporter.states:
        raise ValueError(
            exporter.refusal("a stream has no end for a Bidirectional layer to read from")
        )
    halves = [layer.forward_layer, layer.backward_layer]
    for half in halves:
        _check_state(exporter, half)
    directions = [Direction(half.cell, half.go_backwards) for half in halves]
    for direction in directions:
        _kind_of(exporter, direction.cell)
    counts = [_count(half.cell) for half in halves]
    states = _given_states(node, sum(counts))
    masked, zeros = masked_by(exporter, node, x), layer.return_sequences
    if not directions[0].reverse and _alike(*(direction.cell for direction in directions)):
        forward, backward = read(exporter, directions, x, masked, states, zeros)
    else:
        parts = states[: counts[0]], states[counts[0] :]
        forward, backward = (
            read(exporter, [direction], x, masked, part, zeros)[0]
            for direction, part in zip(directions, parts, strict=True)
        )
    if layer.return_sequences:
        outputs = [forward.sequence, backward.sequence]
    else:
        outputs = [forward.states[0], backward.states[0]]
    merged = layer._merge(*outputs)
    merged = list(merged) if layer.merge_mode is None else [merged]
    return [*merged, *forward.states, *backward.states] if layer.return_state else merged


def read(
    exporter: Exporter,
    directions: Sequence[Direction],
    x: KerasTensor,
    masked: Masked | None,
    states: Sequence[Any],
    zeros: bool,
) -> list[Reading]:
    """One operator that reads a batch of sequences.

    Args:
        exporter: where to write.
        directions: one, or the forward and the backward one, with cells of the same settings.
        x: `(batch, timesteps, features)`.
        masked: what follows from the mask, if there is one.
        states: the initial states of the first direction, then those of the second; `None`
            stands for zeros.
        zeros: whether masked steps give zeros.

    Returns:
        For each direction its outputs and last states.
    """
    graph, cell = exporter.graph, directions[0].cell
    kind = _kind_of(exporter, cell)
    dtype, units, count = cell.variable_dtype, cell.units, _count(cell)
    value = exporter.value(x, dtype)
    if masked and exporter.mask == "exact":
        value = gathered(exporter, value, order_of_steps(exporter, masked))
    begun = [_initial(exporter, states[i::count], x, units, dtype) for i in range(count)]
    made = graph.nodes(
        OPERATORS[kind],
        [
            graph.node("Transpose", value, perm=[1, 0, 2]),
            *_weights_once(exporter, kind, [direction.cell for direction in directions]),
            at_least_one(exporter, masked) if masked else "",
            *begun,
        ],
        1 + count,
        **_attributes(exporter, kind, directions),
    )
    shape = (x.shape[0], x.shape[1], units)
    readings = []
    for i, direction in enumerate(directions):
        own = [states[i * count + k] for k in range(count)]
        outputs = graph.node("Squeeze", _picked(exporter, made[0], 1, i), graph.integers(1))
        sequence = graph.node("Transpose", outputs, perm=[1, 0, 2])
        last = [
            graph.node("Squeeze", _picked(exporter, state, 0, i), graph.integers(0))
            for state in made[1:]
        ]
        if masked:
            first = graph.constant(0, dtype) if own[0] is None else exporter.value(own[0], dtype)
            sequence = spread(exporter, sequence, masked, direction.reverse, dtype, first, zeros)
            last = [
                unless_empty(exporter, masked, value, state, dtype)
                for value, state in zip(last, own, strict=True)
            ]
        ends = [exporter.bind(each, (x.shape[0], units), dtype) for each in last]
        readings.append(Reading(exporter.bind(sequence, shape, dtype), ends))
    return readings


# Weights and settings


def _weights_once(exporter: Exporter, kind: str, cells: Sequence[Any]) -> list[str]:
    """`_weights`, written once for a layer that is called twice."""
    use = f"recurrent {[id(cell) for cell in cells]}"
    found: list[str] = exporter.weights.once(
        cells[0].kernel, use, lambda: _weights(exporter, kind, cells)
    )
    return found


def _weights(exporter: Exporter, kind: str, cells: Sequence[Any]) -> list[str]:
    """W, R and B of the operator, one layer of each for every direction."""
    graph = exporter.graph
    kernels, recurrent, biases = [], [], []
    for cell in cells:
        kernels.append(_gates(kind, cell.kernel.data.T))
        recurrent.append(_gates(kind, cell.recurrent_kernel.data.T))
        bias = np.zeros(cell.kernel.shape[1]) if cell.bias is None else cell.bias.data
        pair = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
        biases.append(np.concatenate([_gates(kind, half) for half in pair]))
    dtype, use_bias = cells[0].variable_dtype, any(cell.bias is not None for cell in cells)
    values = []
    for name, matrices in (("W", kernels), ("R", recurrent)):
        # A scale belongs to a row, so the rows of all directions make one matrix for a while.
        rows = np.concatenate(matrices).astype(dtype, copy=False)
        stored = exporter.weights.stored(rows, 0, f"{graph.scope}/{name}")
        shape = graph.integers(len(cells), -1, rows.shape[1])
        values.append(graph.node("Reshape", stored, shape))
    bias_name = f"{graph.scope}/B"
    values.append(graph.constant(np.stack(biases), dtype, bias_name) if use_bias else "")
    return values


def _gates(kind: str, rows: np.ndarray) -> np.ndarray:
    return reorder(rows, kind, "keras", "onnx", axis=0)


def _attributes(exporter: Exporter, kind: str, directions: Sequence[Direction]) -> dict[str, Any]:
    cell = directions[0].cell
    if len(directions) == 2:
        direction = "bidirectional"
    else:
        direction = "reverse" if directions[0].reverse else "forward"
    attributes = {"hidden_size": cell.units, "direction": direction}
    if kind == "gru":
        attributes["linear_before_reset"] = int(cell.reset_after)
    functions = [cell.activation]
    if kind == "lstm":
        functions = [cell.recurrent_activation, cell.activation, cell.activation]
    elif kind == "gru":
        functions = [cell.recurrent_activation, cell.activation]
    if all(f in (activations.tanh, activations.sigmoid) for f in functions):
        defaults = [activations.sigmoid, activations.tanh, activations.tanh]
        if functions == (defaults[1:2] if kind == "simple_rnn" else defaults[: len(functions)]):
            return attributes
    named = [_activation(exporter, function) for function in functions] * len(directions)
    attributes["activations"] = [name for name, _, _ in named]
    # Alphas and betas stand in the order of the activations that have them.
    for place, parameter in ((1, "activation_alpha"), (2, "activation_beta")):
        numbers = [each[place] for each in named if each[place] is not None]
        if numbers:
            attributes[parameter] = numbers
    return attributes


def _activation(exporter: Exporter, function: Any) -> tuple[str, float | None, float | None]:
    if function not in _ACTIVATIONS:
        name = getattr(function, "__name__", function)
        raise ValueError(exporter.refusal(f"ONNX's recurrences have no activation {name}"))
    return _ACTIVATIONS[function]


def _kind_of(exporter: Exporter, cell: Any) -> str:
    kind = _KINDS.get(type(cell))
    if kind is None:
        raise ValueError(
            exporter.refusal(f"its cell {type(cell).__name__} is no LSTM, GRU or simple cell")
        )
    return kind


def _alike(first: Any, second: Any) -> bool:
    """Whether one operator can say both cells."""
    names = ("units", "activation", "recurrent_activation", "reset_after", "compute_dtype")
    same = all(getattr(first, name, None) == getattr(second, name, None) for name in names)
    return type(first) is type(second) and same


# States


def _count(cell: Any) -> int:
    """The number of states of a cell."""
    return len(list(leaves(cell.state_size)))


def _check_state(exporter: Exporter, layer: Any) -> None:
    if getattr(layer, "stateful", False) and not exporter.states:
        raise ValueError(
            exporter.refusal("it is stateful, and a graph keeps nothing: give states=True")
        )


def _given_states(node: Node, count: int) -> list[Any]:
    states = node.kwargs.get("initial_state")
    if states is None and len(node.args) > 1:
        states = node.args[1]
    return [None] * count if states is None else list(leaves(states))


def _begin(exporter: Exporter, name: str, cell: Any, states: list[Any]) -> list[Any]:
    """The states to begin with: those given, or new inputs of the graph if states are wanted."""
    if not exporter.states or states[0] is not None:
        return states
    made = []
    for letter, _ in zip("hc", states, strict=False):
        dtype, shape = cell.variable_dtype, (None, cell.units)
        own = exporter.graph.input(f"{name}_{letter}", dtype, ("batch", cell.units))
        made.append(exporter.bind(own, shape, dtype))
    return made


def _keep(
    exporter: Exporter, name: str, node: Node, states: list[KerasTensor], begun: list[Any]
) -> None:
    """Make the last states outputs, unless the layer began with states of another layer."""
    if node.kwargs.get("initial_state") is None and len(node.args) < 2:
        for letter, state in zip("hc", states, strict=False):
            exporter.new_states.append((f"{name}_{letter}_next", state))


def _initial(
    exporter: Exporter, states: Sequence[Any], x: KerasTensor, units: int, dtype: str
) -> str:
    """One initial state for all directions, (directions, batch, units); nothing for zeros."""
    graph = exporter.graph
    if all(state is None for state in states):
        return ""
    values = [
        graph.node("Unsqueeze", exporter.value(state, dtype), graph.integers(0)) for state in states
    ]
    return values[0] if len(values) == 1 else graph.node("Concat", *values, axis=0)


def _picked(exporter: Exporter, value: str, axis: int, place: int) -> str:
    """One direction's part, the axis kept."""
    graph = exporter.graph
    return graph.node(
        "Slice", value, graph.integers(place), graph.integers(place + 1), graph.integers(axis)
    )
