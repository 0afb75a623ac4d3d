"""Functional models as plain data and back, as Keras writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import Operation, PrimitiveCall, leaves, map_structure
from leftfold.layers import InputLayer
from leftfold.layers.serialization import deserialize, serialize
from leftfold.models.graph import Graph, node_of
from leftfold.models.graph_ops import RevivedOperation, is_operation, operation_config

if TYPE_CHECKING:
    from leftfold.models.functional import Functional

_OWN_KEYS = ("layers", "input_layers", "output_layers")


def is_graph_config(config: Mapping[str, Any]) -> bool:
    """Whether a configuration holds layers and the calls between them."""
    return all(key in config for key in _OWN_KEYS)


def graph_config(model: Functional) -> dict[str, Any]:
    """Layers, calls, inputs and outputs of a functional model."""
    graph = model.graph
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": [_operation_data(operation, graph) for operation in graph.operations],
        "input_layers": map_structure(lambda t: _place(t, graph, 1), model.input),
        "output_layers": map_structure(lambda t: _place(t, graph, 1), model.output),
    }


def _operation_data(operation: Operation, graph: Graph) -> dict[str, Any]:
    from leftfold.saving import serialize_keras_object

    nodes = [node for node in operation.inbound_nodes if node in graph.depths and node.inputs]
    if isinstance(operation, PrimitiveCall):
        data, args = operation_config(operation, nodes[0])
        calls = [{"args": args, "kwargs": {}}]
    else:
        data = serialize(operation)
        calls = [{"args": list(node.args), "kwargs": node.kwargs} for node in nodes]
    data["name"] = operation.name
    data["inbound_nodes"] = [
        serialize_keras_object(map_structure(lambda leaf: _tensor_data(leaf, graph), call))
        for call in calls
    ]
    return data


def _tensor_data(leaf: Any, graph: Graph) -> Any:
    if not isinstance(leaf, KerasTensor):
        return leaf
    place = _place(leaf, graph, 0)
    config = {"shape": list(leaf.shape), "dtype": leaf.dtype, "keras_history": place}
    return {"class_name": "__keras_tensor__", "config": config}


def _place(tensor: KerasTensor, graph: Graph, first_of_models: int) -> list[Any]:
    """Layer, number of its call in the graph, number of the output of that call.

    Keras counts the calls of functional models from 1 among inputs and outputs of a graph.
    """
    from leftfold.models.functional import Functional

    operation, _, index = tensor.history  # type: ignore[misc]
    calls = [node for node in operation.inbound_nodes if node in graph.depths]
    shift = first_of_models if isinstance(operation, Functional) else 0
    return [operation.name, calls.index(node_of(tensor)) + shift, index]


def graph_from_config(
    cls: type, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """The functional model that `graph_config` described.

    Args:
        cls: its class.
        config: the configuration; what is not about the graph goes to the constructor.
        custom_objects: the user's layers and functions by name.

    Raises:
        ValueError: when calls refer to each other in a circle, or to what is not there.
    """
    reader = _GraphReader(custom_objects)
    for data in config["layers"]:
        reader.add(data)
    reader.make_calls()
    others = {key: value for key, value in config.items() if key not in _OWN_KEYS}
    inputs, outputs = (reader.tensors(config[key]) for key in ("input_layers", "output_layers"))
    return cls(inputs=inputs, outputs=outputs, **others)


class _GraphReader:
    """Makes layers from data, then their calls as soon as what they read is there."""

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = custom_objects
        self.operations: dict[str, Any] = {}
        self.pending: dict[str, list[Any]] = {}
        self.results: dict[str, list[list[Any]]] = {}

    def add(self, data: dict[str, Any]) -> None:
        """Make one layer or operation."""
        name = data["name"]
        operation = RevivedOperation(data) if is_operation(data) else None
        self.operations[name] = operation or deserialize(data, self.custom_objects)
        self.pending[name] = list(data["inbound_nodes"])
        self.results[name] = []
        if isinstance(self.operations[name], InputLayer):
            self.results[name].append([self.operations[name].output])

    def make_calls(self) -> None:
        """Call everything, each on the results of the others."""
        while any(self.pending.values()):
            progressed = False
            for name, calls in self.pending.items():
                while calls and self._is_ready(calls[0]):
                    self._call(name, calls.pop(0))
                    progressed = True
            if not progressed:
                stuck = ", ".join(name for name, calls in self.pending.items() if calls)
                raise ValueError(f"The calls of these layers wait for each other: {stuck}.")

    def _is_ready(self, call: Any) -> bool:
        return all(number < len(self.results.get(name, ())) for name, number, _ in _histories(call))

    def _call(self, name: str, call: Any) -> None:
        if not isinstance(call, dict):
            raise ValueError(
                f"The call of {name} is in the format of Keras 2: save it with Keras 3."
            )
        args = [self._revive(value) for value in call["args"]]
        kwargs = {key: self._revive(value) for key, value in call["kwargs"].items()}
        if kwargs.get("training") is False:
            # Keras writes the default down for every call, which would switch training off.
            del kwargs["training"]
        kwargs = {key: value for key, value in kwargs.items() if not _is_nothing(value)}
        outputs = self.operations[name](*args, **kwargs)
        self.results[name].append(list(leaves(outputs)))

    def _revive(self, value: Any) -> Any:
        from leftfold.saving import deserialize_keras_object

        if isinstance(value, list):
            return [self._revive(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("class_name") == "__keras_tensor__":
            name, number, index = value["config"]["keras_history"]
            return self.results[name][number][index]
        if "class_name" in value:
            return deserialize_keras_object(value, self.custom_objects)
        return {key: self._revive(item) for key, item in value.items()}

    def tensors(self, places: Any) -> Any:
        """The tensors at `[layer, call, output]`, in nested lists and dictionaries of such."""
        from leftfold.models.functional import Functional

        if isinstance(places, dict):
            return {key: self.tensors(place) for key, place in places.items()}
        if not (len(places) == 3 and isinstance(places[0], str)):
            return [self.tensors(place) for place in places]
        name, number, index = places
        if name not in self.results:
            raise ValueError(f"The model's inputs or outputs refer to {name!r}, which it lacks.")
        shift = 1 if isinstance(self.operations[name], Functional) else 0
        return self.results[name][number - shift][index]


def _histories(value: Any) -> list[Any]:
    """All `[layer, call, output]` that a call refers to."""
    if isinstance(value, list):
        return [history for item in value for history in _histories(item)]
    if not isinstance(value, dict):
        return []
    if value.get("class_name") == "__keras_tensor__":
        return [value["config"]["keras_history"]]
    return [history for item in value.values() for history in _histories(item)]


def _is_nothing(value: Any) -> bool:
    return all(leaf is None for leaf in leaves(value))
