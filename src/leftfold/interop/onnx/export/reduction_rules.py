"""How reductions are written, those over the steps that count included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.engine import KerasTensor
from leftfold.interop.onnx.export.rules import RULES, Rule, reduce, rule

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter

_REDUCTIONS = {
    "sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin",
    "amax": "ReduceMax", "amin": "ReduceMin", "prod": "ReduceProd", "logsumexp": "ReduceLogSumExp",
}  # fmt: skip


def _reduction(kind: str) -> Rule:
    def write_one(
        exporter: Exporter,
        y: KerasTensor,
        x: Any,
        axis: Any = None,
        keepdims: bool = False,
        initial: Any = None,
    ) -> str:
        if initial is not None:
            raise ValueError(exporter.refusal("reductions have no initial value in ONNX"))
        return reduce(exporter, kind, exporter.value(x, y.dtype), axis, keepdims)

    return write_one


for _name, _kind in _REDUCTIONS.items():
    RULES[_name] = _reduction(_kind)


def _truth(exporter: Exporter, x: Any, axis: Any, keepdims: bool, kind: str) -> str:
    number = exporter.graph.cast(exporter.value(x, "bool"), "int32")
    return exporter.graph.cast(reduce(exporter, kind, number, axis, keepdims), "bool")


@rule("any")
def _any(exporter: Exporter, y: KerasTensor, x: Any, axis: Any, keepdims: bool) -> str:
    return _truth(exporter, x, axis, keepdims, "ReduceMax")


@rule("all")
def _all(exporter: Exporter, y: KerasTensor, x: Any, axis: Any, keepdims: bool) -> str:
    return _truth(exporter, x, axis, keepdims, "ReduceMin")


@rule("var")
def _variance(exporter: Exporter, y: KerasTensor, x: Any, axis: Any, keepdims: bool) -> str:
    graph, value = exporter.graph, exporter.value(x, y.dtype)
    centred = graph.node("Sub", value, reduce(exporter, "ReduceMean", value, axis, True))
    return reduce(exporter, "ReduceMean", graph.node("Mul", centred, centred), axis, keepdims)


def _place(kind: str) -> Rule:
    def write_one(
        exporter: Exporter, y: KerasTensor, x: Any, axis: Any = None, keepdims: bool = False
    ) -> str:
        graph, value = exporter.graph, exporter.value(x)
        if axis is None:
            value = graph.node("Reshape", value, graph.integers(-1))
        found = graph.node(kind, value, axis=int(axis or 0), keepdims=int(keepdims))
        return graph.cast(found, y.dtype)

    return write_one


RULES["argmax"], RULES["argmin"] = _place("ArgMax"), _place("ArgMin")


@rule("std")
def _deviation(exporter: Exporter, y: KerasTensor, x: Any, axis: Any, keepdims: bool) -> str:
    return exporter.graph.node("Sqrt", _variance(exporter, y, x, axis, keepdims))


@rule("cumsum")
def _cumsum(exporter: Exporter, y: KerasTensor, x: Any, axis: Any = None, dtype: Any = None) -> str:
    if axis is None:
        raise ValueError(exporter.refusal("ops.cumsum needs an axis"))
    graph = exporter.graph
    return graph.node("CumSum", exporter.value(x, y.dtype), graph.constant(np.int64(axis)))


@rule("masked_mean")
def _masked_mean(
    exporter: Exporter, y: KerasTensor, x: Any, mask: Any, axis: int, keepdims: bool
) -> str:
    graph, dtype = exporter.graph, y.dtype
    counts = graph.cast(exporter.value(mask, "bool"), dtype)
    counts = graph.node("Unsqueeze", counts, graph.integers(3 - axis))
    total = reduce(
        exporter, "ReduceSum", graph.node("Mul", exporter.value(x, dtype), counts), axis, keepdims
    )
    number = reduce(exporter, "ReduceSum", counts, axis, keepdims)
    return graph.node("Div", total, graph.node("Max", number, graph.constant(1, dtype)))


@rule("masked_max")
def _masked_max(
    exporter: Exporter, y: KerasTensor, x: Any, mask: Any, axis: int, keepdims: bool
) -> str:
    graph, dtype = exporter.graph, y.dtype
    counts = graph.node("Unsqueeze", exporter.value(mask, "bool"), graph.integers(3 - axis))
    lowest = graph.constant(np.finfo(dtype).min, dtype)
    seen = graph.node("Where", counts, exporter.value(x, dtype), lowest)
    number = reduce(exporter, "ReduceMax", graph.cast(counts, "int32"), axis, keepdims)
    some = graph.cast(number, "bool")
    highest = reduce(exporter, "ReduceMax", seen, axis, keepdims)
    return graph.node("Where", some, highest, graph.constant(0, dtype))
