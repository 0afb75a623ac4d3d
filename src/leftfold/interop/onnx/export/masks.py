"""Masks of recurrences as `sequence_lens`.

The operators LSTM, GRU and RNN know padding only behind a sequence, as
`sequence_lens`. Any other mask is made so: the steps that count are moved together in front, in
their order, and every output is then taken from where its step went. A step that is masked takes
the output of the step read before it, or the initial state where there is none, which is what a
recurrence that skips it carries over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import Node, leaves

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter


class Masked(NamedTuple):
    """What follows from a mask, as values of the graph."""

    mask: str
    lengths: str
    """How many steps of each row count, (batch,)."""
    before: str
    """How many steps count up to each one, itself included, (batch, timesteps)."""


def masked_by(exporter: Exporter, node: Node, x: KerasTensor) -> Masked | None:
    """The mask that reaches a node as an argument, if it can be said in ONNX."""
    mask = next(leaves(node.kwargs.get("mask")), None)
    if mask is None:
        return None
    graph, value = exporter.graph, exporter.value(mask, "bool")
    if mask.ndim == 3:
        value = graph.node("Squeeze", value, graph.integers(2))
    numbers = graph.cast(value, "int32")
    lengths = graph.node("ReduceSum", numbers, graph.integers(1), keepdims=0)
    before = graph.node("CumSum", numbers, graph.constant(1, "int64"))
    return Masked(value, lengths, before)


def at_least_one(exporter: Exporter, masked: Masked) -> str:
    """Lengths as the operator takes them; what an empty row gives is replaced afterwards."""
    return exporter.graph.node("Max", masked.lengths, exporter.graph.constant(1, "int32"))


def order_of_steps(exporter: Exporter, masked: Masked) -> str:
    """For each place the step to put there: those that count in their order, then the others."""
    graph = exporter.graph
    size = graph.node("Shape", masked.mask, start=1, end=2)
    zero, one = graph.constant(0, "int64"), graph.constant(1, "int64")
    count = graph.node("Squeeze", size)
    steps = graph.node("Range", zero, count, one)
    rank = graph.node("Mul", graph.cast(masked.mask, "int64"), count)
    keys = graph.node("Sub", rank, steps)  # falls from step to step, and from those that count
    return graph.nodes("TopK", [keys, size], 2, axis=1)[1]


def gathered(exporter: Exporter, value: str, places: str) -> str:
    """Each row's steps at the places given for it."""
    graph = exporter.graph
    points = graph.node("Unsqueeze", places, graph.integers(2))
    return graph.node("GatherND", value, points, batch_dims=1)


def spread(
    exporter: Exporter,
    sequence: str,
    masked: Masked,
    reverse: bool,
    dtype: str,
    first: str,
    zeros: bool,
) -> str:
    """Outputs at the steps where they belong; `sequence` has those of steps that count in front.

    Reading forwards, the output at a step is that of the last step that counts up to it; reading
    backwards, that of the first one from it on.
    """
    graph = exporter.graph
    one, zero = graph.constant(1, "int32"), graph.constant(0, "int32")
    wide = graph.integers(2)
    shown = graph.node("Unsqueeze", masked.mask, wide)
    if zeros and exporter.mask == "right":
        return graph.node("Where", shown, sequence, graph.constant(0, dtype))
    if reverse:
        lengths = graph.node("Unsqueeze", masked.lengths, graph.integers(1))
        place = graph.node("Sub", masked.before, graph.cast(masked.mask, "int32"))
        none = graph.node("GreaterOrEqual", place, lengths)
        place = graph.node("Min", place, graph.node("Sub", lengths, one))
    else:
        place = graph.node("Sub", masked.before, one)
        none = graph.node("Less", place, zero)
    place = graph.cast(graph.node("Max", place, zero), "int64")
    found = gathered(exporter, sequence, place)
    if zeros:
        return graph.node("Where", shown, found, graph.constant(0, dtype))
    if first != graph.constant(0, dtype):
        first = graph.node("Unsqueeze", first, graph.integers(1))
    return graph.node("Where", graph.node("Unsqueeze", none, wide), first, found)


def unless_empty(exporter: Exporter, masked: Masked, value: str, initial: Any, dtype: str) -> str:
    """A last state; a row without any step that counts ends as it began."""
    graph = exporter.graph
    empty = graph.node("Equal", masked.lengths, graph.constant(0, "int32"))
    rows = graph.node("Unsqueeze", empty, graph.integers(1))
    first = graph.constant(0, dtype) if initial is None else exporter.value(initial, dtype)
    return graph.node("Where", rows, first, value)
