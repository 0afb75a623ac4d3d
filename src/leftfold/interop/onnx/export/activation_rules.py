"""How activation functions are written that are no operator of ONNX, or one with settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.engine import KerasTensor
from leftfold.interop.onnx.export.rules import reduce, rule

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter


def _clipped(exporter: Exporter, value: str, low: float, high: float, dtype: str) -> str:
    graph = exporter.graph
    return graph.node("Clip", value, graph.constant(low, dtype), graph.constant(high, dtype))


@rule("relu6")
def _relu6(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    return _clipped(exporter, exporter.value(x, y.dtype), 0, 6, y.dtype)


@rule("hard_tanh")
def _hard_tanh(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    return _clipped(exporter, exporter.value(x, y.dtype), -1, 1, y.dtype)


@rule("leaky_relu")
def _leaky_relu(exporter: Exporter, y: KerasTensor, x: Any, negative_slope: float) -> str:
    return exporter.graph.node("LeakyRelu", exporter.value(x, y.dtype), alpha=float(negative_slope))


@rule("elu")
def _elu(exporter: Exporter, y: KerasTensor, x: Any, alpha: float) -> str:
    return exporter.graph.node("Elu", exporter.value(x, y.dtype), alpha=float(alpha))


@rule("celu")
def _celu(exporter: Exporter, y: KerasTensor, x: Any, alpha: float) -> str:
    return exporter.graph.node("Celu", exporter.value(x, y.dtype), alpha=float(alpha))


@rule("selu")
def _selu(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    return exporter.graph.node("Selu", exporter.value(x, y.dtype))


@rule("log_sigmoid")
def _log_sigmoid(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    graph = exporter.graph
    return graph.node("Neg", graph.node("Softplus", graph.node("Neg", exporter.value(x, y.dtype))))


def _hard_sigmoid_of(exporter: Exporter, value: str) -> str:
    return exporter.graph.node("HardSigmoid", value, alpha=1 / 6, beta=0.5)


@rule("hard_sigmoid")
def _hard_sigmoid(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    return _hard_sigmoid_of(exporter, exporter.value(x, y.dtype))


@rule("hard_silu")
def _hard_silu(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    value = exporter.value(x, y.dtype)
    return exporter.graph.node("Mul", value, _hard_sigmoid_of(exporter, value))


@rule("silu")
def _silu(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    value = exporter.value(x, y.dtype)
    return exporter.graph.node("Mul", value, exporter.graph.node("Sigmoid", value))


@rule("gelu")
def _gelu(exporter: Exporter, y: KerasTensor, x: Any, approximate: bool) -> str:
    graph, dtype, value = exporter.graph, y.dtype, exporter.value(x, y.dtype)

    def scaled(number: float, other: str) -> str:
        return graph.node("Mul", graph.constant(number, dtype), other)

    if approximate:
        cube = graph.node("Mul", value, graph.node("Mul", value, value))
        inner = graph.node("Add", value, scaled(0.044715, cube))
        bent = graph.node("Tanh", scaled(float(np.sqrt(2 / np.pi)), inner))
    else:
        bent = graph.node("Erf", scaled(float(np.sqrt(0.5)), value))
    return graph.node("Mul", scaled(0.5, value), graph.node("Add", bent, graph.constant(1, dtype)))


@rule("tanh_shrink")
def _tanh_shrink(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    value = exporter.value(x, y.dtype)
    return exporter.graph.node("Sub", value, exporter.graph.node("Tanh", value))


@rule("soft_shrink")
def _soft_shrink(exporter: Exporter, y: KerasTensor, x: Any, threshold: float) -> str:
    value = exporter.value(x, y.dtype)
    return exporter.graph.node("Shrink", value, lambd=float(threshold), bias=float(threshold))


@rule("hard_shrink")
def _hard_shrink(exporter: Exporter, y: KerasTensor, x: Any, threshold: float) -> str:
    graph, value = exporter.graph, exporter.value(x, y.dtype)
    far = graph.node("Greater", graph.node("Abs", value), graph.constant(threshold, y.dtype))
    return graph.node("Where", far, value, graph.constant(0, y.dtype))


@rule("threshold")
def _threshold(
    exporter: Exporter, y: KerasTensor, x: Any, threshold: float, default_value: float
) -> str:
    graph, value = exporter.graph, exporter.value(x, y.dtype)
    above = graph.node("Greater", value, graph.constant(threshold, y.dtype))
    return graph.node("Where", above, value, graph.constant(default_value, y.dtype))


@rule("squareplus")
def _squareplus(exporter: Exporter, y: KerasTensor, x: Any, b: float) -> str:
    graph, value = exporter.graph, exporter.value(x, y.dtype)
    square = graph.node("Add", graph.node("Mul", value, value), graph.constant(b, y.dtype))
    total = graph.node("Add", value, graph.node("Sqrt", square))
    return graph.node("Div", total, graph.constant(2, y.dtype))


@rule("sparse_sigmoid")
def _sparse_sigmoid(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    return exporter.graph.node("HardSigmoid", exporter.value(x, y.dtype), alpha=0.5, beta=0.5)


@rule("sparse_plus")
def _sparse_plus(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    graph, value = exporter.graph, exporter.value(x, y.dtype)
    one = graph.constant(1, y.dtype)
    inner = graph.node("Add", _clipped(exporter, value, -1, 1, y.dtype), one)
    curve = graph.node("Div", graph.node("Mul", inner, inner), graph.constant(4, y.dtype))
    return graph.node("Where", graph.node("Greater", value, one), value, curve)


@rule("glu")
def _glu(exporter: Exporter, y: KerasTensor, x: Any, axis: int) -> str:
    graph = exporter.graph
    value, gate = graph.nodes("Split", [exporter.value(x, y.dtype)], 2, axis=axis)
    return graph.node("Mul", value, graph.node("Sigmoid", gate))


@rule("softmax")
def _softmax(exporter: Exporter, y: KerasTensor, x: Any, axis: Any) -> str:
    value = exporter.value(x, y.dtype)
    axes = [int(a) for a in np.atleast_1d(axis)] if axis is not None else list(range(y.ndim))
    if len(axes) == 1:
        return exporter.graph.node("Softmax", value, axis=axes[0])
    graph = exporter.graph
    highest = reduce(exporter, "ReduceMax", value, axes, True)
    shares = graph.node("Exp", graph.node("Sub", value, highest))
    return graph.node("Div", shares, reduce(exporter, "ReduceSum", shares, axes, True))


@rule("log_softmax")
def _log_softmax(exporter: Exporter, y: KerasTensor, x: Any, axis: Any) -> str:
    return exporter.graph.node("LogSoftmax", exporter.value(x, y.dtype), axis=int(axis))
