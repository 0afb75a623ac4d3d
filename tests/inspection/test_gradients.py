"""Gradients at each step are those that finite differences give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import inspection, layers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(2, 5, 3)).astype("float32")
Y = RANDOM.normal(size=(2, 4)).astype("float32")


def model_of(cell: Any, **settings: Any) -> Any:
    leftfold.utils.set_random_seed(1)
    return leftfold.Sequential([layers.Input((5, 3)), cell(4, name="reader", **settings)])


def loss_from(model: Any, step: int, states: list[np.ndarray], x: np.ndarray) -> float:
    """The loss where the states behind a step are what they are."""
    layer = model.get_layer("reader")
    rest = x[:, step + 1 :]
    end = states[0] if not rest.shape[1] else np.asarray(layer(rest, initial_state=states))
    return float(np.square(end - Y).mean())


@pytest.mark.parametrize("cell", [layers.SimpleRNN, layers.GRU, layers.LSTM])
def test_norms_are_those_of_finite_differences(cell: Any) -> None:
    model = model_of(cell)
    flow = inspection.gradient_flow(model, X, Y, "mse")["reader"]
    traced = inspection.trace(model, X).recurrences["reader"]
    for step in (0, 2, 4):
        states = [values[:, step].astype("float64") for values in traced.states.values()]
        squares = np.zeros(2)
        for state in states:
            for place in np.ndindex(state.shape):
                changes = []
                for sign in (1, -1):
                    state[place] += sign * 1e-2
                    changes.append(loss_from(model, step, [s.astype("f4") for s in states], X))
                    state[place] -= sign * 1e-2
                squares[place[0]] += ((changes[0] - changes[1]) / 2e-2) ** 2
        np.testing.assert_allclose(flow.rows[:, step], np.sqrt(squares), rtol=0.03, atol=1e-4)
    np.testing.assert_allclose(flow.norms, flow.rows.mean(0))


def test_a_linear_network_loses_what_its_matrix_takes() -> None:
    model = model_of(layers.SimpleRNN, activation=None, recurrent_initializer="identity")
    layer = model.get_layer("reader")
    layer.recurrent_kernel.assign(0.5 * np.eye(4, dtype="f4"))
    back = inspection.gradient_flow(model, X, Y, "mse")["reader"].back()
    np.testing.assert_allclose(back, 0.5 ** np.arange(5), rtol=1e-5)


def test_padding_costs_no_gradient() -> None:
    x = X.copy()
    x[:, 3:] = 0
    reader = layers.LSTM(4, name="reader")
    model = leftfold.Sequential([layers.Input((5, 3)), layers.Masking(), reader])
    flow = inspection.gradient_flow(model, x, Y, "mse")["reader"]
    np.testing.assert_allclose(flow.norms[2:], flow.norms[2], rtol=1e-6)
    assert flow.norms[1] != pytest.approx(flow.norms[2])


def test_every_recurrent_layer_is_measured_and_the_loss_of_compile_used() -> None:
    model = leftfold.Sequential(
        [
            layers.Input((None,)),
            layers.Embedding(9, 3),
            layers.Bidirectional(layers.GRU(4, return_sequences=True, name="gru"), name="both"),
            layers.LSTM(4, name="top"),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    ids, labels = RANDOM.integers(1, 9, (4, 7)), np.array([0, 1, 1, 0])
    flows = inspection.gradient_flow(model, ids, labels)
    assert list(flows) == ["both/forward_gru", "both/backward_gru", "top"]
    assert all((flow.norms > 0).all() for flow in flows.values())
    assert flows["both/backward_gru"].norms[0] > 0


def test_cells_are_compared_on_equal_terms() -> None:
    x, y = RANDOM.normal(size=(8, 30, 2)), RANDOM.normal(size=(8, 1))
    seen = []
    flows = inspection.compare_cells(x, y, units=8, prepare=seen.append)
    assert list(flows) == ["SimpleRNN", "GRU", "LSTM"]
    assert [type(model.layers[1]).__name__ for model in seen] == list(flows)
    again = inspection.compare_cells(x, y, units=8)
    for cell, flow in flows.items():
        np.testing.assert_array_equal(flow.norms, again[cell].norms)


def test_mistakes_are_named() -> None:
    plain = leftfold.Sequential([layers.Input((5, 3)), layers.Dense(1)])
    with pytest.raises(ValueError, match="with recurrent layers"):
        inspection.gradient_flow(plain, X, RANDOM.normal(size=(2, 5, 1)), "mse")
    with pytest.raises(ValueError, match="a loss"):
        inspection.gradient_flow(model_of(layers.GRU), X, Y)
    with pytest.raises(ValueError, match="x of shape"):
        inspection.compare_cells(X[0], Y)
