"""`trace`: every layer's outputs, and everything that goes on inside recurrent ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold.engine import Tensor, no_recording
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.inspection.gates import gates_of
from leftfold.inspection.watching import (
    around_calls,
    first_states,
    layer_paths,
    read_step_by_step,
)
from leftfold.layers import RNN


@dataclass
class LayerCall:
    """One call of a layer.

    Attributes:
        name: the layer's, with the names of those around it: `"bidirectional/forward_lstm"`.
        kind: the layer's class.
        output: an array, or a structure of arrays.
        mask: that of the input, or `None`.
    """

    name: str
    kind: str
    output: Any
    mask: Any = None


@dataclass
class Recurrence:
    """What went on inside a recurrent layer. Time runs forwards, also where the layer does not.

    Attributes:
        name: the layer's, as in `LayerCall`.
        cell: the class of its cell.
        backwards: whether it reads from the end.
        inputs: what it read, `(rows, timesteps, features)`.
        mask: which steps count, `(rows, timesteps)`, or `None` where all do.
        initial: the states before the first step by name, `(rows, units)`.
        states: the states after each step by name, `(rows, timesteps, units)`: `"hidden"`, and
            for an LSTM `"cell"`. Skipped steps show the state that was carried over.
        gates: what each gate let through by name, `(rows, timesteps, units)`: `"input"`,
            `"forget"`, `"output"` of an LSTM, `"update"` and `"reset"` of a GRU, and of both the
            `"candidate"`, which is no gate but what they gate. NaN at skipped steps.
    """

    name: str
    cell: str
    backwards: bool
    inputs: np.ndarray = field(repr=False)
    mask: np.ndarray | None = field(repr=False)
    initial: dict[str, np.ndarray] = field(repr=False)
    states: dict[str, np.ndarray] = field(repr=False)
    gates: dict[str, np.ndarray] = field(repr=False)


@dataclass
class Trace:
    """What `trace` returns.

    Attributes:
        output: the model's.
        calls: all calls of layers, in order.
        recurrences: those of recurrent layers by name; of a layer that is called several times,
            the last.
    """

    output: Any
    calls: list[LayerCall]
    recurrences: dict[str, Recurrence]

    def __getitem__(self, name: str) -> Any:
        """The output of a layer, by its name; of several calls, the last."""
        for call in reversed(self.calls):
            if name == call.name:
                return call.output
        names = ", ".join(dict.fromkeys(call.name for call in self.calls))
        raise KeyError(f"trace has no layer {name!r}; it has {names}.")

    @property
    def recurrence(self) -> Recurrence:
        """The first recurrent layer's.

        Raises:
            ValueError: when there is none.
        """
        for recurrence in self.recurrences.values():
            return recurrence
        raise ValueError("The model has no recurrent layer.")


def trace(model: Any, x: Any) -> Trace:
    """Run a model and keep what every layer gives, and all states and gates.

    Recurrent layers (`SimpleRNN`, `LSTM`, `GRU`, `RNN` over any cell, both sides of
    `Bidirectional`, layers inside models inside the model) are read once more, step by step, from
    the inputs and states that they got. The model and the states that it keeps stay as they are;
    dropout does nothing.

    Args:
        model: a model or a layer.
        x: its input, one row per sequence.

    Raises:
        TypeError: for what is no model.

    Example:
        >>> import numpy as np
        >>> import leftfold
        >>> from leftfold import layers
        >>> model = leftfold.Sequential([
        ...     layers.Input((None,)), layers.Embedding(9, 4, mask_zero=True),
        ...     layers.Bidirectional(layers.GRU(3, name="gru"), name="both"), layers.Dense(1),
        ... ])
        >>> traced = trace(model, np.array([[1, 2, 3, 0]]))
        >>> [call.kind for call in traced.calls]
        ['Embedding', 'GRU', 'GRU', 'Bidirectional', 'Dense']
        >>> backward = traced.recurrences["both/backward_gru"]
        >>> backward.states["hidden"].shape, backward.gates["update"][0, 3]
        ((1, 4, 3), array([nan, nan, nan], dtype=float32))
    """
    if not hasattr(model, "_flatten_layers"):
        raise TypeError(f"trace expected a model, got {type(model).__name__}.")
    paths = layer_paths(model)
    calls: list[LayerCall] = []
    recurrences: dict[str, Recurrence] = {}

    def around(
        layer: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        name = paths[id(layer)] or layer.name
        mask = map_structure(_array, kwargs.get("mask"))
        if isinstance(layer, RNN):
            recurrences[name] = _recurrence(name, layer, *args, **kwargs)
        output = call(*args, **kwargs)
        calls.append(LayerCall(name, type(layer).__name__, map_structure(_array, output), mask))
        return output

    with no_recording(), around_calls(model, around):
        output = model(map_structure(_as_input, x), training=False)
    return Trace(map_structure(_array, output), calls, recurrences)


def _recurrence(
    name: str,
    layer: Any,
    sequences: Any,
    initial_state: Any = None,
    mask: Any = None,
    training: Any = None,
) -> Recurrence:
    mask = next(leaves(mask), None)
    mask = None if mask is None else np.asarray(mask, bool)
    first = first_states(layer, sequences.shape[0], initial_state)
    steps = read_step_by_step(layer, sequences, first, mask, training=False)
    shapes = [_array(state).shape for state in leaves(first)]

    def over_time(moments: list[list[Any]]) -> dict[str, np.ndarray]:
        return {
            state: np.stack([_array(moment[place]) for moment in moments], axis=1)
            if moments
            else np.zeros((shapes[place][0], 0, *shapes[place][1:]))
            for place, state in enumerate(steps.names)
        }

    inputs, after = _array(sequences), over_time(steps.after)
    gates = gates_of(layer.cell, inputs, over_time(steps.before), after)
    if mask is not None:
        gates = {gate: np.where(mask[..., None], values, np.nan) for gate, values in gates.items()}
    initial = dict(zip(steps.names, map(_array, leaves(first)), strict=True))
    return Recurrence(
        name,
        type(layer.cell).__name__,
        bool(layer.go_backwards),
        inputs,
        mask,
        initial,
        after,
        gates,
    )


def _array(value: Any) -> Any:
    return np.array(value.data) if isinstance(value, Tensor) else value


def _as_input(value: Any) -> Any:
    return value if isinstance(value, Tensor) else np.asarray(value)
