"""What holds for every differentiable operation: gradients, element types, symbolic shapes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import Tape, Tensor
from leftfold.engine.symbolic import KerasTensor, leaves
from tests.ops.cases import CASES, Case, outputs_of

every_case = pytest.mark.parametrize("case", CASES, ids=str)

NOT_DIFFERENTIABLE = {
    *("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"),
    *("logical_and", "logical_or", "logical_xor", "logical_not", "all", "any", "isnan", "isinf"),
    *("isfinite", "isclose", "allclose", "argmax", "argmin", "argsort", "count_nonzero"),
    *("nonzero", "searchsorted", "in_top_k", "unique", "isin", "bincount", "quantile", "median"),
    *("sign", "floor", "ceil", "trunc", "round", "floor_divide", "stop_gradient"),
    *("one_hot", "multi_hot", "zeros_like", "ones_like", "empty_like", "full_like"),
    *("zeros", "ones", "empty", "eye", "identity", "tri", "arange", "linspace", "logspace"),
    *("nanargmax", "nanargmin", "nanquantile", "nanpercentile", "nanmedian", "percentile"),
    *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "bitwise_left_shift"),
    *("bitwise_right_shift", "gcd", "lcm", "heaviside", "signbit", "isposinf", "isneginf"),
    *("isreal", "digitize", "histogram", "bartlett", "blackman", "hamming", "hanning", "kaiser"),
    *("geomspace", "ctc_decode"),
    *("shape", "size", "ndim", "dtype", "is_tensor", "convert_to_numpy"),
}
"""Public operations through which no gradient flows."""

CONTROL = {
    *("cond", "switch", "while_loop", "fori_loop", "scan", "map", "vectorized_map"),
    *("custom_gradient", "remat"),
}
"""Functions of functions, tested on their own."""

ALIASES = {"abs", "swish", "hard_swish", "bitwise_invert", "left_shift", "right_shift"}


def public_operations() -> set[str]:
    return {name for name, item in vars(ops).items() if inspect.isfunction(item)}


def test_every_public_operation_is_in_the_table_or_listed_as_not_differentiable():
    assert public_operations() == (
        {case.name for case in CASES} | NOT_DIFFERENTIABLE | CONTROL | ALIASES
    )


def weights_for(outputs: list[Tensor]) -> list[np.ndarray]:
    generator = np.random.default_rng(5)
    return [generator.standard_normal(output.shape) for output in outputs]


def weighted_sum(outputs: list[Tensor], weights: list[np.ndarray]) -> Tensor:
    """One number that depends on every element of every float output in its own way."""
    parts = [
        ops.sum(ops.multiply(output, weight.astype(output.dtype)))
        for output, weight in zip(outputs, weights, strict=True)
        if output.dtype.startswith("float")
    ]
    return ops.sum(ops.stack(parts))


def numeric_gradient(case: Case, arguments: list[Any], tensor: Tensor) -> np.ndarray:
    """The gradient by central differences."""
    step = 1e-6
    weights = weights_for(outputs_of(case(arguments)))

    def value() -> float:
        return weighted_sum(outputs_of(case(arguments)), weights).item()

    gradient = np.empty_like(tensor.data)
    for place in np.ndindex(tensor.shape):
        before = tensor.data[place]
        tensor.data[place] = before + step
        above = value()
        tensor.data[place] = before - step
        gradient[place] = (above - value()) / (2 * step)
        tensor.data[place] = before
    return gradient


@every_case
def test_gradient_is_that_of_finite_differences(case: Case):
    arguments, tensors = case.tensors("float64")
    with Tape() as tape:
        outputs = outputs_of(case(arguments))
        loss = weighted_sum(outputs, weights_for(outputs))
    for tensor, gradient in zip(tensors, tape.gradient(loss, tensors), strict=True):
        expected = numeric_gradient(case, arguments, tensor)
        actual = np.zeros(tensor.shape) if gradient is None else gradient
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


@every_case
def test_float32_stays_float32(case: Case):
    arguments, tensors = case.tensors("float32")
    with Tape() as tape:
        outputs = outputs_of(case(arguments))
        loss = weighted_sum(outputs, weights_for(outputs))
    if "float64" not in map(str, (*case.arguments, *case.settings.values())):
        assert {output.dtype for output in outputs} <= {"float32", "int32"}
    for tensor, gradient in zip(tensors, tape.gradient(loss, tensors), strict=True):
        assert gradient is None or (gradient.dtype, gradient.shape) == ("float32", tensor.shape)


@every_case
def test_inputs_are_left_as_they_are(case: Case):
    arguments, tensors = case.tensors("float64")
    before = [tensor.data.copy() for tensor in tensors]
    with Tape() as tape:
        outputs = outputs_of(case(arguments))
        loss = weighted_sum(outputs, weights_for(outputs))
    values = [output.data.copy() for output in outputs]
    tape.gradient(loss, tensors)
    for tensor, kept in zip([*tensors, *outputs], [*before, *values], strict=True):
        np.testing.assert_array_equal(tensor.data, kept)


@every_case
def test_symbolic_shape_and_type_are_the_real_ones(case: Case):
    arguments, _ = case.tensors("float32")
    real = outputs_of(case(arguments))
    symbolic = outputs_of(case(case.symbols()))
    assert [(s.shape, s.dtype) for s in symbolic] == [(r.shape, r.dtype) for r in real]
    assert all(isinstance(s, KerasTensor) for s in symbolic)


@every_case
def test_a_graph_of_the_operation_computes_what_the_operation_computes(case: Case):
    arguments, tensors = case.tensors("float32")
    symbols = case.symbols()
    outputs = outputs_of(case(symbols))
    inputs = [leaf for leaf in leaves(symbols) if isinstance(leaf, KerasTensor)]
    values = dict(zip(map(id, inputs), tensors, strict=True))
    for expected, output in zip(outputs_of(case(arguments)), outputs, strict=True):
        np.testing.assert_array_equal(run(output, values).data, expected.data)


def run(symbol: KerasTensor, values: dict[int, Tensor]) -> Tensor:
    """The value of a symbolic tensor, given those of the graph's inputs."""
    if id(symbol) in values:
        return values[id(symbol)]
    operation, index, position = symbol.history
    node = operation.inbound_nodes[index]

    def value(argument: Any) -> Any:
        if isinstance(argument, KerasTensor):
            return run(argument, values)
        if isinstance(argument, list):
            return [value(item) for item in argument]
        return argument

    arguments = [value(argument) for argument in node.args]
    settings = {key: value(argument) for key, argument in node.kwargs.items()}
    return outputs_of(operation(*arguments, **settings))[position]
