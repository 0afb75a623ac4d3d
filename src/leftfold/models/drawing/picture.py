"""What a picture of a model shows: boxes with labels, groups of them, and lines between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from leftfold.engine.symbolic import Node, Operation, PrimitiveCall
from leftfold.layers import InputLayer, Layer
from leftfold.models.functional import Functional
from leftfold.models.graph_ops import class_name
from leftfold.models.sequential import Sequential
from leftfold.models.summary import is_mask_of_several

_PLAIN, _YES, _NO = "plain", "yes", "no"


class Shown(NamedTuple):
    """What is said about every layer; the names are those of `plot_model`'s arguments."""

    shapes: bool
    dtype: bool
    layer_names: bool
    layer_activations: bool
    trainable: bool


class Field(NamedTuple):
    """A part of a label: a title, a text, and how it looks."""

    title: str
    text: str
    kind: str = _PLAIN


@dataclass
class Label:
    """A box: a name and a class above rows of fields."""

    name: str
    kind: str
    rows: list[list[Field]]


class Edge(NamedTuple):
    """A line between two items of a group.

    Args:
        source: number of the item it leaves.
        target: number of the item it reaches.
        output: if the source is a group, which of its exits the line leaves by.
        input: if the target is a group, which of its entries it reaches.
    """

    source: int
    target: int
    output: int = 0
    input: int = 0


@dataclass
class Group:
    """A model: its boxes and groups, the lines between them, and where data enters and leaves.

    `entries` and `exits` name, for each input and output of the model, an item and, if that is a
    group, which of its own.
    """

    name: str
    items: list[Label | Group] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    entries: list[tuple[int, int]] = field(default_factory=list)
    exits: list[tuple[int, int]] = field(default_factory=list)


def describe(model: Any, shown: Shown, expand_nested: bool) -> Group:
    """The picture of a model.

    Args:
        model: one that has been built.
        shown: what is said about its layers.
        expand_nested: whether models inside are shown as groups of their layers.
    """
    if isinstance(model, Sequential) and model.layers:
        operations: Sequence[Operation] = model.layers
        edges = [Edge(i, i + 1) for i in range(len(operations) - 1)]
        ends = [(0, 0)], [(len(operations) - 1, 0)]
    elif isinstance(model, Functional):
        operations = model.operations
        edges, ends = _of_graph(model)
    else:
        return Group(model.name, [_label(model, shown)])
    items: list[Label | Group] = []
    for operation in operations:
        inside = expand_nested and isinstance(operation, Functional | Sequential)
        item = describe(operation, shown, True) if inside else _label(operation, shown)
        items.append(item)
    return Group(model.name, items, _once(edges, items), *ends)


def _of_graph(model: Functional) -> tuple[list[Edge], tuple[list[Any], list[Any]]]:
    """The lines of a graph, and where data enters and leaves it."""
    place = {id(operation): i for i, operation in enumerate(model.operations)}
    edges = []
    for node in model.graph.nodes:
        for position, tensor in enumerate(model.graph.parents(node)):
            if tensor.history is not None and id(tensor.history[0]) in place:
                source, target = place[id(tensor.history[0])], place[id(node.operation)]
                edges.append(Edge(source, target, tensor.history[2], position))
    entries, exits = (
        [(place[id(t.history[0])], t.history[2]) for t in tensors if t.history is not None]
        for tensors in (model.inputs, model.outputs)
    )
    return edges, (entries, exits)


def _once(edges: list[Edge], items: list[Label | Group]) -> list[Edge]:
    """Each line once: which input or output it is of matters for groups alone."""
    found: dict[Edge, None] = {}
    for edge in edges:
        source, target = items[edge.source], items[edge.target]
        output = min(edge.output, len(source.exits) - 1) if isinstance(source, Group) else 0
        position = min(edge.input, len(target.entries) - 1) if isinstance(target, Group) else 0
        found[Edge(edge.source, edge.target, max(output, 0), max(position, 0))] = None
    return list(found)


def _label(operation: Operation, shown: Shown) -> Label:
    kind = type(operation).__name__
    if isinstance(operation, PrimitiveCall):
        kind = class_name(operation)
    rows = []
    activation = getattr(operation, "activation", None)
    if shown.layer_activations and activation is not None:
        name = getattr(activation, "__name__", None) or getattr(activation, "name", activation)
        rows.append([Field("Activation", str(name))])
    fields = []
    node = operation.inbound_nodes[0] if operation.inbound_nodes else None
    if shown.shapes:
        if not isinstance(operation, InputLayer):
            fields.append(Field("Input shape", _inputs(node)))
        fields.append(Field("Output shape", _outputs(node)))
    if shown.dtype:
        dtypes = [tensor.dtype for tensor in node.outputs] if node else []
        fields.append(Field("Output dtype", _alone(dtypes)))
    if shown.trainable and isinstance(operation, Layer) and operation.weights:
        is_trained = operation.trainable
        kind_of_field = _YES if is_trained else _NO
        fields.append(Field("", "Trainable" if is_trained else "Non-trainable", kind_of_field))
    if fields:
        rows.append(fields)
    return Label(operation.name if shown.layer_names else "", kind, rows)


def _inputs(node: Node | None) -> str:
    """The shapes of a layer's inputs, initial states and masks, as Keras shows them."""
    inputs = node.inputs if node else []
    return _alone([t.shape for t in inputs if node and not is_mask_of_several(node, t)])


def _outputs(node: Node | None) -> str:
    return _alone([tensor.shape for tensor in node.outputs] if node else [])


def _alone(values: list[Any]) -> str:
    return (str(values[0]) if len(values) == 1 else str(values)) if values else "?"
