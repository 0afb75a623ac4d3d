"""The calls between layers in a functional model that Keras 2 wrote, in the form of Keras 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leftfold.saving.errors import SavingError

Config = dict[str, Any]

_TAKES_STATES = frozenset({"RNN", "SimpleRNN", "LSTM", "GRU", "Bidirectional", "ConvLSTM1D"})
_CONSTANT = "_CONSTANT_VALUE"


def modern_graph(config: Config) -> Config:
    """The configuration of a functional model, its layers modern already.

    Keras 2 lists for each call the tensors that its first argument consists of, each as
    `[layer, call, output, other arguments]`; Keras 3 writes arguments down as they were.

    Raises:
        SavingError: for calls that are none.
    """
    layers = {layer["name"]: layer for layer in config["layers"]}
    before = {name: _calls_before(name, layer, config) for name, layer in layers.items()}
    reader = _CallReader(before)
    for layer in layers.values():
        calls = layer.get("inbound_nodes") or []
        layer["inbound_nodes"] = [reader.call(call, layer) for call in calls]
    for key in ("input_layers", "output_layers"):
        config[key] = _places(config[key], before, layers)
    return config


def _calls_before(name: str, layer: Config, config: Config) -> int:
    """How many calls of a layer Keras 2 had counted before those that the file lists.

    A model with inputs of its own had called itself once while it was made. Files of some
    versions leave that call out, as their numbers show.
    """
    inner = layer["config"].get("layers") if isinstance(layer["config"], dict) else None
    if not inner or not any(each.get("class_name") == "InputLayer" for each in inner):
        return 0
    nodes = [each.get("inbound_nodes") for each in config["layers"]]
    used = [number for found, number in _references([nodes, config["output_layers"]], {name})]
    return 0 if not used or min(used) == 0 else 1


def _references(data: Any, names: set[str] | Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Layer and number of every call that is referred to somewhere in plain data."""
    if _is_reference(data, names):
        yield data[0], data[1]
        data = data[3:]
    if isinstance(data, dict | list):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _references(item, names)


def _is_reference(data: Any, names: set[str] | Mapping[str, Any]) -> bool:
    return (
        isinstance(data, list)
        and 3 <= len(data) <= 4
        and isinstance(data[0], str)
        and data[0] in names
        and all(type(number) is int for number in data[1:3])
    )


class _CallReader:
    """Turns calls of Keras 2 into calls of Keras 3.

    Args:
        before: for each layer, the number of its calls that the file does not list.
    """

    def __init__(self, before: Mapping[str, int]) -> None:
        self.before = before

    def call(self, call: Any, layer: Config) -> Any:
        """One call; of a class in `_TAKES_STATES`, what follows the sequences are states."""
        if isinstance(call, dict) and call.keys() == {"args", "kwargs"}:
            return call
        kwargs: Config = {}
        inputs = self._inputs(call, kwargs, layer["name"])
        kwargs = {key: self._argument(value) for key, value in kwargs.items()}
        if isinstance(inputs, list) and layer["class_name"] in _TAKES_STATES and len(inputs) > 1:
            inputs, *states = inputs
            kwargs["initial_state"] = states
        if isinstance(inputs, list) and len(inputs) == 1:
            inputs = inputs[0]
        return {"args": [inputs], "kwargs": kwargs}

    def _inputs(self, data: Any, kwargs: Config, name: str) -> Any:
        """The first argument; the others, which stand beside each tensor, go into `kwargs`."""
        if isinstance(data, list) and data and isinstance(data[0], str):
            if len(data) == 4 and isinstance(data[3], dict):
                kwargs.update(data[3])
            if data[0] == _CONSTANT and len(data) >= 3:
                return data[2]
            if _is_reference(data, self.before):
                return self._tensor(data)
        elif isinstance(data, list) and data:
            return [self._inputs(item, kwargs, name) for item in data]
        elif isinstance(data, dict) and data:
            return {key: self._inputs(item, kwargs, name) for key, item in data.items()}
        raise SavingError(f"A call of {name} expected tensors of other layers, got {data!r:.100}.")

    def _argument(self, value: Any) -> Any:
        if _is_reference(value, self.before):
            return self._tensor(value)
        if isinstance(value, list):
            if len(value) == 4 and value[0] == _CONSTANT:
                return value[2]
            return [self._argument(item) for item in value]
        if isinstance(value, dict) and "class_name" not in value:
            return {key: self._argument(item) for key, item in value.items()}
        return value

    def _tensor(self, reference: list[Any]) -> Config:
        name, number, index = reference[:3]
        history = [name, number - self.before[name], index]
        return {"class_name": "__keras_tensor__", "config": {"keras_history": history}}


def _places(data: Any, before: Mapping[str, int], layers: Mapping[str, Config]) -> Any:
    """Inputs or outputs of a model; Keras 3 counts the calls of a model inside from 1."""
    if _is_reference(data, layers):
        name, number, index = data[:3]
        first = 1 if layers[name]["class_name"] == "Functional" else 0
        return [name, number - before[name] + first, index]
    if isinstance(data, dict):
        return {key: _places(item, before, layers) for key, item in data.items()}
    if isinstance(data, list):
        return [_places(item, before, layers) for item in data]
    raise SavingError(f"The model's inputs or outputs expected places of layers, got {data!r}.")
