"""How primitives that move elements are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.engine import KerasTensor
from leftfold.interop.onnx.export.rules import rank_of, rule

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter

_FARTHEST = np.iinfo(np.int64).max
_NEAREST = np.iinfo(np.int64).min


@rule("reshape")
def _reshape(exporter: Exporter, y: KerasTensor, x: Any, newshape: Any) -> str:
    sizes = [-1 if n is None else int(n) for n in np.atleast_1d(newshape)]
    graph = exporter.graph
    return graph.node("Reshape", exporter.value(x, y.dtype), graph.integers(*sizes))


@rule("transpose")
def _transpose(exporter: Exporter, y: KerasTensor, x: Any, axes: Any) -> str:
    order = range(y.ndim)[::-1] if axes is None else [int(a) % y.ndim for a in axes]
    return exporter.graph.node("Transpose", exporter.value(x, y.dtype), perm=list(order))


@rule("swapaxes")
def _swapaxes(exporter: Exporter, y: KerasTensor, x: Any, axis1: int, axis2: int) -> str:
    order = list(range(y.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return exporter.graph.node("Transpose", exporter.value(x, y.dtype), perm=order)


@rule("moveaxis")
def _moveaxis(exporter: Exporter, y: KerasTensor, x: Any, source: Any, destination: Any) -> str:
    sources = [int(a) % y.ndim for a in np.atleast_1d(source)]
    places = [int(a) % y.ndim for a in np.atleast_1d(destination)]
    order = [a for a in range(y.ndim) if a not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return exporter.graph.node("Transpose", exporter.value(x, y.dtype), perm=order)


@rule("expand_dims")
def _expand_dims(exporter: Exporter, y: KerasTensor, x: Any, axis: Any) -> str:
    axes = exporter.graph.integers(*(int(a) for a in np.atleast_1d(axis)))
    return exporter.graph.node("Unsqueeze", exporter.value(x, y.dtype), axes)


@rule("squeeze")
def _squeeze(exporter: Exporter, y: KerasTensor, x: Any, axis: Any) -> str:
    axes = [a for a, n in enumerate(x.shape) if n == 1] if axis is None else np.atleast_1d(axis)
    given = exporter.graph.integers(*(int(a) for a in axes))
    return exporter.graph.node("Squeeze", exporter.value(x, y.dtype), given)


@rule("broadcast_to")
def _broadcast_to(exporter: Exporter, y: KerasTensor, x: Any, shape: Any) -> str:
    sizes = [1 if n is None or n == -1 else int(n) for n in shape]
    graph = exporter.graph
    return graph.node("Expand", exporter.value(x, y.dtype), graph.integers(*sizes))


@rule("concatenate")
def _concatenate(exporter: Exporter, y: KerasTensor, xs: Any, axis: int) -> str:
    values = [exporter.value(x, y.dtype) for x in xs]
    return exporter.graph.node("Concat", *values, axis=int(axis))


@rule("stack")
def _stack(exporter: Exporter, y: KerasTensor, xs: Any, axis: int) -> str:
    graph, place = exporter.graph, int(axis) % y.ndim
    values = [
        graph.node("Unsqueeze", exporter.value(x, y.dtype), graph.integers(place)) for x in xs
    ]
    return graph.node("Concat", *values, axis=place)


@rule("split")
def _split(exporter: Exporter, ys: Any, x: Any, indices_or_sections: Any, axis: int) -> Any:
    outputs = ys if isinstance(ys, list) else [ys]
    graph = exporter.graph
    value = exporter.value(x, outputs[0].dtype)
    if isinstance(indices_or_sections, int | np.integer):
        return graph.nodes("Split", [value], int(indices_or_sections), axis=int(axis))
    sizes = [y.shape[axis] for y in outputs]
    if None in sizes:
        raise ValueError(exporter.refusal("ops.split at positions needs an axis of known size"))
    return graph.nodes("Split", [value, graph.integers(*sizes)], len(outputs), axis=int(axis))


@rule("unstack")
def _unstack(exporter: Exporter, ys: Any, x: Any, num: Any, axis: int) -> list[str]:
    outputs = ys if isinstance(ys, list) else [ys]
    value = exporter.value(x, outputs[0].dtype)
    return [
        exporter.graph.node("Gather", value, exporter.graph.constant(np.int64(i)), axis=int(axis))
        for i in range(len(outputs))
    ]


@rule("repeat")
def _repeat(exporter: Exporter, y: KerasTensor, x: Any, repeats: Any, axis: Any) -> str:
    graph, value = exporter.graph, exporter.value(x, y.dtype)
    if axis is None or np.ndim(repeats):
        raise ValueError(exporter.refusal("ops.repeat needs one number and an axis"))
    times, place = graph.constant(repeats, "int64"), int(axis) % y.ndim
    size = graph.node("Gather", graph.node("Shape", value), graph.constant(place, "int64"))
    zero, one = graph.constant(0, "int64"), graph.constant(1, "int64")
    count = graph.node("Range", zero, graph.node("Mul", size, times), one)
    return graph.node("Gather", value, graph.node("Div", count, times), axis=place)


@rule("tile")
def _tile(exporter: Exporter, y: KerasTensor, x: Any, repeats: Any) -> str:
    counts = [int(n) for n in np.atleast_1d(repeats)]
    graph, value, rank = exporter.graph, exporter.value(x, y.dtype), rank_of(x)
    if len(counts) > rank:
        value = graph.node("Unsqueeze", value, graph.integers(*range(len(counts) - rank)))
    counts = [1] * (rank - len(counts)) + counts
    return graph.node("Tile", value, graph.integers(*counts))


@rule("flip")
def _flip(exporter: Exporter, y: KerasTensor, x: Any, axis: Any) -> str:
    axes = range(y.ndim) if axis is None else [int(a) for a in np.atleast_1d(axis)]
    graph, count = exporter.graph, len(axes)
    ends = graph.integers(*[_NEAREST] * count)
    starts, steps = graph.integers(*[-1] * count), graph.integers(*[-1] * count)
    value = exporter.value(x, y.dtype)
    return graph.node("Slice", value, starts, ends, graph.integers(*axes), steps)


@rule("pad")
def _pad(
    exporter: Exporter, y: KerasTensor, x: Any, pad_width: Any, mode: str, constant_values: Any
) -> str:
    if mode not in ("constant", "reflect", "edge"):
        raise ValueError(exporter.refusal(f"ONNX does not pad by {mode!r}"))
    pairs = np.broadcast_to(np.asarray(pad_width), (y.ndim, 2))
    graph = exporter.graph
    sizes = graph.integers(*(int(n) for n in pairs.T.ravel()))
    given = [graph.constant(constant_values or 0, y.dtype)] if mode == "constant" else []
    return graph.node("Pad", exporter.value(x, y.dtype), sizes, *given, mode=mode)


@rule("get_item")
def _get_item(exporter: Exporter, y: KerasTensor, x: Any, key: Any) -> str:
    """Numbers become slices of one step whose axis is dropped; `None` becomes a new axis."""
    items = list(key) if isinstance(key, tuple) else [key]
    if not all(
        isinstance(i, int | np.integer | slice | type(None) | type(Ellipsis)) for i in items
    ):
        raise ValueError(exporter.refusal("only numbers, slices, ... and None may index a tensor"))
    if Ellipsis not in items:
        items.append(Ellipsis)
    named = sum(item is not None and item is not Ellipsis for item in items)
    rest = items.index(Ellipsis)
    items[rest : rest + 1] = [slice(None)] * (rank_of(x) - named)
    cuts: list[tuple[int, int, int, int]] = []
    dropped: list[int] = []
    added: list[int] = []
    axis = 0
    for place, item in enumerate(items):
        if item is None:
            added.append(place - len(dropped))
            continue
        if not isinstance(item, slice):
            start = int(item)
            cuts.append((start, start + 1 if start != -1 else _FARTHEST, axis, 1))
            dropped.append(axis)
        elif item != slice(None):
            step = 1 if item.step is None else int(item.step)
            first, last = (0, _FARTHEST) if step > 0 else (-1, _NEAREST)
            start = first if item.start is None else int(item.start)
            cuts.append((start, last if item.stop is None else int(item.stop), axis, step))
        axis += 1
    graph, value = exporter.graph, exporter.value(x, y.dtype)
    if cuts:
        value = graph.node(
            "Slice", value, *(graph.integers(*column) for column in zip(*cuts, strict=True))
        )
    if dropped:
        value = graph.node("Squeeze", value, graph.integers(*dropped))
    return graph.node("Unsqueeze", value, graph.integers(*added)) if added else value


@rule("take")
def _take(exporter: Exporter, y: KerasTensor, x: Any, indices: Any, axis: Any) -> str:
    graph, value = exporter.graph, exporter.value(x, y.dtype)
    if axis is None:
        value, axis = graph.node("Reshape", value, graph.integers(-1)), 0
    return graph.node("Gather", value, exporter.value(indices, "int64"), axis=int(axis))


@rule("take_along_axis")
def _take_along_axis(exporter: Exporter, y: KerasTensor, x: Any, indices: Any, axis: Any) -> str:
    if axis is None:
        raise ValueError(exporter.refusal("ops.take_along_axis needs an axis"))
    places = exporter.value(indices, "int64")
    return exporter.graph.node("GatherElements", exporter.value(x, y.dtype), places, axis=int(axis))


@rule("one_hot")
def _one_hot(
    exporter: Exporter, y: KerasTensor, x: Any, num_classes: int, axis: int, dtype: Any, sparse: Any
) -> str:
    graph = exporter.graph
    ids = graph.node("Unsqueeze", exporter.value(x, "int64"), graph.integers(-1))
    hits = graph.cast(graph.node("Equal", ids, graph.constant(np.arange(num_classes))), y.dtype)
    if axis in (-1, y.ndim - 1):
        return hits
    order = list(range(y.ndim - 1))
    order.insert(axis % y.ndim, y.ndim - 1)
    return graph.node("Transpose", hits, perm=order)
