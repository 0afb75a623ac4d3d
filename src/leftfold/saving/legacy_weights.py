"""The weights of `.h5` files, matched with a model by the order or the names of its layers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine.variable import Variable
from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5_safe import read_array
from leftfold.saving.legacy_h5 import LegacyReader, listed_layers, listed_weights

Assignment = tuple[Variable, Any, Callable[[np.ndarray], np.ndarray]]
"""A variable, the data set with its values, and what is to be done to them."""


def read_legacy_weights(
    model: Any, reader: LegacyReader, by_name: bool = False, skip_mismatch: bool = False
) -> None:
    """Replace the weights of a model by those in a file.

    Number and shapes are compared before anything is changed.

    Args:
        model: a built model.
        reader: the file.
        by_name: whether layers are found by their names, and those that only one side has are
            left alone; otherwise by their order, and both sides must have the same number.
        skip_mismatch: leave alone, with a warning, what does not fit.

    Raises:
        SavingError: naming the layer, what it expected, and what the file holds.
    """
    plan: list[Assignment] = []
    pairs = _by_name(model, reader) if by_name else _by_order(model, reader)
    for layer, name, weights in pairs:
        datasets = reader.arrays(name, weights)
        expected = _outside_of_layers(model) if name is None else listed_weights(layer)
        found, problems = _match(layer, name, expected, datasets, reader.name)
        if problems and not skip_mismatch:
            raise SavingError(f"{reader.name} does not fit the model: {problems[0]}")
        for problem in problems:
            warnings.warn(f"{problem} It was left as it is.", stacklevel=4)
        plan.extend(found)
    for variable, dataset, change in plan:
        variable.assign(change(read_array(dataset, f"{variable.path} in {reader.name}")))


def _by_order(model: Any, reader: LegacyReader) -> list[tuple[Any, str | None, list[str]]]:
    layers = [layer for layer in listed_layers(model) if listed_weights(layer)]
    stored = [(name, weights) for name, weights in reader.layers() if weights]
    if len(layers) != len(stored):
        raise SavingError(
            f"{reader.name} does not fit the model: it has {len(stored)} layers with weights "
            f"({_listed([name for name, _ in stored])}), the model {len(layers)} "
            f"({_listed([layer.name for layer in layers])})."
        )
    pairs = zip(layers, stored, strict=True)
    return [(layer, name, weights) for layer, (name, weights) in pairs] + _top(model, reader)


def _by_name(model: Any, reader: LegacyReader) -> list[tuple[Any, str | None, list[str]]]:
    stored = dict(reader.layers())
    named = [layer for layer in listed_layers(model) if layer.name in stored]
    return [(layer, layer.name, stored[layer.name]) for layer in named] + _top(model, reader)


def _top(model: Any, reader: LegacyReader) -> list[tuple[Any, str | None, list[str]]]:
    weights = reader.top_level()
    return [] if weights is None else [(model, None, weights)]


def _outside_of_layers(model: Any) -> list[Variable]:
    """The variables that a model holds itself."""
    own: list[Variable] = model._own_variables()
    return own


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") or "none"


def _match(
    layer: Any, name: str | None, variables: list[Variable], datasets: list[Any], file: str
) -> tuple[list[Assignment], list[str]]:
    """What goes where, and what does not fit."""
    place = f"layer {name} in {file}" if name else file
    called = f"{type(layer).__name__} {layer.name}"
    if len(datasets) != len(variables):
        listed = ", ".join(variable.name for variable in variables) or "none"
        return [], [
            f"{called} expected {len(variables)} variables ({listed}), found {len(datasets)} for "
            f"{place}."
        ]
    changes = _changes(variables, [dataset.shape for dataset in datasets])
    plan, problems = [], []
    for variable, dataset, change in zip(variables, datasets, changes, strict=True):
        shape = dataset.shape
        if change is None and shape != variable.shape:
            problems.append(
                f"{called} expected shape {variable.shape} for {variable.name}, found {shape} for "
                f"{place}."
            )
        else:
            plan.append((variable, dataset, change or _unchanged))
    return plan, problems


def _unchanged(values: np.ndarray) -> np.ndarray:
    return values


def _changes(variables: list[Variable], shapes: list[Any]) -> list[Any]:
    """What to do to each array before it is a variable's value, `None` for nothing.

    cuDNN keeps each gate's kernel transposed, and two biases where Keras has their sum (LSTM) or
    stacks them (GRU): a bias twice as long as expected, in one row, gives it away.
    """
    changes: list[Any] = [None] * len(variables)
    for at in range(2, len(variables)):
        kernel, recurrent, bias = (variables[at - 2], variables[at - 1], variables[at])
        names = (kernel.name, recurrent.name, bias.name)
        if names != ("kernel", "recurrent_kernel", "bias") or len(shapes[at]) != 1:
            continue
        gates = recurrent.shape[1] // recurrent.shape[0]
        if shapes[at] != (2 * gates * recurrent.shape[0],):
            continue
        if (shapes[at - 2], shapes[at - 1]) != (kernel.shape, recurrent.shape):
            continue
        if gates == 4 or bias.shape == (2, gates * recurrent.shape[0]):
            changes[at - 2] = lambda values, n=gates: _each_gate(values, n, _from_columns)
            changes[at - 1] = lambda values, n=gates: _each_gate(values, n, np.transpose)
            changes[at] = _sum_of_halves if gates == 4 else (lambda values: values.reshape(2, -1))
    return changes


def _each_gate(values: np.ndarray, gates: int, change: Callable[..., np.ndarray]) -> np.ndarray:
    return np.hstack([change(part) for part in np.hsplit(values, gates)])


def _from_columns(kernel: np.ndarray) -> np.ndarray:
    """The numbers of a kernel in cuDNN's order, column by column."""
    return kernel.T.reshape(kernel.shape, order="F")


def _sum_of_halves(bias: np.ndarray) -> np.ndarray:
    first, second = np.split(bias, 2)
    return first + second
