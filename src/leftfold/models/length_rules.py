"""Whether a batch may lose steps that are padding in all its rows without a change of meaning.

It may where everything that sees those steps either works on each step by itself or passes over
masked ones: then no output depends on how many there are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from leftfold import layers, ops
from leftfold.engine.symbolic import Node, PrimitiveCall, leaves
from leftfold.layers.merging import Merge

_STEP_BY_STEP = (
    layers.Embedding,
    layers.Masking,
    layers.Dense,
    layers.Dropout,
    layers.SpatialDropout1D,
    layers.GaussianNoise,
    layers.TimeDistributed,
    layers.ReLU,
    layers.LeakyReLU,
    layers.ELU,
    layers.Identity,
    Merge,
)
_READS_MASKED = (layers.RNN, layers.Bidirectional)
_POOLS = (layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D)
"""Over the steps that are not masked."""


class Trimming(NamedTuple):
    """Which inputs are cut together, by number; or why none is."""

    groups: list[list[int]]
    refusal: str


def masking_layers(model: Any) -> list[list[Any]]:
    """For each input the layers that read it, if all of them make its mask; else none.

    Raises:
        ValueError: where states are kept between batches, whose rows must not change places.
    """
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False):
            raise ValueError(
                "bucket_by_length puts rows into other batches and cannot train a stateful model: "
                f"layer {layer.name} keeps the states of each row for the next batch."
            )
    makers = layers.Embedding, layers.Masking
    return [
        readers
        if readers and all(isinstance(r, makers) and getattr(r, "mask_zero", True) for r in readers)
        else []
        for readers in model.first_layers()
    ]


def trimming(model: Any, shapes: list[tuple[int, ...]], masked: list[int]) -> Trimming:
    """Which of the inputs of these shapes may be cut.

    Args:
        model: built.
        shapes: of the arrays given, rows first.
        masked: the numbers of the inputs whose steps carry a mask.
    """
    graph = getattr(model, "_graph", None) or model
    any_length = getattr(model, "any_length", False)
    groups: dict[int, list[int]] = {}
    for index in masked:
        groups.setdefault(shapes[index][1], []).append(index)
        tensor = graph.inputs[index]
        if tensor.shape[1] is not None and not any_length:
            return Trimming([], f"the input {tensor.name} is {tensor.shape[1]} steps long")
    for index, shape in enumerate(shapes):
        if index not in masked and len(shape) > 1 and shape[1] in groups:
            name = graph.inputs[index].name
            return Trimming([], f"the input {name} has as many steps, and no mask")
    return _through(graph, [graph.inputs[index] for index in masked], list(groups.values()))


def _through(graph: Any, tensors: list[Any], groups: list[list[int]]) -> Trimming:
    """Follow the steps through the graph to where they end."""
    with_steps = {id(tensor) for tensor in tensors}
    for node in graph.graph.nodes:
        if not any(id(tensor) in with_steps for tensor in node.inputs):
            continue
        layer = node.operation
        if not _may_see_fewer_steps(layer, node, with_steps):
            return Trimming([], f"{layer.name} depends on how many steps there are")
        with_steps.update(map(id, _with_steps(layer, list(leaves(node.outputs)))))
    for tensor in graph.outputs:
        if id(tensor) in with_steps:
            return Trimming([], f"the output of {tensor.history[0].name} has a time axis")
    return Trimming(groups, "")


def _may_see_fewer_steps(layer: Any, node: Node, with_steps: set[int]) -> bool:
    if isinstance(layer, PrimitiveCall):
        return _makes_a_mask(layer, node)
    if isinstance(layer, layers.InputLayer | layers.GlobalAveragePooling1D):
        return True
    if isinstance(layer, layers.GlobalMaxPooling1D):
        return node.inputs[0]._keras_mask is not None
    if isinstance(layer, _READS_MASKED):
        return id(node.inputs[0]) in with_steps
    if isinstance(layer, layers.LayerNormalization):
        return layer.axis in (-1, [-1], node.inputs[0].ndim - 1, [node.inputs[0].ndim - 1])
    if isinstance(layer, layers.Concatenate):
        return layer.axis in (-1, node.inputs[0].ndim - 1)
    if isinstance(layer, layers.Activation):
        return getattr(layer.activation, "__module__", "").startswith("leftfold.")
    return isinstance(layer, _STEP_BY_STEP) and not isinstance(layer, layers.Dot)


def _makes_a_mask(call: PrimitiveCall, node: Node) -> bool:
    """Whether it is one of the operations between layers of which masks are made."""
    if call.function in (ops.not_equal, ops.logical_or, ops.zeros_like, ops.ones_like):
        return True
    axis = node.kwargs.get("axis", node.args[1] if len(node.args) > 1 else None)
    last = axis in (-1, node.inputs[0].ndim - 1)
    return call.function in (ops.any, ops.expand_dims, ops.concatenate) and last


def _with_steps(layer: Any, outputs: list[Any]) -> list[Any]:
    """Those of a layer's outputs that have as many steps as its inputs."""
    if isinstance(layer, _POOLS):
        return []
    if not isinstance(layer, _READS_MASKED):
        return outputs
    if not layer.return_sequences:
        return []
    both = isinstance(layer, layers.Bidirectional) and layer.merge_mode is None
    return outputs[: 2 if both else 1]  # states follow
