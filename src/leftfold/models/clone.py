"""`clone_model`: the same architecture once more, with fresh weights."""

from __future__ import annotations

import copy as copying
from collections.abc import Callable
from typing import Any

from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import Operation, PrimitiveCall, leaves, map_structure
from leftfold.layers import Layer
from leftfold.metrics import Metric
from leftfold.models.functional import Functional
from leftfold.models.graph import node_of
from leftfold.models.sequential import Sequential


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """A model of the same layers with weights of its own, made anew.

    One that was compiled gives a model that is compiled alike, with an optimiser and metrics of
    its own.

    Args:
        model: any model; of a subclassed one the constructor is called again.
        input_tensors: symbolic tensors for it to begin at, instead of new inputs.
        clone_function: makes the layer that stands for a given one; a layer of the same
            configuration by default.
        call_function: calls a layer, as in `call_function(layer, *args, **kwargs)`, and may do
            more; only for models made of inputs and outputs.
        recursive: whether models inside are taken apart in the same way, rather than given to
            `clone_function` as they are.

    Raises:
        ValueError: for `input_tensors`, `clone_function` or `call_function` with a model that
            they cannot be used for.

    Example:
        >>> from leftfold import Input, Sequential, layers
        >>> clone_model(Sequential([Input((3,)), layers.Dense(2)])).output_shape
        (None, 2)
    """
    copy = clone_function or (lambda layer: type(layer).from_config(layer.get_config()))
    if recursive:
        copy = _reaching_inside(copy, clone_function, call_function)
    if call_function is not None and not isinstance(model, Functional):
        raise ValueError(
            f"clone_model expected a functional model where call_function is given, got {model}."
        )
    if isinstance(model, Sequential):
        begin = input_tensors
        if begin is None and model._input_layer is not None:
            begin = _new_input(model._input_layer)
        copies = [copy(layer) for layer in model.layers]
        clone = Sequential(copies if begin is None else [begin, *copies], name=model.name)
        return _compiled_alike(clone, model)
    if isinstance(model, Functional):
        clone = _clone_graph(model, input_tensors, copy, call_function or _call)
        return _compiled_alike(clone, model)
    if input_tensors is not None or clone_function is not None:
        raise ValueError(
            f"clone_model cannot take the subclassed model {model.name} apart: give it neither "
            "input_tensors nor clone_function."
        )
    return type(model).from_config(model.get_config())


def _compiled_alike(clone: Any, model: Any) -> Any:
    """`clone`, compiled if `model` was."""
    if not model.compiled:
        return clone
    arguments = dict(model._compile_arguments)
    optimizer = arguments["optimizer"]
    arguments["optimizer"] = type(optimizer).from_config(optimizer.get_config())
    for name in ("metrics", "weighted_metrics"):
        arguments[name] = map_structure(_fresh, arguments[name])
    clone.compile(**arguments)
    if clone.built and clone.trainable_variables:
        clone.optimizer.build(clone.trainable_variables)
    return clone


def _fresh(metric: Any) -> Any:
    """A metric like the given one that has seen nothing; a name or a function as it is."""
    if not isinstance(metric, Metric):
        return metric
    other = copying.deepcopy(metric)
    other.reset_state()
    return other


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    return layer(*args, **kwargs)


def _reaching_inside(
    copy: Callable[[Layer], Layer],
    clone_function: Callable[[Layer], Layer] | None,
    call_function: Callable[..., Any] | None,
) -> Callable[[Any], Any]:
    """`copy`, which takes models inside apart."""

    def reaching(layer: Any) -> Any:
        if isinstance(layer, Functional):
            return clone_model(layer, None, clone_function, call_function, recursive=True)
        if isinstance(layer, Sequential):
            return clone_model(layer, None, clone_function, recursive=True)
        return copy(layer)

    return reaching


def _new_input(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config()).output


def _clone_graph(
    model: Functional,
    input_tensors: Any,
    copy: Callable[[Layer], Layer],
    call: Callable[..., Any],
) -> Any:
    graph = model.graph
    given = None if input_tensors is None else list(leaves(input_tensors))
    starts = given or [_new_input(node_of(tensor).operation) for tensor in graph.inputs]
    if len(starts) != len(graph.inputs):
        raise ValueError(f"clone_model expected {len(graph.inputs)} tensors, got {len(starts)}.")
    tensors = {id(old): new for old, new in zip(graph.inputs, starts, strict=True)}
    operations: dict[Operation, Any] = {}

    def new(leaf: Any) -> Any:
        return tensors.get(id(leaf), leaf) if isinstance(leaf, KerasTensor) else leaf

    for node in graph.nodes:
        old = node.operation
        if not node.inputs:
            continue
        if old not in operations:
            operations[old] = old if isinstance(old, PrimitiveCall) else copy(old)  # type: ignore[arg-type]
        args, kwargs = map_structure(new, (node.args, node.kwargs))
        again, primitive = operations[old], isinstance(old, PrimitiveCall)
        called = again(*args, **kwargs) if primitive else call(again, *args, **kwargs)
        outputs = list(leaves(called))
        if primitive:
            node_of(outputs[0]).operation.name = old.name
        tensors.update((id(t), twin) for t, twin in zip(node.outputs, outputs, strict=True))
    inputs, outputs = map_structure(new, (model.input, model.output))
    return Functional(inputs, outputs, name=model.name)
