"""The native recurrences against the reference."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leftfold.engine import reference
from leftfold.engine.reference import activations
from tests.engine.recurrent_kernels import CELL_NAMES, CELLS, STATES, Case
from tests.native.support import (
    assert_close,
    assert_same_bits,
    examples,
    in_float64,
    output_gradients,
    random_case,
    recurrent_cases,
    run_through,
)

every_cell = pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)

# The reference computes in float64, so all of the difference is the kernel's rounding. A float32
# sum of n terms is off by about sqrt(n) units of 6e-8. A state sums up to 430 products and
# inherits the error of up to 60 steps, damped by gates and activations; a weight's gradient sums
# up to 7,800 such products. That is a few 1e-6 of the largest value, and was 5e-6 at most over
# 3,000 random cases. A wrong term, row or step is an error above 1e-2.
TOLERANCE = 2e-5


def check(case: Case, native: Any, gradients: list[Any]) -> None:
    actual = run_through(case, native, gradients)
    expected = run_through(in_float64(case), reference, gradients)
    assert actual.keys() == expected.keys()
    # What contributions of random signs from every row and step add up to.
    rows = case.tensors["x"].shape[0] * case.tensors["x"].shape[1]
    weights = max(1.0, rows) ** 0.5
    for name, value in expected.items():
        summed = name in ("d_kernel", "d_recurrent_kernel", "d_bias")
        assert_close(actual[name], value, TOLERANCE, name, least=0.1 * (weights if summed else 1))


@every_cell
@examples(25)
@given(data=st.data())
def test_forward_and_gradients_agree_with_the_reference(cell, options, native, data):
    case = data.draw(recurrent_cases(cell, **options))
    without = data.draw(st.sets(st.integers(0, len(STATES[cell]))))
    check(case, native, output_gradients(case, without=tuple(without)))


@every_cell
@pytest.mark.parametrize("units", [*range(33, 41), 50, 100, 150])
def test_columns_that_do_not_fill_a_vector_agree_too(cell, options, native, units):
    sizes = {"features": 30, "units": units} | options
    case = random_case(cell, 14, 9, mask="mixed", return_sequences=True, **sizes)
    check(case, native, output_gradients(case))


@every_cell
@pytest.mark.parametrize("dropout", ["gates", "gates_of_many_numbers", "recurrent"])
@pytest.mark.parametrize("timesteps", [5, 230])
def test_long_sequences_behind_masks_agree_too(cell, options, native, dropout, timesteps):
    sizes = {"features": 23, "units": 37, "mask": "mixed", "dropout": dropout} | options
    case = random_case(cell, 14, timesteps, return_sequences=True, **sizes)
    check(case, native, output_gradients(case))


@every_cell
@examples(8)
@given(data=st.data())
def test_a_forward_pass_alone_gives_the_same_bits(cell, options, any_native, data):
    case = data.draw(recurrent_cases(cell, **options))
    *outputs, saved = case.forward(any_native, save=True)
    *alone, nothing = case.forward(any_native, save=False)
    assert saved is not None
    assert nothing is None
    for name, a, b in zip(("output", "h", "c"), alone, outputs, strict=False):
        assert_same_bits(a, b, name)


@every_cell
@examples(4)
@given(data=st.data())
def test_without_the_gradient_of_the_inputs_the_others_are_the_same(
    cell, options, any_native, data
):
    case = data.draw(recurrent_cases(cell, **options))
    gradients = output_gradients(case)
    everything = case.backward(any_native, case.forward(any_native, save=True)[-1], *gradients)
    rest = case.backward(
        any_native, case.forward(any_native, save=True)[-1], *gradients, needs_dx=False
    )
    assert rest.pop("x") is None
    for name, gradient in rest.items():
        assert_same_bits(gradient, everything[name], name)


def strided(array: np.ndarray) -> np.ndarray:
    spaced = np.full([2 * n + 1 for n in array.shape], 77, array.dtype)
    view = spaced[tuple(slice(1, None, 2) for _ in array.shape)]
    view[:] = array
    return view


def reversed_in_memory(array: np.ndarray) -> np.ndarray:
    backwards = (slice(None, None, -1),) * array.ndim
    return array[backwards].copy()[backwards]


def misaligned(array: np.ndarray) -> np.ndarray:
    view = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    view[:] = array
    return view


def field_of_records(array: np.ndarray) -> np.ndarray:
    records = np.zeros(array.shape, [("flag", np.uint8), ("value", array.dtype)])
    records["value"] = array
    return records["value"]


def read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = [
    np.asfortranarray,
    lambda array: array.T.copy().T,
    strided,
    reversed_in_memory,
    misaligned,
    field_of_records,
    read_only,
]


@every_cell
@examples(12)
@given(data=st.data())
def test_the_layout_of_the_inputs_in_memory_does_not_matter(cell, options, any_native, data):
    settings = {"return_sequences": True, "mask": "holes", "dropout": "gates"}
    case = random_case(cell, 3, 4, 5, 6, **settings, **options)
    gradients = output_gradients(case)
    expected = run_through(case, any_native, gradients)

    def relaid(array: np.ndarray) -> np.ndarray:
        return data.draw(st.sampled_from(LAYOUTS))(array)

    moved = dataclasses.replace(
        case,
        tensors={name: relaid(tensor) for name, tensor in case.tensors.items()},
        mask=relaid(case.mask),
        input_dropout=relaid(case.input_dropout),
        recurrent_dropout=relaid(case.recurrent_dropout),
    )
    actual = run_through(moved, any_native, [relaid(gradient) for gradient in gradients])
    for name, value in expected.items():
        assert_same_bits(actual[name], value, name)


# Where an activation bends sharply: its gradient there depends on the last bit of its input.
KINKS = {"relu": (0,), "relu6": (0, 6), "hard_sigmoid": (-3, 3), "selu": (0,)}


def distance_to_kinks(case: Case, monkeypatch: pytest.MonkeyPatch) -> float:
    """How near the reference comes to a kink while it computes the case."""
    distances = [np.inf]

    def watched(name: str, original: activations.Activation) -> activations.Activation:
        def function(x: np.ndarray) -> np.ndarray:
            distances.extend(np.abs(x - kink).min(initial=np.inf) for kink in KINKS[name])
            return original.function(x)

        return activations.Activation(function, original.derivative)

    with monkeypatch.context() as patch:
        for name in KINKS:
            original = activations.ACTIVATIONS[name]
            patch.setitem(activations.ACTIVATIONS, name, watched(name, original))
        case.forward(reference)
    return float(min(distances))


@pytest.mark.parametrize("name", sorted(activations.ACTIVATIONS))
@every_cell
@examples(6)
@given(seed=st.integers(0, 2**32 - 1), role=st.sampled_from(["activation", "recurrent_activation"]))
def test_every_activation_agrees_with_the_reference(
    cell, options, name, native, monkeypatch, seed, role
):
    random = np.random.default_rng(seed)
    batch, timesteps, features, units = random.integers(1, (12, 5, 20, 40))
    case = random_case(
        cell, batch, timesteps, features, units, mask="mixed", dropout="input_and_recurrent",
        seed=seed, return_sequences=True, **{role: name}, **options,
    )  # fmt: skip
    # Small enough that nothing explodes where an activation has no bound.
    for tensor in case.tensors:
        case.tensors[tensor] *= np.float32(0.1 if name == "exponential" else 0.5)
    exact = in_float64(case)
    assume(distance_to_kinks(exact, monkeypatch) > 1e-5)
    check(case, native, output_gradients(case))


@every_cell
def test_any_byte_but_zero_is_true_in_a_mask(cell, options, native):
    case = random_case(cell, 9, 7, 5, 6, mask="mixed", return_sequences=True, **options)
    expected = run_through(case, native, output_gradients(case))
    case.mask = (case.mask * np.arange(1, 10, dtype=np.uint8)[:, None]).view(bool)
    for name, value in run_through(case, native, output_gradients(case)).items():
        assert_same_bits(value, expected[name], name)


@every_cell
def test_nan_in_one_row_stays_in_that_row(cell, options, native):
    case = random_case(cell, 9, 4, 5, 20, return_sequences=True, **options)
    clean = run_through(case, native, output_gradients(case))
    case.tensors["x"][3, 1, 2] = np.nan
    spoilt = run_through(case, native, output_gradients(case))
    others = np.arange(9) != 3
    assert np.isnan(spoilt["h"][3]).all()
    for name in ("output", "h", "d_x", "d_h0"):
        assert_same_bits(spoilt[name][others], clean[name][others], name)
