"""How much of the gradient arrives, the further it travels back through time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold import layers, losses, ops
from leftfold.engine import Tape, Tensor
from leftfold.engine.random import set_random_seed
from leftfold.engine.symbolic import leaves
from leftfold.inspection.watching import (
    around_calls,
    first_states,
    layer_paths,
    read_step_by_step,
)
from leftfold.layers import RNN
from leftfold.models import Model


@dataclass
class GradientFlow:
    """The gradient of a loss at every step of a recurrent layer.

    Attributes:
        name: the layer's.
        cell: the class of its cell.
        norms: how long the gradient with respect to the states behind each step is, the mean
            over rows, `(timesteps,)`, in the order of time. All states of a step count, each by
            itself, so for an LSTM hidden and cell state.
        rows: the same for each row, `(rows, timesteps)`.
    """

    name: str
    cell: str
    norms: np.ndarray
    rows: np.ndarray = field(repr=False)

    def back(self) -> np.ndarray:
        """The norms by the number of steps that the gradient travelled, as shares of the first."""
        reversed_norms = self.norms[::-1]
        return np.asarray(reversed_norms / max(reversed_norms[0], np.finfo(float).tiny))


def gradient_flow(model: Any, x: Any, y: Any, loss: Any = None) -> dict[str, GradientFlow]:
    """Measure the gradient that each step of each recurrent layer of a model gets.

    The layers are read step by step, so that the gradient of the loss with respect to every state
    can be asked for. Where it dwindles on its way back, what happened that long ago cannot be
    learnt (Bengio, Simard and Frasconi, 1994); where it grows, learning goes astray (Pascanu,
    Mikolov and Bengio, 2013).

    Args:
        model: a model with recurrent layers.
        x: its input.
        y: its target.
        loss: a loss or its name; by default that of `compile`.

    Returns:
        By the name of each recurrent layer, in the order in which they run.

    Raises:
        ValueError: for a model without recurrent layers, or without a loss.

    Example:
        >>> import leftfold
        >>> model = leftfold.Sequential([layers.Input((20, 2)), layers.SimpleRNN(8, name="reader")])
        >>> random = np.random.default_rng(0)
        >>> x, y = random.normal(size=(16, 20, 2)), random.normal(size=(16, 8))
        >>> flow = gradient_flow(model, x, y, "mse")["reader"]
        >>> flow.norms.shape, bool(flow.back()[0] == 1)
        ((20,), True)
    """
    paths = layer_paths(model)
    states: dict[str, tuple[str, list[list[Tensor]]]] = {}

    def around(
        layer: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if not isinstance(layer, RNN):
            return call(*args, **kwargs)
        output, name, moments = _read(layer, paths[id(layer)], *args, **kwargs)
        states[name] = type(layer.cell).__name__, moments
        return output

    inputs = [_tracked(np.asarray(part)) for part in leaves(x)]
    with Tape() as tape, around_calls(model, around):
        output = model(inputs[0] if len(inputs) == 1 else inputs, training=False)
        total = _loss_of(model, loss)(y, output)
    if not states:
        raise ValueError(f"gradient_flow expected a model with recurrent layers, got {model.name}.")
    return {
        name: _flow(name, cell, moments, tape, total) for name, (cell, moments) in states.items()
    }


def _read(
    layer: Any,
    name: str,
    sequences: Any,
    initial_state: Any = None,
    mask: Any = None,
    training: Any = None,
) -> tuple[Any, str, list[list[Tensor]]]:
    mask = next(leaves(mask), None)
    mask = None if mask is None else np.asarray(mask, bool)
    first = first_states(layer, sequences.shape[0], initial_state)
    steps = read_step_by_step(layer, sequences, first, mask, training=False)
    answer = (steps.output, *steps.last) if layer.return_state else steps.output
    return answer, name or layer.name, steps.after


def _tracked(array: np.ndarray) -> Tensor:
    return (
        Tensor(array.astype("float32"), tracked=True) if array.dtype.kind == "f" else Tensor(array)
    )


def _loss_of(model: Any, loss: Any) -> Callable[[Any, Any], Any]:
    chosen = loss if loss is not None else getattr(model, "loss", None)
    if chosen is None:
        raise ValueError("gradient_flow expected a loss, or a model compiled with one.")
    function = losses.get(chosen)
    return lambda y, output: ops.mean(function(ops.convert_to_tensor(y), output))


def _flow(
    name: str, cell: str, moments: list[list[Tensor]], tape: Tape, total: Tensor
) -> GradientFlow:
    flat = [state for moment in moments for state in moment]
    gradients = iter(tape.gradient(total, flat))
    squares = []
    for moment in moments:
        square = np.zeros(moment[0].shape[0])
        for gradient in itertools.islice(gradients, len(moment)):
            if gradient is not None:
                square += np.square(gradient.reshape(len(square), -1).astype(float)).sum(1)
        squares.append(square)
    rows = np.sqrt(np.stack(squares, axis=1))
    return GradientFlow(name, cell, rows.mean(0), rows)


def compare_cells(
    x: Any,
    y: Any,
    units: int = 32,
    cells: Sequence[str] = ("SimpleRNN", "GRU", "LSTM"),
    loss: Any = "mse",
    seed: int = 0,
    prepare: Callable[[Any], Any] | None = None,
) -> dict[str, GradientFlow]:
    """The gradient's way back through fresh networks that differ in nothing but their cell.

    Each is one recurrent layer whose last state a `Dense` layer turns into the target.

    Args:
        x: sequences, `(rows, timesteps, features)`.
        y: targets, `(rows, outputs)`.
        units: of the recurrent layer.
        cells: names of recurrent layers.
        loss: of the target.
        seed: of the weights.
        prepare: called with each model before it is measured, for instance to train it.

    Returns:
        By cell.

    Example:
        >>> random = np.random.default_rng(0)
        >>> x, y = random.normal(size=(8, 60, 1)), random.normal(size=(8, 1))
        >>> flows = compare_cells(x, y, units=16)
        >>> [(cell, flow.norms.shape) for cell, flow in flows.items()]
        [('SimpleRNN', (60,)), ('GRU', (60,)), ('LSTM', (60,))]
    """
    x, y = np.asarray(x, "float32"), np.asarray(y)
    if x.ndim != 3 or y.ndim != 2 or len(x) != len(y):
        raise ValueError(
            "compare_cells expected x of shape (rows, timesteps, features) and y of shape "
            f"(rows, outputs), got {x.shape} and {y.shape}."
        )
    found = {}
    for cell in cells:
        set_random_seed(seed)
        inputs = layers.Input(x.shape[1:])
        outputs = layers.Dense(y.shape[1])(getattr(layers, cell)(units)(inputs))
        model = Model(inputs, outputs)
        if prepare is not None:
            prepare(model)
        (found[cell],) = gradient_flow(model, x, y, loss).values()
    return found
