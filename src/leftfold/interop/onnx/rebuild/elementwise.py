"""Operators that go element by element: activations as layers, the rest as operations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import layers, ops
from leftfold.interop.onnx.rebuild.axes import fresh_if
from leftfold.interop.onnx.rebuild.inputs import (
    broadcasted,
    constant,
    raw,
    rebuilds,
    same_axes,
    tensor,
    view,
)
from leftfold.interop.onnx.rebuild.masks import where_settles
from leftfold.interop.onnx.rebuild.products import dense_with_bias, embedding_of_codes
from leftfold.interop.onnx.rebuild.sizes import product_of_sizes
from leftfold.interop.onnx.rebuild.values import Made, Sizes, View
from leftfold.interop.onnx.run.types import TYPES

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder

_SIXTH = float(np.float32(1 / 6))
_SELU = 1.6732632, 1.0507010

_ACTIVATIONS = {
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus",
    "Softsign": "softsign", "Mish": "mish",
}  # fmt: skip

_UNARY: dict[str, Callable[[Any], Any]] = {
    "Abs": ops.abs, "Acos": ops.arccos, "Acosh": ops.arccosh, "Asin": ops.arcsin,
    "Asinh": ops.arcsinh, "Atan": ops.arctan, "Atanh": ops.arctanh, "Ceil": ops.ceil,
    "Cos": ops.cos, "Cosh": ops.cosh, "Exp": ops.exp, "Floor": ops.floor, "IsNaN": ops.isnan,
    "Log": ops.log, "Neg": ops.negative, "Not": ops.logical_not, "Reciprocal": ops.reciprocal,
    "Round": ops.round, "Sign": ops.sign, "Sin": ops.sin, "Sinh": ops.sinh, "Sqrt": ops.sqrt,
    "Tan": ops.tan, "Erf": ops.erf, "HardSwish": ops.hard_silu,
}  # fmt: skip

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": ops.add, "Sub": ops.subtract, "Mul": ops.multiply, "And": ops.logical_and,
    "Or": ops.logical_or, "Xor": ops.logical_xor, "Equal": ops.equal, "Greater": ops.greater,
    "GreaterOrEqual": ops.greater_equal, "Less": ops.less, "LessOrEqual": ops.less_equal,
    "Max": ops.maximum, "Min": ops.minimum, "Sum": ops.add,
}  # fmt: skip


def on_base(made: Made, function: Callable[[Any], Any]) -> View:
    """The result of a function of each number alone: the order of axes may stay as it is."""
    found = view(made, 0)
    result = function(found.base)
    return View(result, found.layout, found.axes)


def _unary(function: Callable[[Any], Any]) -> Any:
    return lambda rebuilder, made: on_base(made, function)


for _kind, _function in _UNARY.items():
    rebuilds(_kind)(_unary(_function))


@rebuilds(*_ACTIVATIONS)
def _activation(rebuilder: Rebuilder, made: Made) -> View:
    name = _ACTIVATIONS[made.call.kind]
    return on_base(made, layers.Activation(name, name=rebuilder.name(made.call.name, name)))


@rebuilds("Elu", "Celu", "Selu", "LeakyRelu", "HardSigmoid", "Gelu", "Swish", "ThresholdedRelu")
def _activation_with_numbers(rebuilder: Rebuilder, made: Made) -> View:
    get = made.call.get
    alpha, beta = get("alpha"), get("beta", 0.5)

    def hard_sigmoid(x: Any) -> Any:
        slope = 0.2 if alpha is None else alpha
        if beta == 0.5 and np.isclose(slope, _SIXTH):
            return ops.hard_sigmoid(x)
        return ops.clip(ops.add(ops.multiply(x, slope), beta), 0.0, 1.0)

    def above(x: Any) -> Any:
        return ops.where(ops.greater(x, 1.0 if alpha is None else alpha), x, 0.0)

    functions: dict[str, Callable[[Any], Any]] = {
        "Elu": lambda x: ops.elu(x, 1.0 if alpha is None else alpha),
        "Celu": lambda x: ops.celu(x, 1.0 if alpha is None else alpha),
        "Selu": ops.selu,
        "LeakyRelu": lambda x: ops.leaky_relu(x, 0.01 if alpha is None else alpha),
        "HardSigmoid": hard_sigmoid,
        "Gelu": lambda x: ops.gelu(x, approximate=get("approximate", "none") == "tanh"),
        "Swish": lambda x: ops.multiply(x, ops.sigmoid(ops.multiply(x, alpha or 1.0))),
        "ThresholdedRelu": above,
    }
    if made.call.kind == "Selu":
        numbers = [get("alpha", _SELU[0]), get("gamma", _SELU[1])]
        if not np.allclose(numbers, _SELU):
            raise made.refuse("its alpha and gamma are not the usual ones")
    return on_base(made, functions[made.call.kind])


@rebuilds("Shrink")
def _shrink(rebuilder: Rebuilder, made: Made) -> View:
    edge, bias = made.call.get("lambd", 0.5), made.call.get("bias", 0.0)
    if edge != bias:
        raise made.refuse("its lambd and bias differ")
    return on_base(made, lambda x: ops.soft_shrink(x, edge))


@rebuilds("PRelu")
def _prelu(rebuilder: Rebuilder, made: Made) -> View:
    x, slope = tensor(made, 0), tensor(made, 1)
    return broadcasted(made, ops.where(ops.less(x, 0.0), ops.multiply(x, slope), x))


@rebuilds("Identity")
def _identity(rebuilder: Rebuilder, made: Made) -> Any:
    return raw(made, 0)


@rebuilds("Dropout")
def _dropout(rebuilder: Rebuilder, made: Made) -> View:
    ratio = constant(made, 1)
    rate = made.call.get("ratio", 0.5) if ratio is None else float(ratio)
    if made.used[1:] and made.used[1]:
        raise made.refuse("something reads which numbers it dropped")
    layer = layers.Dropout(rate, name=rebuilder.name(made.call.name, "dropout"))
    return on_base(made, layer)


@rebuilds("Cast")
def _cast(rebuilder: Rebuilder, made: Made) -> Any:
    found, dtype = raw(made, 0), TYPES[made.call.get("to")]
    if isinstance(found, Sizes) and np.dtype(dtype).kind == "i":
        return found
    if isinstance(found, View) and found.unsettled is None and found.dtype == dtype:
        return found
    return on_base(made, lambda x: ops.cast(x, dtype))


@rebuilds("Clip")
def _clip(rebuilder: Rebuilder, made: Made) -> View:
    low = constant(made, 1) if made.given(1) else made.call.get("min")
    high = constant(made, 2) if made.given(2) else made.call.get("max")
    if (made.given(1) and low is None) or (made.given(2) and high is None):
        raise made.refuse("its limits are computed by the graph")

    def clipped(x: Any) -> Any:
        x = x if low is None else ops.maximum(x, np.asarray(low, x.dtype))
        return x if high is None else ops.minimum(x, np.asarray(high, x.dtype))

    return on_base(made, clipped)


@rebuilds(*_BINARY)
def _binary(rebuilder: Rebuilder, made: Made) -> Any:
    if made.call.kind == "Add":
        dense = dense_with_bias(rebuilder, made)
        if dense is not None:
            return dense
    if made.call.kind == "Mul":
        found = product_of_sizes(made) or embedding_of_codes(rebuilder, made)
        if found is not None:
            return found
    return element_by_element(made, _BINARY[made.call.kind])


def element_by_element(made: Made, function: Callable[[Any, Any], Any]) -> View:
    """A function of two inputs, or of more, two by two."""
    if "axis" in made.call.attributes:
        raise made.refuse("it aligns axes as only the first versions of ONNX did")
    if same_axes(made.inputs):
        first = view(made, 0)
        bases = [view(made, place).base for place in range(len(made.inputs))]
        result = functools.reduce(function, bases)
        return View(result, fresh_if(result, first.layout), first.axes)
    numbers = [constant(made, place) for place in range(len(made.inputs))]
    if len(numbers) == 2 and any(n is not None and n.ndim == 0 for n in numbers):
        place = 0 if numbers[0] is None else 1
        found = view(made, place)
        pair = (found.base, numbers[1]) if place == 0 else (numbers[0], found.base)
        return View(function(*pair), found.layout, found.axes)
    tensors = [tensor(made, place) for place in range(len(made.inputs))]
    return broadcasted(made, functools.reduce(function, tensors))


@rebuilds("Div")
def _div(rebuilder: Rebuilder, made: Made) -> View:
    whole_numbers = any(np.dtype(getattr(x, "dtype", "int64")).kind in "iu"
                        for x in (raw(made, 0), raw(made, 1)))  # fmt: skip
    # Leftfold rounds down; ONNX towards zero, which is the same where both are positive.
    return element_by_element(made, ops.floor_divide if whole_numbers else ops.divide)


@rebuilds("Pow")
def _pow(rebuilder: Rebuilder, made: Made) -> View:
    exponent = constant(made, 1)
    if exponent is not None and exponent.size == 1 and float(exponent.ravel()[0]) == 2:
        return on_base(made, ops.square)
    return element_by_element(made, ops.power)


@rebuilds("Mean")
def _mean(rebuilder: Rebuilder, made: Made) -> View:
    total = element_by_element(made, ops.add)
    mean = ops.multiply(total.base, np.float32(1 / len(made.inputs)))
    return View(mean, total.layout, total.axes)


@rebuilds("Where")
def _where(rebuilder: Rebuilder, made: Made) -> View:
    found = where_settles(made)
    if found is not None:
        return found
    condition, x1, x2 = (tensor(made, place) for place in range(3))
    return broadcasted(made, ops.where(condition, x1, x2))
