"""State dicts into layers and out of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from leftfold import layers
from leftfold.interop.torch.files import as_numpy, read_state
from leftfold.interop.torch.modules import Module, in_order, modules_of
from leftfold.interop.torch.recurrent import cell_weights, kind_of_cell, module_tensors

Names = Mapping[str, Any]

_PLAIN = {
    layers.Embedding: "Embedding",
    layers.Dense: "Linear",
    layers.LayerNormalization: "LayerNorm",
    layers.BatchNormalization: "BatchNorm",
    layers.Conv1D: "Conv1d",
}


def load_state(model: Any, state: Any, names: Names | None = None) -> None:
    """Copy the tensors of a state dict into the weights of a model or layer.

    Args:
        model: a built model or layer.
        state: arrays or tensors by name, or the path of a file for `read_state`.
        names: for each module of the state dict, by its name there, the name of the layer that
            takes its weights, or a list of names for a recurrent module of several layers. By
            default modules go to the layers of the same names, if all are named alike, and
            otherwise to the layers with weights in order.

    Raises:
        ValueError: when modules and layers do not fit; nothing is changed then.
        SavingError: when a file cannot be read.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> dense = layers.Dense(2)
        >>> dense.build((None, 3))
        >>> load_state(dense, {"weight": np.ones((2, 3)), "bias": np.zeros(2)})
        >>> dense(np.ones((1, 3))).tolist()
        [[3.0, 3.0]]
    """
    if not isinstance(state, Mapping):
        state = read_state(state)
    arrays = {name: as_numpy(value, name) for name, value in state.items()}
    leaves = _layers_with_weights(model)
    new: list[tuple[Any, list[np.ndarray]]] = []
    for module, targets in _matched(arrays, leaves, names):
        for depth, layer in enumerate(targets):
            new.append((layer, _weights_for(module, layer, depth)))
    for layer, weights in new:
        layer.set_weights(weights)


def state_dict(model: Any, names: Names | None = None) -> dict[str, np.ndarray]:
    """The weights of a model or layer as PyTorch's modules have them.

    Args:
        model: a built model or layer.
        names: for each module to write, by the name it shall have, the name of a layer, or a
            list of names of recurrent layers that become one module of several layers. By
            default every layer with weights becomes a module under its own name; a layer on its
            own has no name.

    Returns:
        Arrays by name.

    Raises:
        ValueError: for a layer that no module of PyTorch can stand for.
    """
    leaves = _layers_with_weights(model)
    if names is None:
        alone = len(leaves) == 1 and leaves[0] is model
        groups = {"" if alone else layer.name: [layer] for layer in leaves}
    else:
        by_name = {layer.name: layer for layer in leaves}
        groups = {prefix: _found(by_name, wanted) for prefix, wanted in names.items()}
    state = {}
    for prefix, group in groups.items():
        for depth, layer in enumerate(group):
            for name, tensor in _tensors_of(layer, depth).items():
                state[f"{prefix}.{name}" if prefix else name] = np.ascontiguousarray(tensor)
    return state


def _layers_with_weights(model: Any) -> list[Any]:
    """The layers that hold weights and can stand for a module, in the order of the model."""

    def walk(layer: Any) -> Iterable[Any]:
        if hasattr(layer, "layers") and hasattr(layer, "predict"):
            for inner in layer.layers:
                yield from walk(inner)
        elif isinstance(layer, layers.TimeDistributed):
            yield from walk(layer.layer)
        elif layer.weights:
            yield layer

    found: list[Any] = []
    for layer in walk(model):
        if not any(layer is other for other in found):
            found.append(layer)
    if not found:
        raise ValueError(f"{model.name} has no weights: build it first, or call it on data.")
    return found


def _found(by_name: Mapping[str, Any], wanted: Any) -> list[Any]:
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise ValueError(
            f"names expected layers with weights ({', '.join(by_name)}), got {missing[0]!r}."
        )
    return [by_name[name] for name in wanted]


def _matched(
    state: Mapping[str, np.ndarray], leaves: Sequence[Any], names: Names | None
) -> Iterable[tuple[Module, list[Any]]]:
    """Each module with the layers that take its weights."""
    by_name = {layer.name: layer for layer in leaves}
    prefixes = {name.rpartition(".")[0] for name in state}
    if names is None and prefixes == set(by_name):
        names = {prefix: prefix for prefix in by_name}
    if names is not None:
        wanted = {
            name: tensor
            for name, tensor in state.items()
            if name.rpartition(".")[0] in names
        }  # fmt: skip
        kinds = {
            prefix: _module_kind(_found(by_name, target)[0]) for prefix, target in names.items()
        }
        modules = modules_of(wanted, _ambiguous(kinds))
        absent = [prefix for prefix in names if prefix not in modules]
        if absent:
            raise ValueError(f"The state dict has no module {absent[0]!r} that names asks for.")
        for prefix, target in names.items():
            yield _checked(modules[prefix], _found(by_name, target))
        return
    rest = list(leaves)
    for module in in_order(modules_of(state), state):
        count = module.depth if module.recurrent else 1
        taken, rest = rest[:count], rest[count:]
        if len(taken) < count:
            raise ValueError(
                f"{module.title} expected {count} more layer{'s' * (count > 1)} with weights, "
                f"got {len(taken)}: name the layers with names."
            )
        if len(module.tensors) == 1 and isinstance(taken[0], layers.Embedding):
            module = module._replace(kind="Embedding")
        yield _checked(module, taken)
    if rest:
        raise ValueError(
            f"The state dict has nothing for {', '.join(layer.name for layer in rest)}: "
            "name the layers with names."
        )


def _ambiguous(kinds: Mapping[str, str | None]) -> dict[str, str]:
    """What shapes cannot tell: whether a lone matrix is a table or a product."""
    return {prefix: kind for prefix, kind in kinds.items() if kind == "Embedding"}


def _checked(module: Module, targets: list[Any]) -> tuple[Module, list[Any]]:
    if module.recurrent and module.depth != len(targets):
        raise ValueError(
            f"{module.title} has {module.depth} layers, got {len(targets)} to take their weights."
        )
    for layer in targets:
        kind = _module_kind(layer)
        if kind != module.kind:
            known = f"a {type(layer).__name__}" + (f" (nn.{kind})" if kind in _PLAIN else "")
            raise ValueError(
                f"{module.title} expected a layer of its kind, got {layer.name}, {known}."
            )
    return module, targets


def _module_kind(layer: Any) -> str | None:
    if type(layer) in _PLAIN:
        return _PLAIN[type(layer)]
    return kind_of_cell(_cells_of(layer)[0][0]) if _cells_of(layer) else None


def _cells_of(layer: Any) -> list[tuple[Any, bool]]:
    """The cells of a recurrent layer, with whether PyTorch calls their direction reverse."""
    if isinstance(layer, layers.Bidirectional):
        if layer.forward_layer.go_backwards:
            return []
        return [(layer.forward_layer.cell, False), (layer.backward_layer.cell, True)]
    return [(layer.cell, False)] if isinstance(layer, layers.RNN) else []


def _weights_for(module: Module, layer: Any, depth: int) -> list[np.ndarray]:
    """The weights of `layer`, in its order, out of a module."""
    if module.recurrent:
        cells = _cells_of(layer)
        if module.bidirectional != (len(cells) == 2):
            theirs, ours = ("two", "one") if module.bidirectional else ("one", "two")
            raise ValueError(
                f"{module.title} reads in {theirs} direction{'s' * (theirs == 'two')}, "
                f"{layer.name} in {ours}."
            )
        return [
            array
            for cell, reverse in cells
            for array in cell_weights(module, cell, depth, reverse)
        ]  # fmt: skip
    return [
        _ours(module.tensor(name, _theirs(variable.numpy(), module.kind).shape), module.kind)
        for name, variable in _named_variables(layer, module.kind, module)
    ]


def _tensors_of(layer: Any, depth: int) -> dict[str, np.ndarray]:
    """What PyTorch's module for `layer` would hold."""
    cells = _cells_of(layer)
    if cells:
        return {
            name: tensor
            for cell, reverse in cells
            for name, tensor in module_tensors(cell, depth, reverse).items()
        }
    kind = _PLAIN.get(type(layer))
    if kind is None:
        raise ValueError(
            f"PyTorch has no module here for {layer.name}, a {type(layer).__name__}: name the "
            "layers to write with names."
        )
    return {
        name: _theirs(variable.numpy(), kind) for name, variable in _named_variables(layer, kind)
    }


