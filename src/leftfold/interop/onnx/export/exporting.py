"""`export_onnx`: a model as an ONNX file.

The model is called on symbolic tensors. What that leaves behind is a graph of layers and
primitives, masks included. Layers with a rule in `layer_rules` become nodes by it; any other
layer is called on symbolic tensors itself, so that layers of the user's own are written as
the primitives they are made of, for which `rules` has rules.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from leftfold._version import __version__
from leftfold.engine import KerasTensor, Tensor, Variable
from leftfold.engine.symbolic import Node, PrimitiveCall, leaves
from leftfold.interop.onnx.export import (  # noqa: F401, rules register themselves
    activation_rules,
    elementwise_rules,
    layer_rules,
    product_rules,
    reduction_rules,
    rules,
    shape_rules,
    window_rules,
)
from leftfold.interop.onnx.export.weights import WEIGHT_TYPES, WeightWriter
from leftfold.interop.onnx.export.writing import GraphWriter
from leftfold.layers import Embedding
from leftfold.layers.call import inside
from leftfold.models import Functional, Sequential
from leftfold.models.graph import node_of
from leftfold.saving import SavingError
from leftfold.saving.archive import replacing

MASKS = ("exact", "right")


def export_onnx(
    model: Any,
    path: Any,
    *,
    mask: str = "exact",
    states: bool = False,
    weights: str = "float32",
) -> None:
    """Write a model as an ONNX file that computes what `model.predict` does.

    Recurrent layers become the standard operators `LSTM`, `GRU` and `RNN`. Batch size and every
    size that the model leaves open stay open. Masks become `sequence_lens`.

    Args:
        model: a built `Sequential` or functional model.
        path: where to write; an existing file is replaced once the new one is complete.
        mask: `"exact"`: masked steps may lie anywhere; the steps that count are moved together
            in front of every recurrence and its outputs back behind it. `"right"`: a promise
            that padding lies only behind the sequences, which saves that work.
        states: make the states of recurrent layers inputs (`NAME_h`, `NAME_c`) and outputs
            (`NAME_h_next`, `NAME_c_next`) of the graph, for reading a stream piece by piece.
        weights: how to store the matrices of recurrent, dense and embedding layers:
            `"float32"`, `"bfloat16"`, or `"int8"` with a scale for each output.

    Raises:
        ValueError: for a model that is not built, or a layer or operation that ONNX cannot say;
            the message names it.
        SavingError: when the file cannot be written.
        ImportError: when the package `onnx` is not installed.

    Example:
        >>> import leftfold, tempfile
        >>> from leftfold.interop.onnx import export_onnx, import_onnx
        >>> model = leftfold.Sequential([leftfold.Input((None, 3)), leftfold.layers.LSTM(4)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     export_onnx(model, f"{folder}/model.onnx")
        ...     import_onnx(f"{folder}/model.onnx").input_names
        ['input_layer']
    """
    if not str(path).endswith(".onnx"):
        raise SavingError(f"export_onnx expected a path that ends in .onnx, got {path}.")
    content = onnx_model(model, mask=mask, states=states, weights=weights).SerializeToString()
    with replacing(Path(path)) as file:
        file.write(content)


def onnx_model(
    model: Any, *, mask: str = "exact", states: bool = False, weights: str = "float32"
) -> Any:
    """The `onnx.ModelProto` that `export_onnx` writes; the same arguments and errors."""
    for name, value, allowed in (("mask", mask, MASKS), ("weights", weights, WEIGHT_TYPES)):
        if value not in allowed:
            raise ValueError(f"{name} expected {' or '.join(map(repr, allowed))}, got {value!r}.")
    functional = _functional(model)
    with _forgetting_calls(model):
        try:
            return _written(functional, mask, states, weights, functional.any_sizes)
        except ValueError:
            if not functional.any_sizes:
                raise
            # Some layer needs the number of steps that the model was made for.
            return _written(functional, mask, states, weights, any_length=False)


def _written(model: Functional, mask: str, states: bool, weights: str, any_length: bool) -> Any:
    graph = GraphWriter()
    Exporter(graph, mask, states, weights).write(model, any_length)
    made = graph.model(model.name, __version__)
    graph.onnx.checker.check_model(made)
    return made


def _functional(model: Any) -> Functional:
    if isinstance(model, Sequential):
        if not model.built or model._graph is None:
            raise ValueError(
                f"{model.name} has no weights yet: begin it with an Input(...), or call it on data."
            )
        return model._graph
    if not isinstance(model, Functional):
        raise ValueError(
            "export_onnx expected a Sequential or functional model, got "
            f"{type(model).__name__} {getattr(model, 'name', '')}: call a subclassed model on an "
            "Input(...) and make a Model of input and output."
        )
    return model


@contextlib.contextmanager
def _forgetting_calls(model: Any) -> Iterator[None]:
    """Take the calls that are made inside the block off the layers again."""
    before = {id(layer): len(layer.inbound_nodes) for layer in model._flatten_layers()}
    try:
        yield
    finally:
        for layer in model._flatten_layers():
            del layer.inbound_nodes[before.get(id(layer), 0) :]


class Exporter:
    """Turns symbolic tensors into values of an ONNX graph, with all that leads to them."""

    def __init__(self, graph: GraphWriter, mask: str, states: bool, weights: str) -> None:
        self.graph = graph
        self.mask = mask
        self.states = states
        self.weights = WeightWriter(graph, weights)
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []
        """Tensors whose identity is a key of `_names` must stay alive."""
        self.new_states: list[tuple[str, KerasTensor]] = []

    def write(self, model: Functional, any_length: bool) -> None:
        """Write inputs, body and outputs of a whole model.

        Args:
            model: the model.
            any_length: whether to leave the number of steps open even where it is given.
        """
        inputs = []
        alone = len(model.inputs) == 1
        for i, (tensor, shape) in enumerate(
            zip(model.inputs, self._open_shapes(model, any_length), strict=True)
        ):
            dtype = "int32" if _reads_ids(model, i) else tensor.dtype
            if dtype == "string":
                raise ValueError(
                    self.refusal(
                        f"its input {tensor.name} takes texts, of which ONNX makes no ids: export "
                        "the layers behind them as a model of its own"
                    )
                )
            sizes = [
                n if n is not None else _size_name(tensor.name, axis, alone)
                for axis, n in enumerate(shape)
            ]
            name = self.graph.input(tensor.name, dtype, sizes)
            inputs.append(self.bind(name, shape, dtype))
        outputs = list(leaves(model._pack(model._plan.run(inputs))))
        for name, tensor in zip(model.output_names, outputs, strict=True):
            self._write_output(name, tensor)
        for name, tensor in self.new_states:
            self._write_output(name, tensor)

    def _open_shapes(self, model: Functional, any_length: bool) -> list[Any]:
        """The shapes of the inputs, the batch open unless states depend on its size."""
        shapes = [list(tensor.shape) for tensor in model.inputs]
        keeps_states = any(getattr(layer, "stateful", False) for layer in model.layers)
        for shape in shapes:
            if self.states or not keeps_states:
                shape[0] = None
            if any_length and (len(shape) > 2 or _reads_ids(model, 0)):
                shape[1] = None
        return shapes

    def _write_output(self, name: str, tensor: KerasTensor) -> None:
        self.graph.output(self.value(tensor), name, tensor.dtype, tensor.ndim)

    def bind(self, name: str, shape: Any, dtype: str) -> KerasTensor:
        """A symbolic tensor for a value of the graph."""
        tensor = KerasTensor(tuple(shape), dtype)
        self.alias(tensor, name)
        return tensor

    def alias(self, tensor: KerasTensor, name: str) -> None:
        """Say which value a symbolic tensor is."""
        self._names[id(tensor)] = name
        self._kept.append(tensor)

    def value(self, x: Any, dtype: str | None = None) -> str:
        """The value of a tensor, array or number, as `dtype` if that is given."""
        if isinstance(x, Variable) and dtype in (None, x.dtype):
            return self.weights.plain(x)
        if not isinstance(x, KerasTensor):
            array = np.asarray(x.data if isinstance(x, Tensor) else x)
            return self.graph.constant(array, dtype)
        for node in self._missing(x):
            self._write_call(node)
        name = self._names[id(x)]
        return name if dtype in (None, x.dtype) else self.graph.cast(name, dtype)

    def _missing(self, tensor: KerasTensor) -> list[Node]:
        """The calls that a tensor still needs, the earliest first."""
        order: list[Node] = []
        seen: set[int] = set()
        stack = [(tensor, False)]
        while stack:
            current, done = stack.pop()
            if id(current) in self._names:
                continue
            node = node_of(current)
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((current, True))
                stack += [(each, False) for each in reversed(node.inputs)]
        return order

    def _write_call(self, node: Node) -> None:
        if all(id(tensor) in self._names for tensor in node.outputs):
            return
        if isinstance(node.operation, PrimitiveCall):
            names = rules.write(self, node)
        else:
            names = self._write_layer(node.operation, node)
        for tensor, name in zip(node.outputs, names, strict=True):
            self.alias(tensor, name)

    def _write_layer(self, layer: Any, node: Node) -> list[str]:
        before = self.graph.scope
        self.graph.scope = f"{before}/{layer.name}" if before else layer.name
        try:
            rule = layer_rules.rule_for(layer)
            outputs = rule(self, layer, node) if rule else self._called(layer, node)
            return [self.value(tensor) for tensor in leaves(outputs)]
        except (TypeError, IndexError) as error:
            raise ValueError(self.refusal(f"its call on open sizes failed: {error}")) from error
        finally:
            self.graph.scope = before

    def _called(self, layer: Any, node: Node) -> Any:
        """The results of a layer's own `call` on symbolic tensors."""
        spec, kwargs = layer._call_spec, dict(node.kwargs)
        if spec.mask_at < 0:
            kwargs.pop("mask", None)
        if spec.training_at < 0:
            kwargs.pop("training", None)
        with inside(layer):
            return layer.call(*node.args, **kwargs)

    def refusal(self, reason: str) -> str:
        """What to say when something cannot be written, with the layer it is in."""
        return f"export_onnx cannot write {self.graph.scope or 'the model'}: {reason}."


def _size_name(name: str, axis: int, alone: bool) -> str:
    if axis == 0:
        return "batch"
    own = "time" if axis == 1 else f"size_{axis}"
    return own if alone else f"{name}_{own}"


def _reads_ids(model: Functional, index: int) -> bool:
    """Whether an input goes into embeddings only, and so may as well hold whole numbers."""
    readers = model._plan.readers(index)
    return bool(readers) and all(isinstance(reader, Embedding) for reader in readers)
