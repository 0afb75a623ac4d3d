"""Listening in on a model's layers while it runs, and reading sequences step by step."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import Tensor
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.layers import RNN, Layer, StackedRNNCells
from leftfold.layers.recurrent.cell_contract import step_function
from leftfold.layers.recurrent.scan import scan

Around = Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
"""`around(layer, call, args, kwargs)` gives what the layer shall give."""


def layer_paths(model: Any) -> dict[int, str]:
    """The path of each layer from the model to it, by the layer's `id`; cells are left out.

    Example:
        >>> import leftfold
        >>> from leftfold import layers
        >>> model = leftfold.Sequential([layers.Input((5, 2)), layers.LSTM(3, name="reader")])
        >>> list(layer_paths(model).values())
        ['', 'reader']
    """
    paths: dict[int, str] = {}

    def walk(layer: Any, path: str) -> None:
        if id(layer) in paths:
            return
        paths[id(layer)] = path
        if isinstance(layer, RNN):
            return
        for inner in layer._inner_layers:
            walk(inner, f"{path}/{inner.name}" if path else inner.name)

    walk(model, "")
    return paths


@contextlib.contextmanager
def around_calls(model: Any, around: Around) -> Iterator[None]:
    """Inside the block, `around` stands between every layer of a model and whoever calls it.

    States that stateful layers keep are put back at the end. Cells are left alone: the layers
    that own them run them.
    """
    paths = layer_paths(model)
    layers = [layer for layer in model._flatten_layers() if paths.get(id(layer))]
    memories = [
        (layer, [np.array(state) for state in leaves(layer.states)])
        for layer in layers
        if isinstance(layer, RNN) and layer.stateful and layer.states is not None
    ]
    for layer in layers:
        object.__setattr__(layer, "call", _between(layer, layer.call, around))
    try:
        yield
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")
        for layer, states in memories:
            for variable, value in zip(leaves(layer.states), states, strict=True):
                variable.assign(value)


def _between(layer: Layer, call: Callable[..., Any], around: Around) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        return around(layer, call, args, kwargs)

    return run


@dataclass
class Steps:
    """A recurrent layer's way through its sequences, in the order of time.

    Attributes:
        names: of the states.
        before: the states that each step began with; for each step a list by state.
        after: the states after each step, likewise.
        output: what the layer answers.
        last: the last states.
    """

    names: list[str]
    before: list[list[Tensor]]
    after: list[list[Tensor]]
    output: Any
    last: list[Any]


def read_step_by_step(
    layer: Any, sequences: Any, states: list[Any], mask: np.ndarray | None, training: bool
) -> Steps:
    """Run a recurrent layer's cell over sequences, through the tape, and keep every state.

    Each state is handed on as a tensor of its own, so that its gradient is that of what comes
    after the step, and not of another state that the step computed from it.
    """
    seen: list[list[Tensor]] = []
    step = step_function(layer.cell, training)

    def watched(inputs: Any, states: list[Any]) -> Any:
        seen.append(list(leaves(states)))
        output, states = step(inputs, states)
        handed = {id(state): ops.multiply(state, 1) for state in leaves(states)}
        states = map_structure(lambda state: handed[id(state)], states)
        return handed.get(id(output), output), states

    output, last = scan(
        watched,
        sequences,
        states,
        layer._output_before(states),
        mask,
        go_backwards=layer.go_backwards,
        return_sequences=layer.return_sequences,
        zero_output_for_mask=layer.zero_output_for_mask,
    )
    before, after = seen, [*seen[1:], list(leaves(last))][: len(seen)]
    if layer.go_backwards:
        before, after = before[::-1], after[::-1]
    return Steps(state_names(layer.cell), before, after, output, last)


def state_names(cell: Any) -> list[str]:
    """What the states of a cell are called.

    Example:
        >>> from leftfold import layers
        >>> state_names(layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(2)]))
        ['1/hidden', '1/cell', '2/hidden']
    """
    if isinstance(cell, StackedRNNCells):
        return [
            f"{number}/{name}"
            for number, inner in enumerate(cell.cells, 1)
            for name in state_names(inner)
        ]
    count = sum(1 for _ in leaves(cell.state_size))
    known = {"LSTMCell": ["hidden", "cell"], "GRUCell": ["hidden"], "SimpleRNNCell": ["hidden"]}
    names = known.get(type(cell).__name__, [])
    if len(names) == count:
        return names
    return ["state"] if count == 1 else [f"state_{number}" for number in range(1, count + 1)]


def first_states(layer: Any, batch: int, initial_state: Any) -> list[Any]:
    """The states that a recurrent layer begins a call with."""
    if initial_state is not None:
        return list(layer._checked_states(initial_state, batch))
    if layer.stateful and layer.states is not None:
        return list(layer._memory.first_rows(batch, layer.name))
    return list(layer.get_initial_state(batch))
