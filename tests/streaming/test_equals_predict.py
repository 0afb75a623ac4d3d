"""A stepped model answers what `predict` answers for the whole sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leftfold
from leftfold import layers, streaming
from tests.streaming.models import FUSED, inputs, models, randomise


def check(model: Any, x: np.ndarray, tolerance: float = 1e-5) -> None:
    """Step one row alone, then all rows as a batch of sessions, and compare every step."""
    stepper = streaming.compile(model)
    sessions = stepper.add(len(x))
    for step in range(x.shape[1]):
        expected = model.predict(x[:, : step + 1], verbose=0)
        if expected.ndim == 3:
            expected = expected[:, -1]
        together = stepper.step(x[:, step], sessions)
        np.testing.assert_allclose(together, expected, tolerance, tolerance)
        alone = stepper.step(x[0, step])
        np.testing.assert_allclose(alone, expected[0], tolerance, tolerance)


@given(made=models(), steps=st.integers(1, 6), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_of_random_models(build: str, made: Any, steps: int, seed: int) -> None:
    model, shape, vocabulary = made
    check(model, inputs(shape, vocabulary, steps, seed))


@pytest.mark.parametrize("activation", FUSED)
def test_of_every_fused_activation(build: str, activation: str) -> None:
    model = leftfold.Sequential(
        [layers.Input((None, 3)), layers.SimpleRNN(17, activation, return_sequences=True)]
    )
    check(model, inputs((3,), 0, 4, 1))


@pytest.mark.parametrize("cell", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_of_zero_output_for_mask(build: str, cell: Any) -> None:
    recurrent = cell(9, return_sequences=True)
    recurrent.zero_output_for_mask = True
    model = leftfold.Sequential([layers.Input((None, 3)), layers.Masking(), recurrent])
    check(model, inputs((3,), 0, 6, 1))


def test_of_a_graph_with_branches_and_models_inside(build: str) -> None:
    inner = leftfold.Sequential([layers.Input((None, 8)), layers.Dense(8), layers.ReLU()])
    x = layers.Input((None, 5))
    h = layers.LSTM(8, return_sequences=True)(x)
    merged = layers.Add()([h, inner(h)])
    merged = layers.Multiply()([merged, layers.Dense(8, "sigmoid")(x)])
    merged = layers.Maximum()([merged, layers.Subtract()([h, merged])])
    merged = layers.Minimum()([merged, layers.Average()([h, merged, h])])
    joined = layers.Concatenate()([merged, x])
    model = leftfold.Model(x, layers.Dense(3)(layers.GRU(6)(joined)))
    randomise(model, 3)
    check(model, inputs((5,), 0, 5, 2))


def test_of_steps_that_are_matrices(build: str) -> None:
    model = leftfold.Sequential(
        [
            layers.Input((None, 3, 4)),
            layers.BatchNormalization(),
            layers.Activation("tanh"),
            layers.TimeDistributed(layers.Flatten()),
            layers.LSTM(5),
            layers.Reshape((5,)),
        ]
    )
    randomise(model, 3)
    check(model, inputs((3, 4), 0, 4, 2))


def test_of_a_model_without_operations(build: str) -> None:
    check(
        leftfold.Sequential([layers.Input((None, 4)), layers.Dropout(0.5)]), inputs((4,), 0, 2, 1)
    )


def test_in_double_precision() -> None:
    model = leftfold.Sequential(
        [layers.Input((None, 4)), layers.LSTM(6, dtype="float64"), layers.Dense(2, dtype="float64")]
    )
    x = inputs((4,), 0, 5, 1).astype(np.float64)
    check(model, x, 1e-12)
    assert streaming.compile(model).step(x[0, 0]).dtype == np.float64


def test_of_large_layers_and_blocks_of_rows(build: str) -> None:
    if build == "reference":
        pytest.skip("blocks are the native code's")
    model = leftfold.Sequential(
        [layers.Input((None, 70)), layers.LSTM(130, return_sequences=True), layers.GRU(90),
         layers.Dense(5)]
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(300, 3, 70)).astype(np.float32)
    stepper = streaming.compile(model)
    sessions = stepper.add(300)
    for step in range(3):
        y = stepper.step(x[:, step], sessions)
    np.testing.assert_allclose(y, model.predict(x, verbose=0), 1e-5, 1e-5)


def test_a_session_has_the_same_bits_in_any_company(build: str) -> None:
    if build == "reference":
        pytest.skip("the reference multiplies by NumPy, which promises no bits")
    model = leftfold.Sequential(
        [layers.Input((None, 7)), layers.LSTM(37, return_sequences=True),
         layers.GRU(21, reset_after=False, return_sequences=True), layers.SimpleRNN(150),
         layers.Dense(50, "relu"), layers.Dense(3)]
    )  # fmt: skip
    randomise(model, 5)
    x = np.random.default_rng(0).normal(size=(230, 4, 7)).astype(np.float32)
    stepper = streaming.compile(model)
    sessions = stepper.add(len(x))
    for step in range(4):
        together = stepper.step(x[:, step], sessions)
        np.testing.assert_array_equal(stepper.step(x[5, step]), together[5])
