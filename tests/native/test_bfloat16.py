"""Kernels that multiply bfloat16s, by both forms of the product."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.engine import reference
from leftfold.engine.quantization import bfloat16_bits, from_bfloat16
from tests.engine.recurrent_kernels import CELL_NAMES, CELLS
from tests.native.support import (
    assert_close,
    dimension,
    examples,
    in_float64,
    output_gradients,
    random_case,
    recurrent_cases,
    run_through,
)

every_cell = pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)
UNIT = 2.0**-8
"""From 1 to the next bfloat16 above it is twice that: the largest error of rounding to one."""


def rounded(array: np.ndarray) -> np.ndarray:
    return from_bfloat16(bfloat16_bits(array)).astype(np.float64)


@examples(40)
@given(data=st.data())
def test_a_product_rounds_its_operands_and_nothing_else(bfloat16, data):
    m, n = data.draw(dimension(70)), data.draw(dimension(150))
    depth = data.draw(st.one_of(st.just(0), dimension(1100)))
    transpose_a, transpose_b = data.draw(st.booleans()), data.draw(st.booleans())
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    a, b, bias = (random.normal(size=s).astype("f") for s in ((m, depth), (depth, n), (n,)))
    stored_a, stored_b = (
        np.ascontiguousarray(x.T if transposed else x)
        for x, transposed in ((a, transpose_a), (b, transpose_b))
    )
    actual = bfloat16.gemm(stored_a, stored_b, transpose_a, transpose_b, bias)
    assert_close(actual, rounded(a) @ rounded(b) + bias, 1e-6, "product")


def test_halves_are_rounded_to_even_and_what_is_not_finite_stays(bfloat16):
    numbers = np.array([1 + UNIT, 1 + 3 * UNIT, 1 + 1.01 * UNIT, 3.4e38, np.inf, np.nan], "f")
    expected = np.array([1, 1 + 4 * UNIT, 1 + 2 * UNIT, np.inf, np.inf, np.nan], "f")
    one = np.ones((1, 1), "f")
    for x in (bfloat16.gemm(numbers[:, None], one, False, False, None)[:, 0],
              bfloat16.gemm(one, numbers[None], False, False, None)[0]):  # fmt: skip
        np.testing.assert_array_equal(x, expected)


def test_an_infinite_number_reaches_its_own_column_only(bfloat16):
    """At every depth at which something else could be left in the room of packed operands."""
    for depth in (1, 33, 545, 1101):
        b = np.ones((depth, 70), "f")
        b[:, 3] = np.inf
        for transposed in (False, True):
            stored = b.T.copy() if transposed else b
            product = bfloat16.gemm(np.ones((2, depth), "f"), stored, False, transposed, None)
            expected = np.full((2, 70), depth, "f")
            expected[:, 3] = np.inf
            np.testing.assert_array_equal(product, expected)


@examples(20)
@given(data=st.data())
def test_one_step_of_an_lstm_is_exact_but_for_the_rounding_of_its_operands(bfloat16, data):
    batch, features, units = (data.draw(dimension(n)) for n in (40, 70, 90))
    case = random_case("lstm", batch, 1, features, units, seed=data.draw(st.integers(0, 999)))
    _, h, c, _ = case.forward(bfloat16)
    exact = in_float64(case)
    for name in ("x", "kernel", "recurrent_kernel", "bias", "h0"):
        exact.tensors[name] = rounded(case.tensors[name])
    _, expected_h, expected_c, _ = exact.forward(reference)
    assert_close(c, expected_c, 1e-5, "c")
    assert np.abs(h - expected_h).max() <= UNIT * np.abs(expected_h).max() + 1e-5
    np.testing.assert_array_equal(h, rounded(h))


# Operands, states and what is kept are off by up to 1/256 of themselves, at random. Sums over
# random signs inherit about as much of their own magnitude; over 1,200 random cases it was 2.2 %
# of the largest value at most. A wrong term, row or step is an error of the magnitude itself.
TOLERANCE = 0.05
# Where there is a single unit nothing averages out: the gradient of its state, a product over all
# steps, was off by 5.3 % in one case.
OF_A_SINGLE_UNIT = 0.1


@every_cell
@examples(40)
@given(data=st.data())
def test_forward_and_gradients_agree_with_the_reference(cell, options, bfloat16, data):
    case = data.draw(recurrent_cases(cell, **options))
    gradients = output_gradients(case)
    actual = run_through(case, bfloat16, gradients)
    expected = run_through(in_float64(case), reference, gradients)
    rows = max(1, case.tensors["x"].shape[0] * case.tensors["x"].shape[1])
    tolerance = OF_A_SINGLE_UNIT if len(case.tensors["recurrent_kernel"]) == 1 else TOLERANCE
    for name, value in expected.items():
        summed = name in ("d_kernel", "d_recurrent_kernel", "d_bias")
        assert_close(actual[name], value, tolerance, name, least=rows**0.5 if summed else 1)


def test_a_gru_remembers_what_bfloat16_steps_could_not_add_up(bfloat16):
    """Its state moves by 1/1000 of the way to 1 at each step, less than half of a bfloat16."""
    units, steps = 16, 1000
    kernel = np.zeros((1, 3 * units), "f")
    bias = np.zeros((2, 3 * units), "f")
    bias[0, :units], bias[0, 2 * units :] = np.log(999), 20
    x = np.zeros((1, steps, 1), "f")
    state = np.zeros((units, 3 * units), "f")
    arguments: tuple[Any, ...] = (x, kernel, state, bias, None, None, None, None)
    output, *_ = bfloat16.gru_forward(
        *arguments, "tanh", "sigmoid", True, False, False, False, False
    )
    # The bias is rounded as well: 6.907 to 6.906.
    z = 1 / (1 + np.exp(-6.90625))
    np.testing.assert_allclose(output, 1 - z**steps, rtol=UNIT)
