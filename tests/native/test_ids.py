"""One-hot inputs given as ids: the same recurrence, without the products with ones and zeros."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.engine import reference
from tests.engine.recurrent_kernels import CELL_NAMES, CELLS, Case
from tests.native.support import (
    assert_close,
    assert_same_bits,
    examples,
    in_float64,
    output_gradients,
    random_case,
    recurrent_cases,
)

every_cell = pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)
TOLERANCE = 2e-5  # as for other inputs: see test_recurrent_kernels.py


def with_ids(case: Case, seed: int = 0) -> Case:
    """The same case with ids for inputs; the kernel's rows are what they choose from."""
    shape = case.tensors["x"].shape[:2]
    ids = np.random.default_rng(seed).integers(0, len(case.tensors["kernel"]), shape, np.int32)
    return dataclasses.replace(case, tensors=case.tensors | {"x": ids}, input_dropout=None)


def one_hot(case: Case) -> Case:
    """The same inputs as vectors of ones and zeros."""
    kernel = case.tensors["kernel"]
    x = np.eye(len(kernel), dtype=kernel.dtype)[case.tensors["x"]]
    return dataclasses.replace(case, tensors=case.tensors | {"x": x})


def run(case: Case, kernels: Any, gradients: list[Any]) -> dict[str, Any]:
    """Outputs, and gradients of all but the inputs."""
    *outputs, saved = case.forward(kernels, save=True)
    found = case.backward(kernels, saved, *gradients, needs_dx=False)
    assert found.pop("x") is None
    return dict(enumerate(outputs)) | found


@every_cell
@pytest.mark.parametrize("mask", ["none", "left", "holes"])
def test_in_the_reference_ids_are_one_hot_inputs(cell, options, mask):
    case = with_ids(random_case(cell, 3, 5, 4, 3, mask=mask, dropout="recurrent", **options))
    gradients = output_gradients(case)
    expected = run(one_hot(case), reference, gradients)
    for name, value in run(case, reference, gradients).items():
        assert_close(value, expected[name], 1e-6, str(name))


@every_cell
@examples(25)
@given(data=st.data())
def test_outputs_and_gradients_agree_with_the_reference(cell, options, native, data):
    case = with_ids(data.draw(recurrent_cases(cell, **options)), data.draw(st.integers(0, 99)))
    gradients = output_gradients(case)
    actual = run(case, native, gradients)
    expected = run(in_float64(case), reference, gradients)
    weights = max(1.0, case.tensors["x"].size) ** 0.5
    for name, value in expected.items():
        summed = name in ("kernel", "recurrent_kernel", "bias")
        assert_close(actual[name], value, TOLERANCE, name, least=0.1 * (weights if summed else 1))


@every_cell
def test_the_bits_are_the_same_on_any_number_of_threads(cell, options, any_native):
    case = with_ids(random_case(cell, 23, 20, 40, 100, mask="holes", **options))
    gradients = output_gradients(case)
    any_native.set_threads(1)
    expected = run(case, any_native, gradients)
    for threads in (2, 3, 7):
        any_native.set_threads(threads)
        for name, value in run(case, any_native, gradients).items():
            assert_same_bits(value, expected[name], f"{name} on {threads} threads")


@every_cell
def test_products_given_as_a_kernel_lead_to_the_same_bits_as_their_factors(cell, options, native):
    """A table of `x W + b` for every word is where the chain of sums for its rows goes on."""
    case = random_case(cell, 9, 11, 30, 37, mask="right", **options)
    words = np.random.default_rng(1).random((6, 30), np.float32)
    ids = np.random.default_rng(2).integers(0, 6, (9, 11), np.int32)
    t = case.tensors
    bias, rest = t["bias"], None
    if bias.ndim == 2:
        bias, rest = np.ascontiguousarray(bias[0]), bias * np.array([[0], [1]], np.float32)
    table = native.gemm(words, t["kernel"], False, False, bias)
    by_word = dataclasses.replace(case, tensors=t | {"x": ids, "kernel": table, "bias": rest})
    plain = dataclasses.replace(case, tensors=t | {"x": words[ids]})
    pairs = zip(by_word.forward(native)[:-1], plain.forward(native)[:-1], strict=True)
    for place, (actual, expected) in enumerate(pairs):
        assert_same_bits(actual, expected, str(place))


@every_cell
@pytest.mark.parametrize("wrong", [-1, 4, 2**31 - 1, -(2**31)])
def test_an_id_outside_the_kernel_is_refused(cell, options, native, wrong):
    case = with_ids(random_case(cell, 3, 5, 4, 3, **options))
    case.tensors["x"][1, 2] = wrong
    with pytest.raises(IndexError, match=rf"x of at least 0 and below 4, got {wrong}\."):
        case.forward(native)


@every_cell
def test_ids_have_neither_a_gradient_nor_dropout(cell, options, native):
    case = with_ids(random_case(cell, 3, 5, 4, 3, **options))
    saved = case.forward(native, save=True)[-1]
    with pytest.raises(ValueError, match="needs_dx to be False for ids"):
        case.backward(native, saved, *output_gradients(case))
    for features in (0, 4):  # ids have none, the kernel's rows stand for four
        dropped = dataclasses.replace(case, input_dropout=np.ones((1, 3, features), np.float32))
        with pytest.raises(ValueError, match="input_dropout"):
            dropped.forward(native)
    with pytest.raises(ValueError, match="expected x"):
        dataclasses.replace(case, tensors=case.tensors | {"x": np.zeros((3, 5, 1), "i4")}).forward(
            native
        )
