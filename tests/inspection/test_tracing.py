"""`trace` shows what really goes on: outputs, states and gates of every kind of model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import inspection, layers, ops

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(3, 6, 4)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 1, 0]], bool)
MASKED = X * MASK[..., None]


def lively(model: Any) -> Any:
    """Random biases too, so that none can be forgotten unnoticed."""
    random = np.random.default_rng(1)
    model.set_weights([w + random.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def chain(*parts: Any, shape: Any = (6, 4)) -> Any:
    return lively(leftfold.Sequential([layers.Input(shape), *parts]))


CELLS = [
    layers.SimpleRNN,
    layers.GRU,
    lambda units, **kw: layers.GRU(units, reset_after=False, **kw),
    layers.LSTM,
    lambda units, **kw: layers.LSTM(units, activation="relu", use_bias=False, **kw),
]


@pytest.mark.parametrize("make", CELLS)
@pytest.mark.parametrize("masked", [False, True])
def test_states_are_those_of_the_layer(make: Any, masked: bool) -> None:
    front = [layers.Masking()] if masked else []
    model = chain(*front, make(5, return_sequences=True, name="reader"))
    x = MASKED if masked else X
    traced = inspection.trace(model, x)
    recurrence = traced.recurrences["reader"]
    np.testing.assert_allclose(recurrence.states["hidden"], model.predict(x, verbose=0), atol=1e-5)
    np.testing.assert_array_equal(recurrence.inputs, x)
    if masked:
        assert recurrence.mask is not None
        np.testing.assert_array_equal(recurrence.mask, MASK)
        for values in recurrence.gates.values():
            np.testing.assert_array_equal(np.isnan(values).all(-1), ~MASK)
    np.testing.assert_allclose(traced.output, traced["reader"])


def before(recurrence: Any, state: str) -> np.ndarray:
    first = recurrence.initial[state][:, None]
    return np.concatenate([first, recurrence.states[state][:, :-1]], axis=1)


def test_the_gates_of_an_lstm_make_its_states() -> None:
    model = chain(layers.LSTM(5, name="reader"))
    found = inspection.trace(model, X).recurrences["reader"]
    gates = found.gates
    cell = gates["forget"] * before(found, "cell") + gates["input"] * gates["candidate"]
    np.testing.assert_allclose(found.states["cell"], cell, atol=1e-5)
    hidden = gates["output"] * np.tanh(cell)
    np.testing.assert_allclose(found.states["hidden"], hidden, atol=1e-5)


@pytest.mark.parametrize("reset_after", [True, False])
def test_the_gates_of_a_gru_make_its_state(reset_after: bool) -> None:
    model = chain(layers.GRU(5, reset_after=reset_after, name="reader"))
    found = inspection.trace(model, X).recurrences["reader"]
    update, old = found.gates["update"], before(found, "hidden")
    hidden = update * old + (1 - update) * found.gates["candidate"]
    np.testing.assert_allclose(found.states["hidden"], hidden, atol=1e-5)
    assert not np.allclose(found.gates["reset"], update)


def test_both_directions_are_shown_in_the_order_of_time() -> None:
    inner = layers.LSTM(3, return_sequences=True, name="lstm")
    model = chain(layers.Masking(), layers.Bidirectional(inner, name="both"))
    traced = inspection.trace(model, MASKED)
    output = model.predict(MASKED, verbose=0)
    live = MASK[..., None]
    forward = traced.recurrences["both/forward_lstm"]
    backward = traced.recurrences["both/backward_lstm"]
    assert (forward.backwards, backward.backwards) == (False, True)
    np.testing.assert_allclose(forward.states["hidden"] * live, output[..., :3], atol=1e-5)
    np.testing.assert_allclose(backward.states["hidden"] * live, output[..., 3:], atol=1e-5)
    gates = backward.gates
    later = np.concatenate([backward.states["cell"][:, 1:], np.zeros((3, 1, 3))], axis=1)
    cell = gates["forget"] * later + gates["input"] * gates["candidate"]
    expected = backward.states["cell"][MASK]
    np.testing.assert_allclose(cell[MASK], expected, atol=1e-5)


def test_words_looked_up_are_read_as_vectors() -> None:
    model = chain(
        layers.Embedding(9, 4, mask_zero=True, name="vectors"),
        layers.GRU(5, name="reader"),
        layers.Dense(2, name="answer"),
        shape=(None,),
    )
    ids = np.array([[1, 2, 1, 2, 1, 1, 2, 0], [3, 1, 1, 1, 1, 1, 1, 1]])
    traced = inspection.trace(model, ids)
    found = traced.recurrences["reader"]
    np.testing.assert_array_equal(found.inputs, model.layers[0].embeddings.numpy()[ids])
    last = found.states["hidden"][:, -1]
    np.testing.assert_allclose(traced["reader"], last, atol=1e-5)
    np.testing.assert_allclose(traced["answer"], model.predict(ids, verbose=0), atol=1e-6)
    assert [call.name for call in traced.calls] == ["vectors", "reader", "answer"]


def test_stacked_cells_show_the_gates_of_each() -> None:
    cells = [layers.LSTMCell(5), layers.SimpleRNNCell(4), layers.GRUCell(3)]
    model = chain(layers.RNN(cells, return_sequences=True, name="tower"))
    found = inspection.trace(model, X).recurrences["tower"]
    assert set(found.states) == {"1/hidden", "1/cell", "2/hidden", "3/hidden"}
    np.testing.assert_allclose(found.states["3/hidden"], model.predict(X, verbose=0), atol=1e-5)
    update, old = found.gates["3/update"], before(found, "3/hidden")
    hidden = update * old + (1 - update) * found.gates["3/candidate"]
    np.testing.assert_allclose(found.states["3/hidden"], hidden, atol=1e-5)
    cell = found.gates["1/forget"] * before(found, "1/cell")
    cell = cell + found.gates["1/input"] * found.gates["1/candidate"]
    np.testing.assert_allclose(found.states["1/cell"], cell, atol=1e-5)


class Leaky(layers.Layer):
    """A cell of the user's own."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units))

    def call(self, inputs: Any, states: Any) -> Any:
        state = 0.5 * states[0] + ops.matmul(inputs, self.kernel)
        return ops.tanh(state), [state]


