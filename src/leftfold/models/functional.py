"""`Functional`: the model that `Model(inputs, outputs)` makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import KerasTensor, Tensor, limits
from leftfold.engine.recording import spoil_trace
from leftfold.engine.symbolic import Node, infer, leaves, map_structure
from leftfold.engine.tensor import TEXT
from leftfold.layers import Input, InputLayer, Layer
from leftfold.layers.call import convert, flat_shapes
from leftfold.layers.serialization import automatic_config, known_layer
from leftfold.models.graph import Graph, is_input
from leftfold.models.model import Model
from leftfold.models.plan import Plan, Step


@known_layer
class Functional(Model):
    """A model given by its symbolic inputs and outputs; see `Model`."""

    _keras_module = "keras.src.models.functional"
    _untracked = Model._untracked | {"_input_structure", "_output_structure"}
    steady = True
    any_sizes = False
    """Whether the layers alone judge the inputs' sizes: in a `Sequential` that reads sequences."""

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        trainable = kwargs.pop("trainable", None)
        for argument, structure in (("inputs", inputs), ("outputs", outputs)):
            for leaf in leaves(structure):
                if not isinstance(leaf, KerasTensor):
                    raise ValueError(
                        f"Model expected {argument} to be symbolic tensors, got {leaf!r}."
                    )
        if not all(is_input(tensor) for tensor in leaves(inputs)):
            inputs, outputs = _from_new_inputs(inputs, outputs)
        Layer.__init__(self, name=name, **kwargs)
        self._input_structure = inputs
        self._output_structure = outputs
        self.graph = Graph(list(leaves(inputs)), list(leaves(outputs)))
        self._plan = Plan(self.graph)
        self.inputs = self.graph.inputs
        self._untouched = [_takes_any_type(self._plan.readers(i)) for i in range(len(self.inputs))]
        self.outputs = self.graph.outputs
        self.autocast = False
        self.supports_masking = True
        self._makes_mask = False
        self._build_shapes = {"input_shape": None}
        self.built = True
        if trainable is not None:
            # The model alone, as in Keras: a layer that was frozen before stays so.
            self._trainable = bool(trainable)

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    @property
    def reads_texts(self) -> bool:  # type: ignore[override]
        return any(tensor.dtype == TEXT for tensor in self.inputs)

    @property
    def layers(self) -> list[Layer]:
        return [operation for operation in self.graph.operations if isinstance(operation, Layer)]

    @property
    def operations(self) -> list[Any]:
        """The layers and the operations between them, in order."""
        return list(self.graph.operations)

    def _find_layers(self) -> list[Any]:
        others = [layer for layer in super()._find_layers() if layer not in self.layers]
        return self.layers + others

    def _state_children(self) -> list[tuple[str, Any]]:
        return [("layers", self.layers), *super()._state_children()]

    def first_layers(self) -> list[list[Layer]]:
        readers = [self._plan.readers(slot) for slot in range(len(self.inputs))]
        return [[reader for reader in some if isinstance(reader, Layer)] for some in readers]

    @property
    def input(self) -> Any:
        """The symbolic inputs, in the structure given."""
        return self._input_structure

    @property
    def output(self) -> Any:
        """The symbolic outputs, in the structure given."""
        return self._output_structure

    @property
    def input_names(self) -> list[str]:
        return [tensor.name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that the outputs come from."""
        return [tensor.history[0].name for tensor in self.outputs]  # type: ignore[index]

    @property
    def input_shape(self) -> Any:
        return _unpacked([tensor.shape for tensor in self.inputs])

    @property
    def output_shape(self) -> Any:
        return _unpacked([tensor.shape for tensor in self.outputs])

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        values = self._arrange(inputs)
        if mask is not None:
            for value, each in zip(values, leaves(mask), strict=False):
                value._keras_mask = each
        return self._pack(self._plan.run(values))

    def interpret(self, inputs: list[Any], call: Callable[[Step, Any, Any], Any]) -> list[Any]:
        """Run through the graph with values of another kind than tensors.

        Args:
            inputs: a value for each input, in the graph's order.
            call: makes the result of a step out of the values of its arguments.

        Returns:
            The values of the outputs, in the graph's order.
        """
        return self._plan.run(inputs, call)

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return self._pack(self._plan.run(self._arrange(inputs), _infer_step))

    def compute_output_shape(self, input_shape: Any) -> Any:
        pairs = zip(flat_shapes(input_shape), self.inputs, strict=True)
        inputs = [KerasTensor(shape, tensor.dtype) for shape, tensor in pairs]
        outputs = self._plan.run(inputs, _infer_step)
        return map_structure(lambda tensor: tensor.shape, self._pack(outputs))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Nothing to add: masks travel through the layers inside."""
        return None

    def _pack(self, outputs: list[Any]) -> Any:
        if isinstance(self._output_structure, KerasTensor):
            return outputs[0]
        values = {id(tensor): value for tensor, value in zip(self.outputs, outputs, strict=True)}
        return map_structure(lambda tensor: values[id(tensor)], self._output_structure)

    def _arrange(self, inputs: Any) -> list[Any]:
        """The inputs in the graph's order, of its rank and types.

        Raises:
            ValueError: when number, names, ranks or sizes do not fit.
        """
        if isinstance(inputs, Tensor | KerasTensor):
            given = [inputs]
        elif isinstance(inputs, dict) and not isinstance(self._input_structure, dict):
            given = [self._by_name(inputs, tensor.name) for tensor in self.inputs]
        elif isinstance(inputs, dict):
            given = [self._by_name(inputs, key) for key in sorted(self._input_structure)]
            given = list(leaves(given))
        else:
            given = list(leaves(inputs))
        if len(given) != len(self.inputs):
            raise ValueError(
                f"Model {self.name} expected {len(self.inputs)} inputs "
                f"({', '.join(self.input_names)}), got {len(given)}."
            )
        return list(map(self._fit, given, self.inputs, self._untouched))

    def _by_name(self, inputs: dict[str, Any], name: str) -> Any:
        if name not in inputs:
            raise ValueError(
                f"Model {self.name} expected an input {name!r}, got {', '.join(map(str, inputs))}."
            )
        return inputs[name]

    def _fit(self, value: Any, expected: KerasTensor, untouched: bool) -> Any:
        """One input, checked against what the model was made for and, if need be, cast."""
        if value is None:
            layer = expected.history[0]  # type: ignore[index]
            if isinstance(layer, InputLayer) and layer.optional:
                return None
            raise ValueError(f"Model {self.name} expected a value for its input {expected.name}.")
        if type(value) is not Tensor:
            value = convert(value, None)
        wanted = expected.shape
        mask = value._keras_mask
        if len(value.shape) == len(wanted) + 1 and value.shape[-1] == 1:
            value = ops.squeeze(value, axis=-1)
        elif len(value.shape) == len(wanted) - 1 and wanted[-1] == 1:
            value = ops.expand_dims(value, axis=-1)
        shape = value.shape
        fits = len(shape) == len(wanted) and all(
            n == m or n is None or m is None for n, m in zip(shape[1:], wanted[1:], strict=True)
        )
        if not fits and not self.any_sizes:
            raise ValueError(
                f"Model {self.name} expected its input {expected.name} to have shape {wanted}, "
                f"got {shape}."
            )
        if not untouched and value.dtype != expected.dtype != TEXT:
            value = _cast(value, expected, self.name)
        if mask is not None:
            value._keras_mask = mask
        return value

    def get_config(self) -> dict[str, Any]:
        from leftfold.models.graph_config import graph_config

        if takes_a_graph(type(self)):
            return graph_config(self)
        config = super().get_config()
        own = type(self).get_config is not Functional.get_config
        return config if own else automatic_config(self, config)


def takes_a_graph(cls: type) -> bool:
    """Whether a class's constructor takes inputs and outputs, as `Model` does."""
    parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    anything = {p.kind for p in parameters} >= {inspect.Parameter.VAR_POSITIONAL}
    return names[1:3] == ["inputs", "outputs"] or anything


def make_functional(cls: type) -> None:
    """Let a subclass of `Model` that calls `super().__init__(inputs, outputs)` run its graph.

    In its bases, and in theirs, `Model` becomes `Functional`.
    """
    if not issubclass(cls, Functional):
        for base in cls.__bases__:
            if base is not Model and issubclass(base, Model):
                make_functional(base)
        cls.__bases__ = tuple(Functional if base is Model else base for base in cls.__bases__)


def _takes_any_type(readers: list[Any]) -> bool:
    """Whether an input goes only into layers that take numbers of any type, as embeddings do."""
    return all(isinstance(reader, Layer) and not reader.autocast for reader in readers)


def _cast(value: Any, expected: KerasTensor, model: str) -> Any:
    if isinstance(value, KerasTensor):
        return KerasTensor(value.shape, expected.dtype)
    cast = ops.cast(value, expected.dtype)
    truncates = cast.data.dtype.kind in "iu" and value.data.dtype.kind == "f"
    if truncates:
        spoil_trace()  # each batch may have fractions
    if truncates and not np.array_equal(cast.data, value.data):
        raise ValueError(
            f"Model {model} expected whole numbers for its input {expected.name} of dtype "
            f"{expected.dtype}, got {value.dtype} numbers that are not."
        )
    return cast


def _infer_step(step: Step, args: list[Any], kwargs: dict[str, Any]) -> Any:
    limits.spend_call(step.operation.name, ())
    if not isinstance(step.operation, Layer):
        return infer(step.function, *args, **kwargs)
    if step.operation._call_spec.training_at < 0:
        kwargs.pop("training", None)
    return step.operation.compute_output_spec(*args, **kwargs)


def _from_new_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The same graph once more, beginning at new inputs in the place of inner tensors."""
    graph = Graph(list(leaves(inputs)), list(leaves(outputs)))
    copies: dict[int, Any] = {}
    for tensor in graph.inputs:
        copies[id(tensor)] = tensor
        if not is_input(tensor):
            name = f"{tensor.name}CLONE"
            copies[id(tensor)] = Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=name)

    def copy(leaf: Any) -> Any:
        return copies.get(id(leaf), leaf) if isinstance(leaf, KerasTensor) else leaf

    for node in graph.nodes:
        if not node.inputs:
            copies.setdefault(id(node.outputs[0]), node.outputs[0])
            continue
        args, kwargs = map_structure(copy, (node.args, node.kwargs))
        twins = [KerasTensor(t.shape, t.dtype, name=f"{t.name}_clone") for t in node.outputs]
        for tensor, twin in zip(node.outputs, twins, strict=True):
            copies.setdefault(id(tensor), twin)
        Node(node.operation, args, kwargs, twins)
    for tensor in [*graph.inputs, *(t for node in graph.nodes for t in node.outputs)]:
        if copies[id(tensor)] is not tensor:
            copies[id(tensor)]._keras_mask = map_structure(copy, tensor._keras_mask)
    return map_structure(copy, inputs), map_structure(copy, outputs)


def _unpacked(shapes: list[Any]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapes
