"""How products, tables and normalisations are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.engine import KerasTensor, Variable
from leftfold.engine.config import epsilon as default_epsilon
from leftfold.interop.onnx.export.rules import reduce, rule

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter


@rule("matmul")
def _matmul(exporter: Exporter, y: KerasTensor, x1: Any, x2: Any) -> str:
    return exporter.graph.node("MatMul", exporter.value(x1, y.dtype), exporter.value(x2, y.dtype))


@rule("dense")
def _dense(
    exporter: Exporter, y: KerasTensor, x: Any, kernel: Any, bias: Any, bfloat16: bool = False
) -> str:
    # Of mixed precision a graph knows nothing: it computes in float32.
    graph = exporter.graph
    if isinstance(kernel, Variable):
        matrix = exporter.weights.matrix(kernel, axis=1)
    else:
        matrix = exporter.value(kernel, y.dtype)
    product = graph.node("MatMul", exporter.value(x, y.dtype), matrix)
    return product if bias is None else graph.node("Add", product, exporter.value(bias, y.dtype))


@rule("_einsum")
def _einsum(exporter: Exporter, y: KerasTensor, operands: Any, subscripts: str) -> str:
    values = [exporter.value(x, y.dtype) for x in operands]
    return exporter.graph.node("Einsum", *values, equation=subscripts)


@rule("embedding")
def _embedding(exporter: Exporter, y: KerasTensor, table: Any, ids: Any) -> str:
    exact = getattr(ids, "dtype", "") in ("int32", "int64")
    places = exporter.value(ids, ids.dtype if exact else "int64")
    if isinstance(table, Variable):
        return exporter.weights.rows(table, places)
    return exporter.graph.node("Gather", exporter.value(table), places, axis=0)


@rule("layer_normalization")
def _layer_normalization(
    exporter: Exporter, y: KerasTensor, x: Any, gamma: Any, beta: Any, axis: Any, epsilon: Any
) -> str:
    graph, dtype, value = exporter.graph, y.dtype, exporter.value(x, y.dtype)
    epsilon = default_epsilon() if epsilon is None else float(epsilon)
    axes = sorted(int(a) % y.ndim for a in np.atleast_1d(axis))
    scales: list[Any] = [None if w is None else np.asarray(w.data) for w in (gamma, beta)]
    if axes == list(range(axes[0], y.ndim)):
        shape: list[Any] = [y.shape[a] for a in axes]
        if scales[0] is None:
            scales[0] = np.ones(shape)
        given = [graph.constant(s.reshape(shape), dtype) for s in scales if s is not None]
        return graph.node("LayerNormalization", value, *given, axis=axes[0], epsilon=epsilon)
    centred = graph.node("Sub", value, reduce(exporter, "ReduceMean", value, axes, True))
    variance = reduce(exporter, "ReduceMean", graph.node("Mul", centred, centred), axes, True)
    root = graph.node("Sqrt", graph.node("Add", variance, graph.constant(epsilon, dtype)))
    result = graph.node("Div", centred, root)
    wide: list[Any] = [n if a in axes else 1 for a, n in enumerate(y.shape)]
    for kind, weights in zip(("Mul", "Add"), scales, strict=True):
        if weights is not None:
            result = graph.node(kind, result, graph.constant(weights.reshape(wide), dtype))
    return result
