"""Where each variable of a model lies in a file: Keras's walk over layers and optimiser."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from leftfold.engine.naming import to_snake_case
from leftfold.layers import InputLayer, Layer
from leftfold.optimizers import Optimizer
from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5 import Variables, WeightsReader, WeightsWriter
from leftfold.saving.optimizer_state import (
    Stored,
    read_state_of_keras2,
    variables_as_stored,
)
from leftfold.saving.sharded import ShardedReader


def walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Every layer and optimiser in a model with its path in a file, each once.

    A layer in an attribute is found under the attribute's name, one in a list or dictionary
    under its class's name in snake case, numbered within the list: the names that users or
    Keras make up do not matter. The layers of a graph or stack come first, then attributes in
    alphabetical order, private ones last.
    """
    yield from _walk(root, "", set())


def _walk(item: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(item) in seen:
        return
    seen.add(id(item))
    yield path, item
    children = _children(item)
    if path and children and children[0][0] == "layers":
        # Each of several models that share a layer has it in the file, so that Keras, which makes
        # one of its own for each, finds all of them.
        seen = {id(item)}
    for name, child in children:
        place = f"{path}/{name}" if path else name
        if isinstance(child, Layer | Optimizer):
            yield from _walk(child, place, seen)
        else:
            yield from _walk_container(child, place, seen)


def _walk_container(container: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    counts: Counter[str] = Counter()
    for item in container.values() if isinstance(container, dict) else container:
        if isinstance(item, Layer):
            kind = to_snake_case(type(item).__name__)
        elif isinstance(item, list | tuple | dict):
            kind = "container"
        else:
            continue
        place = f"{path}/{kind}_{counts[kind]}" if counts[kind] else f"{path}/{kind}"
        counts[kind] += 1
        if kind == "container":
            yield from _walk_container(item, place, seen)
        else:
            yield from _walk(item, place, seen)


def _children(item: Any) -> list[tuple[str, Any]]:
    if not isinstance(item, Layer):
        return []
    first: list[tuple[str, Any]] = []
    others: list[tuple[str, Any]] = []
    for name, child in item._state_children():
        if isinstance(child, InputLayer):
            continue
        (first if name == "layers" else others).append((name, child))
    layers = getattr(item, "layers", None)
    if not first and isinstance(layers, list):
        others.append(("layers", layers))
    optimizer = getattr(item, "optimizer", None)
    if isinstance(optimizer, Optimizer):
        others.append(("optimizer", optimizer))
    return first + sorted(others, key=_private_last)


def _private_last(child: tuple[str, Any]) -> str:
    name, _ = child
    return f"~{name}" if name.startswith("_") else name


def write_weights(root: Any) -> memoryview:
    """The HDF5 file with all variables of a model and its optimiser."""
    writer = WeightsWriter()
    for path, item in walk(root):
        group = writer.group(path, item.name)
        if isinstance(item, Optimizer) and item.built and not item._iterations.data:
            _write_unused(item, group)
        else:
            item.save_own_variables(group)
    return writer.finish()


def _write_unused(optimizer: Optimizer, group: Any) -> None:
    """What an optimiser writes that has no moments yet; zeros would only take room."""
    scalars = itertools.takewhile(lambda variable: variable.shape == (), optimizer.variables)
    for index, variable in enumerate(scalars):
        group[str(index)] = variable.numpy()


def read_weights(
    root: Any,
    reader: WeightsReader | ShardedReader,
    skip_mismatch: bool = False,
    keras2: bool = False,
) -> None:
    """Replace all variables of a model and its optimiser by those in a file.

    Number and shapes are compared before anything is changed.

    Args:
        root: a built model.
        reader: the file.
        skip_mismatch: leave layers alone whose variables do not fit, with a warning, instead of
            refusing the file.
        keras2: whether Keras 2 wrote the file.

    Raises:
        SavingError: naming the layer, what it expected, and what the file holds.
    """
    plan: dict[int, tuple[Any, Variables]] = {}
    problems: dict[int, str] = {}
    for path, item in walk(root):
        stored = reader.variables(path)
        if keras2 and isinstance(item, Optimizer):
            read_state_of_keras2(item, _unnamed(stored), stored.where)
            continue
        problem = _mismatch(item, stored)
        if not problem:
            plan[id(item)] = (item, stored)
        elif _is_legacy_container(path, stored):
            warnings.warn(f"{problem} It keeps its fresh weights.", stacklevel=4)
        else:
            problems.setdefault(id(item), problem)
    # A layer that several models share lies at one of its places, or at all of them.
    told = [problem for item, problem in problems.items() if item not in plan]
    if told and not skip_mismatch:
        more = f" (and {len(told) - 1} more layers)" if len(told) > 1 else ""
        raise SavingError(f"{reader.name} does not fit the model: {told[0]}{more}")
    for problem in told:
        warnings.warn(f"{problem} It was left as it is.", stacklevel=4)
    for item, stored in plan.values():
        if isinstance(item, Optimizer):
            _read_optimizer(item, stored)
        else:
            item.load_own_variables(stored)
            _note_quantization(item, stored)


def _note_quantization(item: Any, stored: Variables) -> None:
    """Let variables that came in fewer bits be saved so again."""
    variables = item._own_variables() if isinstance(item, Layer) else []
    for index, variable in enumerate(variables):
        if str(index) in stored and variable.dtype == "float32":
            variable.quantization = stored.quantization(str(index))


def _read_optimizer(optimizer: Optimizer, stored: Variables) -> None:
    own = type(optimizer).load_own_variables is not Optimizer.load_own_variables
    if _had_not_begun(optimizer, stored):
        for key in stored:
            optimizer.variables[int(key)].assign(stored[key])
    elif own or len(stored) != len(optimizer.variables):
        optimizer.load_own_variables(stored)
    else:
        for index, variable in enumerate(_in_order(optimizer, stored)):
            variable.assign(stored[str(index)])


def _in_order(optimizer: Optimizer, stored: Variables) -> list[Any]:
    keys = [key for key in map(str, range(len(stored))) if key in stored]
    return variables_as_stored(optimizer, [stored.shape(key) for key in keys])


def _unnamed(stored: Variables) -> list[Stored]:
    """Numbered arrays in their order."""
    keys = [str(number) for number in range(len(stored))]
    return [
        ("", stored.shape(key), partial(stored.__getitem__, key)) for key in keys if key in stored
    ]


def _mismatch(item: Any, stored: Variables) -> str:
    """Why the variables in a file cannot be those of `item`; empty if they can."""
    if isinstance(item, Optimizer):
        if len(stored) != len(item.variables):
            return ""
        variables = _in_order(item, stored)
        names = [variable.name for variable in variables]
    elif type(item).load_own_variables is Layer.load_own_variables:
        variables = item._own_variables()
        names = [variable.name for variable in variables]
        if len(stored) != len(variables):
            listed = f" ({', '.join(names)})" if names else ""
            return (
                f"{type(item).__name__} {item.name} expected {len(variables)} variables{listed}, "
                f"found {len(stored)} for {stored.where}."
            )
    else:
        return ""
    for index, variable in enumerate(variables):
        key = str(index)
        if key not in stored:
            return f"{item.name} expected a variable {key}, found none for {stored.where}."
        if stored.shape(key) != variable.shape:
            return (
                f"{type(item).__name__} {item.name} expected shape {variable.shape} for "
                f"{names[index]}, found {stored.shape(key)} for {stored.where}."
            )
    return ""


def _had_not_begun(optimizer: Optimizer, stored: Variables) -> bool:
    """Whether the file holds the optimiser as it is before the first step: just its scalars."""
    return (
        0 < len(stored) < len(optimizer.variables)
        and stored.name == optimizer.name
        and set(stored) == {str(index) for index in range(len(stored))}
        and all(stored.shape(key) == () == optimizer.variables[int(key)].shape for key in stored)
    )


def _is_legacy_container(path: str, stored: Variables) -> bool:
    """Whether older versions of Keras did not write this place at all."""
    return not len(stored) and any(part.startswith("container") for part in path.split("/"))