def test_a_cell_of_ones_own_shows_its_states() -> None:
    model = chain(layers.RNN(Leaky(5), return_sequences=True, name="own"))
    found = inspection.trace(model, X).recurrences["own"]
    assert found.gates == {}
    np.testing.assert_allclose(
        np.tanh(found.states["state"]), model.predict(X, verbose=0), atol=1e-5
    )


def test_a_stateful_model_stays_where_it_is() -> None:
    inputs = layers.Input(batch_shape=(3, 6, 4))
    model = lively(leftfold.Model(inputs, layers.GRU(5, stateful=True, name="reader")(inputs)))
    model.predict(X, batch_size=3, verbose=0)
    kept = model.get_layer("reader").states[0].numpy().copy()
    found = inspection.trace(model, X).recurrences["reader"]
    np.testing.assert_array_equal(found.initial["hidden"], kept)
    np.testing.assert_array_equal(model.get_layer("reader").states[0].numpy(), kept)
    second = model.predict(X, batch_size=3, verbose=0)
    np.testing.assert_allclose(found.states["hidden"][:, -1], second, atol=1e-5)


def test_initial_states_and_models_inside_models() -> None:
    inner = leftfold.Sequential([layers.Input((6, 4)), layers.LSTM(5, name="deep")], name="inner")
    x, first = layers.Input((6, 4)), layers.Input((5,))
    answer = layers.GRU(5, name="reader")(x, initial_state=first)
    model = lively(leftfold.Model([x, first], [answer, inner(x)]))
    start = RANDOM.normal(size=(3, 5)).astype("float32")
    traced = inspection.trace(model, [X, start])
    np.testing.assert_array_equal(traced.recurrences["reader"].initial["hidden"], start)
    np.testing.assert_allclose(
        traced.recurrences["reader"].states["hidden"][:, -1], traced.output[0], atol=1e-5
    )
    assert "inner/deep" in traced.recurrences


class Subclassed(leftfold.Model):
    """Calls one layer twice."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = layers.LSTM(4, return_sequences=True, name="reader")
        self.drop = layers.Dropout(0.9)

    def call(self, x: Any, training: bool = False) -> Any:
        return self.drop(self.reader(self.reader(x)), training=training)


def test_subclassed_models_and_layers_called_twice() -> None:
    model = Subclassed()
    model(X)
    traced = inspection.trace(model, X)
    assert [call.kind for call in traced.calls] == ["LSTM", "LSTM", "Dropout"]
    np.testing.assert_array_equal(traced.recurrences["reader"].inputs, traced.calls[0].output)
    np.testing.assert_allclose(traced.output, traced["reader"])


def test_the_model_is_left_as_it_was_even_after_an_error() -> None:
    model = chain(layers.LSTM(5, name="reader"))
    expected = model.predict(X, verbose=0)
    with pytest.raises(ValueError):
        inspection.trace(model, X[:, :, :2])
    assert all("call" not in vars(layer) for layer in model._flatten_layers())
    inspection.trace(model, X)
    np.testing.assert_array_equal(model.predict(X, verbose=0), expected)


def test_mistakes_are_named() -> None:
    with pytest.raises(TypeError, match="expected a model, got ndarray"):
        inspection.trace(X, X)
    traced = inspection.trace(chain(layers.Dense(2, name="answer")), X)
    with pytest.raises(KeyError, match="no layer 'lstm'; it has answer"):
        traced["lstm"]
    with pytest.raises(ValueError, match="no recurrent layer"):
        _ = traced.recurrence
