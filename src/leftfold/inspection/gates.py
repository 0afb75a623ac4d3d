"""The gates of known cells, from what they read and the states that they began each step with."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import Tensor
from leftfold.layers import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells

States = dict[str, np.ndarray]


def gates_of(cell: Any, inputs: np.ndarray, before: States, after: States) -> States:
    """What each gate lets through at each step.

    Args:
        cell: a cell with its weights.
        inputs: `(rows, timesteps, features)`.
        before: the states before each step by name, `(rows, timesteps, units)`.
        after: those after each step.

    Returns:
        By name, `(rows, timesteps, units)`; nothing for a cell whose gates are not known.
    """
    if isinstance(cell, StackedRNNCells):
        return _of_stacked(cell, inputs, before, after)
    if type(cell) is LSTMCell:
        return _of_lstm(cell, inputs, before["hidden"])
    if type(cell) is GRUCell:
        return _of_gru(cell, inputs, before["hidden"])
    return {}


def _of_lstm(cell: Any, x: np.ndarray, h: np.ndarray) -> States:
    """See `leftfold.engine.reference.lstm` for the equations."""
    z = x @ _values(cell.kernel) + h @ _values(cell.recurrent_kernel)
    if cell.bias is not None:
        z = z + _values(cell.bias)
    z_i, z_f, z_g, z_o = np.split(z, 4, axis=-1)
    return {
        "input": _applied(cell.recurrent_activation, z_i),
        "forget": _applied(cell.recurrent_activation, z_f),
        "candidate": _applied(cell.activation, z_g),
        "output": _applied(cell.recurrent_activation, z_o),
    }


def _of_gru(cell: Any, x: np.ndarray, h: np.ndarray) -> States:
    """See `leftfold.engine.reference.gru` for the equations."""
    recurrent_kernel = _values(cell.recurrent_kernel)
    at_input, at_state = np.zeros(1, x.dtype), np.zeros(1, x.dtype)
    if cell.bias is not None:
        bias = _values(cell.bias)
        at_input, at_state = bias if cell.reset_after else (bias, at_state)
    x_z, x_r, x_g = np.split(x @ _values(cell.kernel) + at_input, 3, axis=-1)
    h_z, h_r, h_g = np.split(h @ recurrent_kernel + at_state, 3, axis=-1)
    update = _applied(cell.recurrent_activation, x_z + h_z)
    reset = _applied(cell.recurrent_activation, x_r + h_r)
    before = recurrent_kernel[:, 2 * cell.units :]
    seen = reset * h_g if cell.reset_after else (reset * h) @ before
    candidate = _applied(cell.activation, x_g + seen)
    return {"update": update, "reset": reset, "candidate": candidate}


def _of_stacked(cell: Any, inputs: np.ndarray, before: States, after: States) -> States:
    """Each cell's, as long as it is known what the one below it hands up: its hidden state."""
    found: States = {}
    for number, inner in enumerate(cell.cells, 1):
        prefix = f"{number}/"
        own_before, own_after = (
            {name.removeprefix(prefix): v for name, v in states.items() if name.startswith(prefix)}
            for states in (before, after)
        )
        gates = gates_of(inner, inputs, own_before, own_after)
        found |= {prefix + gate: values for gate, values in gates.items()}
        if type(inner) not in (LSTMCell, GRUCell, SimpleRNNCell):
            break
        inputs = own_after["hidden"]
    return found


def _values(variable: Any) -> np.ndarray:
    return np.asarray(variable.data)


def _applied(activation: Any, values: np.ndarray) -> np.ndarray:
    result = activation(values)
    return np.asarray(result.data if isinstance(result, Tensor) else result)
