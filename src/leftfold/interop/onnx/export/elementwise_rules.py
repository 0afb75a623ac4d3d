"""How arithmetic, comparisons and functions of one number are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leftfold.engine import KerasTensor
from leftfold.interop.onnx.export.rules import RULES, Rule, common_type, rule

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter

_UNARY = {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softplus": "Softplus",
    "softsign": "Softsign", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "absolute": "Abs",
    "negative": "Neg", "reciprocal": "Reciprocal", "erf": "Erf", "sign": "Sign", "floor": "Floor",
    "ceil": "Ceil", "sin": "Sin", "cos": "Cos", "tan": "Tan", "arcsin": "Asin", "arccos": "Acos",
    "arctan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "arcsinh": "Asinh", "arccosh": "Acosh",
    "arctanh": "Atanh", "copy": "Identity", "stop_gradient": "Identity",
}  # fmt: skip

_BINARY = {
    "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "true_divide": "Div",
    "power": "Pow", "maximum": "Max", "minimum": "Min", "logical_and": "And", "logical_or": "Or",
    "logical_xor": "Xor",
}  # fmt: skip

_COMPARISONS = {
    "equal": "Equal", "greater": "Greater", "greater_equal": "GreaterOrEqual", "less": "Less",
    "less_equal": "LessOrEqual",
}  # fmt: skip


def _simple(kind: str) -> Rule:
    def write_one(exporter: Exporter, y: KerasTensor, x: Any) -> str:
        return exporter.graph.node(kind, exporter.value(x, y.dtype))

    return write_one


def _of_two(kind: str) -> Rule:
    def write_one(exporter: Exporter, y: KerasTensor, x1: Any, x2: Any) -> str:
        return exporter.graph.node(kind, exporter.value(x1, y.dtype), exporter.value(x2, y.dtype))

    return write_one


def _comparison(kind: str) -> Rule:
    def write_one(exporter: Exporter, y: KerasTensor, x1: Any, x2: Any) -> str:
        dtype = common_type(x1, x2)
        return exporter.graph.node(kind, exporter.value(x1, dtype), exporter.value(x2, dtype))

    return write_one


for _name, _kind in _UNARY.items():
    RULES[_name] = _simple(_kind)
for _name, _kind in _BINARY.items():
    RULES[_name] = _of_two(_kind)
for _name, _kind in _COMPARISONS.items():
    RULES[_name] = _comparison(_kind)


@rule("not_equal")
def _not_equal(exporter: Exporter, y: KerasTensor, x1: Any, x2: Any) -> str:
    return exporter.graph.node("Not", RULES["equal"](exporter, y, x1, x2))


@rule("logical_not")
def _logical_not(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    return exporter.graph.node("Not", exporter.value(x, "bool"))


@rule("cast")
def _cast(exporter: Exporter, y: KerasTensor, x: Any, dtype: Any) -> str:
    return exporter.value(x, y.dtype)


@rule("square")
def _square(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    value = exporter.value(x, y.dtype)
    return exporter.graph.node("Mul", value, value)


@rule("rsqrt")
def _rsqrt(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    graph = exporter.graph
    return graph.node("Reciprocal", graph.node("Sqrt", exporter.value(x, y.dtype)))


@rule("exp2")
def _exp2(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    graph = exporter.graph
    return graph.node("Pow", graph.constant(2, y.dtype), exporter.value(x, y.dtype))


@rule("log1p")
def _log1p(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    graph = exporter.graph
    one = graph.constant(1, y.dtype)
    return graph.node("Log", graph.node("Add", exporter.value(x, y.dtype), one))


@rule("expm1")
def _expm1(exporter: Exporter, y: KerasTensor, x: Any) -> str:
    graph = exporter.graph
    return graph.node("Sub", graph.node("Exp", exporter.value(x, y.dtype)),
                      graph.constant(1, y.dtype))  # fmt: skip


@rule("round")
def _round(exporter: Exporter, y: KerasTensor, x: Any, decimals: int) -> str:
    if decimals:
        raise ValueError(exporter.refusal("ONNX rounds to whole numbers only"))
    return exporter.graph.node("Round", exporter.value(x, y.dtype))


@rule("clip")
def _clip(exporter: Exporter, y: KerasTensor, x: Any, x_min: Any, x_max: Any) -> str:
    ends = ["" if end is None else exporter.value(end, y.dtype) for end in (x_min, x_max)]
    return exporter.graph.node("Clip", exporter.value(x, y.dtype), *ends)


@rule("where")
def _where(exporter: Exporter, y: KerasTensor, condition: Any, x1: Any, x2: Any) -> str:
    return exporter.graph.node(
        "Where",
        exporter.value(condition, "bool"),
        exporter.value(x1, y.dtype),
        exporter.value(x2, y.dtype),
    )


@rule("divide_no_nan")
def _divide_no_nan(exporter: Exporter, y: KerasTensor, x1: Any, x2: Any) -> str:
    graph, divisor = exporter.graph, exporter.value(x2, y.dtype)
    zero = graph.constant(0, y.dtype)
    quotient = graph.node("Div", exporter.value(x1, y.dtype), divisor)
    return graph.node("Where", graph.node("Equal", divisor, zero), zero, quotient)


@rule("zeros_like", "empty_like")
def _zeros_like(exporter: Exporter, y: KerasTensor, x: Any, dtype: Any) -> str:
    return _filled_like(exporter, y, x, 0)


@rule("ones_like")
def _ones_like(exporter: Exporter, y: KerasTensor, x: Any, dtype: Any) -> str:
    return _filled_like(exporter, y, x, 1)


@rule("full_like")
def _full_like(exporter: Exporter, y: KerasTensor, x: Any, fill_value: Any, dtype: Any) -> str:
    return _filled_like(exporter, y, x, fill_value)


def _filled_like(exporter: Exporter, y: KerasTensor, x: Any, number: Any) -> str:
    graph = exporter.graph
    shape = graph.node("Shape", exporter.value(x))
    return graph.node("Expand", graph.constant(number, y.dtype), shape)