def _named_variables(layer: Any, kind: str, module: Module | None = None) -> list[tuple[str, Any]]:
    """The variables of a plain layer in its order, each with its name in PyTorch.

    Raises:
        ValueError: when the layer has no place for a bias of the module.
    """
    if kind == "Embedding":
        pairs = [("weight", layer.embeddings)]
    elif kind in ("Linear", "Conv1d"):
        _check_convolution(layer, kind)
        pairs = [("weight", layer.kernel), ("bias", layer.bias)]
    else:
        pairs = [("weight", layer.gamma), ("bias", layer.beta)]
        if kind == "BatchNorm":
            pairs += [("running_mean", layer.moving_mean), ("running_var", layer.moving_variance)]
    for name, variable in pairs:
        if variable is None and module is not None and name in module.tensors:
            raise ValueError(f"{module.title} has a {name}, {layer.name} has none.")
    return [(name, variable) for name, variable in pairs if variable is not None]


def _check_convolution(layer: Any, kind: str) -> None:
    if kind == "Conv1d" and layer.padding == "causal":
        raise ValueError(f"{layer.name} has causal padding, which nn.Conv1d does not know.")


def _theirs(array: np.ndarray, kind: str) -> np.ndarray:
    """Keras multiplies from the right, PyTorch by the transposed matrix."""
    return array.T if kind in ("Linear", "Conv1d") else array


_ours = _theirs
