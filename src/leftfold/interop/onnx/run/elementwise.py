"""Operators that work on each number alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from leftfold.interop.onnx.run.operators import OPERATORS, Call, NotOffered, operator
from leftfold.ops.elementwise import erf_values
from leftfold.ops.nn import sigmoid_values, softplus_values

Array = np.ndarray

_UNARY: dict[str, Callable[[Array], Any]] = {
    "Abs": np.abs, "Acos": np.arccos, "Acosh": np.arccosh, "Asin": np.arcsin, "Asinh": np.arcsinh,
    "Atan": np.arctan, "Atanh": np.arctanh, "Ceil": np.ceil, "Cos": np.cos, "Cosh": np.cosh,
    "Exp": np.exp, "Floor": np.floor, "IsNaN": np.isnan, "Log": np.log, "Neg": np.negative,
    "Not": np.logical_not, "Reciprocal": np.reciprocal, "Round": np.rint, "Sign": np.sign,
    "Sin": np.sin, "Sinh": np.sinh, "Sqrt": np.sqrt, "Tan": np.tan, "Tanh": np.tanh,
    "Erf": erf_values, "Sigmoid": sigmoid_values, "Softplus": softplus_values,
    "BitwiseNot": np.invert,
    "Relu": lambda x: np.maximum(x, 0),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Mish": lambda x: x * np.tanh(softplus_values(x)),
    "HardSwish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
}  # fmt: skip

_BINARY: dict[str, Callable[[Array, Array], Any]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "And": np.logical_and,
    "Or": np.logical_or, "Xor": np.logical_xor, "Equal": np.equal, "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal, "Less": np.less, "LessOrEqual": np.less_equal,
    "BitwiseAnd": np.bitwise_and, "BitwiseOr": np.bitwise_or, "BitwiseXor": np.bitwise_xor,
}  # fmt: skip


def _unary(function: Callable[[Array], Any]) -> Callable[..., Array]:
    def run(call: Call, x: Array) -> Array:
        y = np.asarray(function(x))
        return y if y.dtype == np.bool_ else y.astype(x.dtype, copy=False)

    return run


def _binary(function: Callable[[Array, Array], Any]) -> Callable[..., Array]:
    def run(call: Call, x1: Array, x2: Array) -> Array:
        if "axis" in call.attributes and x2.ndim:  # broadcasting of the first versions
            x2 = x2.reshape(x2.shape + (1,) * (x1.ndim - call.get("axis") % x1.ndim - x2.ndim))
        return np.asarray(function(x1, x2))

    return run


OPERATORS.update({name: _unary(function) for name, function in _UNARY.items()})
OPERATORS.update({name: _binary(function) for name, function in _BINARY.items()})


def _variadic(choose: Callable[[Array, Array], Any]) -> Callable[..., Array]:
    def run(call: Call, *xs: Array) -> Array:
        return np.asarray(reduce(choose, xs))

    return run


OPERATORS.update(
    {"Max": _variadic(np.maximum), "Min": _variadic(np.minimum), "Sum": _variadic(np.add)}
)


@operator("Mean")
def _mean(call: Call, *xs: Array) -> Array:
    return (reduce(np.add, xs) / len(xs)).astype(xs[0].dtype)


@operator("Identity")
def _identity(call: Call, x: Array) -> Array:
    return x


@operator("Div")
def _div(call: Call, x1: Array, x2: Array) -> Array:
    """Whole numbers are divided towards zero."""
    if x1.dtype.kind == "f":
        return np.asarray(x1 / x2)
    if np.any(x2 == 0):
        raise call.refuse("whole numbers cannot be divided by 0")
    quotient = x1 // x2
    return np.asarray(quotient + ((quotient < 0) & (quotient * x2 != x1))).astype(x1.dtype)


@operator("Mod")
def _mod(call: Call, x1: Array, x2: Array) -> Array:
    return np.asarray(np.fmod(x1, x2) if call.get("fmod", 0) else np.mod(x1, x2))


@operator("Pow")
def _pow(call: Call, x1: Array, x2: Array) -> Array:
    if x1.dtype.kind == "f":
        return np.asarray(np.power(x1, x2.astype(x1.dtype)))
    return np.power(x1.astype(np.float64), x2).astype(x1.dtype)


@operator("BitShift")
def _bit_shift(call: Call, x1: Array, x2: Array) -> Array:
    return np.asarray(x1 << x2 if call.get("direction") == "LEFT" else x1 >> x2)


@operator("IsInf")
def _is_inf(call: Call, x: Array) -> Array:
    positive = np.isposinf(x) & bool(call.get("detect_positive", 1))
    return np.asarray(positive | (np.isneginf(x) & bool(call.get("detect_negative", 1))))


@operator("Clip")
def _clip(call: Call, x: Array, low: Any = None, high: Any = None) -> Array:
    low = call.get("min") if low is None else low
    high = call.get("max") if high is None else high
    y = x if low is None else np.maximum(x, np.asarray(low, x.dtype))
    return np.asarray(y if high is None else np.minimum(y, np.asarray(high, x.dtype)))


@operator("Where")
def _where(call: Call, condition: Array, x1: Array, x2: Array) -> Array:
    return np.where(condition, x1, x2)


@operator("PRelu")
def _prelu(call: Call, x: Array, slope: Array) -> Array:
    if call.version < 7 and slope.ndim == 1 and x.ndim > 2:  # one for each channel
        slope = slope.reshape(-1, *[1] * (x.ndim - 2))
    return np.where(x < 0, x * slope, x).astype(x.dtype)


def elu(x: Array, alpha: float) -> Array:
    """`x` where it is not negative, else `alpha * (exp(x) - 1)`."""
    return np.asarray(np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x))


PARAMETRIC: dict[str, tuple[float | None, float | None, Callable[..., Any]]] = {
    "Affine": (1.0, 0.0, lambda x, alpha, beta: alpha * x + beta),
    "Celu": (1.0, None, lambda x, alpha: np.maximum(x, 0) + np.minimum(elu(x / alpha, alpha), 0)),
    "Elu": (1.0, None, elu),
    "HardSigmoid": (0.2, 0.5, lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1)),
    "LeakyRelu": (0.01, None, lambda x, alpha: np.where(x < 0, alpha * x, x)),
    "ScaledTanh": (1.0, 1.0, lambda x, alpha, beta: alpha * np.tanh(beta * x)),
    "Swish": (1.0, None, lambda x, alpha: x * sigmoid_values(alpha * x)),
    "ThresholdedRelu": (1.0, None, lambda x, alpha: np.where(x > alpha, x, 0)),
}
"""Functions with an alpha, or an alpha and a beta: their defaults, and the function."""


def _parametric(name: str) -> Callable[..., Array]:
    alpha, beta, function = PARAMETRIC[name]

    def run(call: Call, x: Array) -> Array:
        numbers = [call.get("alpha", alpha)] + ([] if beta is None else [call.get("beta", beta)])
        return np.asarray(function(x, *numbers)).astype(x.dtype, copy=False)

    return run


OPERATORS.update(
    {name: _parametric(name) for name in PARAMETRIC if name not in ("Affine", "ScaledTanh")}
)


@operator("Selu")
def _selu(call: Call, x: Array) -> Array:
    alpha, gamma = call.get("alpha", 1.6732632), call.get("gamma", 1.0507010)
    return (gamma * elu(x, alpha)).astype(x.dtype)


@operator("Shrink")
def _shrink(call: Call, x: Array) -> Array:
    edge, bias = call.get("lambd", 0.5), call.get("bias", 0.0)
    return np.where(x < -edge, x + bias, np.where(x > edge, x - bias, 0)).astype(x.dtype)


@operator("Gelu")
def _gelu(call: Call, x: Array) -> Array:
    if call.get("approximate", "none") == "tanh":
        bent = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    else:
        bent = erf_values((x * np.sqrt(0.5)).astype(x.dtype))
    return (0.5 * x * (1 + bent)).astype(x.dtype)


@operator("Dropout")
def _dropout(call: Call, x: Array, ratio: Any = None, training_mode: Any = None) -> Any:
    """Nothing is dropped: this is not training."""
    if training_mode is not None and bool(training_mode) and (ratio is None or ratio > 0):
        raise NotOffered(str(call.refuse("training is not supported")))
    return (x, np.ones(x.shape, np.bool_)) if call.results > 1 else x
