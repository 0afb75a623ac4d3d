"""A second model like a first one, with layers and weights of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import PrimitiveCall, leaves, map_structure
from leftfold.layers import Input, Layer
from leftfold.models.functional import Functional
from leftfold.models.model import Model
from leftfold.models.sequential import Sequential
from leftfold.saving.serialization import deserialize_keras_object, serialize_keras_object

CloneFunction = Callable[[Layer], Layer]


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: CloneFunction | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Model:
    """A model of the same structure with layers of its own and fresh weights.

    Args:
        model: a functional or sequential model, or one whose class defines `get_config`.
        input_tensors: symbolic tensors to build the new model on, in the structure of
            `model.input`.
        clone_function: receives each layer and returns the one to put in its place; by default
            a new layer of the same configuration.
        call_function: receives a new layer and its arguments and calls it, in functional models.
        recursive: whether `clone_function` receives the layers of models inside the model, too.

    Example:
        >>> from leftfold import Sequential, layers
        >>> model = Sequential([layers.Input((3,)), layers.Dense(2)])
        >>> clone_model(model).count_params()
        8
    """
    copies: dict[int, Any] = {}

    def clone(layer: Layer) -> Any:
        if id(layer) not in copies:
            if recursive and isinstance(layer, Sequential | Functional):
                copies[id(layer)] = clone_model(layer, None, clone, call_function, True)
            else:
                copies[id(layer)] = (clone_function or _copy)(layer)
        return copies[id(layer)]

    if isinstance(model, Sequential):
        twin: Model = _clone_sequential(model, input_tensors, clone)
    elif isinstance(model, Functional):
        twin = _clone_functional(model, input_tensors, clone, call_function)
    elif input_tensors is not None or clone_function or call_function:
        raise ValueError(
            f"clone_model expected a functional or sequential model for these arguments, got a "
            f"{type(model).__name__}."
        )
    else:
        config = serialize_keras_object(model)
        return deserialize_keras_object(config, {type(model).__name__: type(model)})
    if model.compiled:
        twin.compile_from_config(model.get_compile_config())
    return twin


def _copy(layer: Layer) -> Layer:
    return type(layer).from_config(layer.get_config())


def _clone_sequential(model: Sequential, input_tensors: Any, clone: CloneFunction) -> Sequential:
    first: list[Any] = []
    if input_tensors is not None:
        first = list(leaves(input_tensors))
        if len(first) != 1 or not isinstance(first[0], KerasTensor):
            raise ValueError(
                f"input_tensors expected one symbolic tensor for {model.name}, got {first}."
            )
    elif model._graph is not None:
        first = [_fresh_input(model.inputs[0])]
    layers = [clone(layer) for layer in model.layers]
    return Sequential([*first, *layers], name=model.name, trainable=model.trainable)


def _clone_functional(
    model: Functional,
    input_tensors: Any,
    clone: CloneFunction,
    call_function: Callable[..., Any] | None,
) -> Functional:
    if input_tensors is None:
        input_tensors = map_structure(_fresh_input, model.input)
    given = list(leaves(input_tensors))
    if len(given) != len(model.inputs) or not all(isinstance(t, KerasTensor) for t in given):
        raise ValueError(
            f"input_tensors expected {len(model.inputs)} symbolic tensors for {model.name}, got "
            f"{given}."
        )
    twins = {id(old): new for old, new in zip(model.inputs, given, strict=True)}

    def twin(leaf: Any) -> Any:
        return twins[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

    for node in model.graph.nodes:
        if all(id(tensor) in twins for tensor in node.outputs):
            continue
        args, kwargs = map_structure(twin, (node.args, node.kwargs))
        if isinstance(node.operation, PrimitiveCall):
            results = node.operation(*args, **kwargs)
        else:
            layer: Any = clone(node.operation)  # type: ignore[arg-type]
            results = (
                call_function(layer, *args, **kwargs) if call_function else layer(*args, **kwargs)
            )
        twins.update((id(old), new) for old, new in zip(node.outputs, leaves(results), strict=True))
    outputs = map_structure(twin, model.output)
    return type(model)(input_tensors, outputs, name=model.name)


def _fresh_input(tensor: KerasTensor) -> Any:
    return Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
