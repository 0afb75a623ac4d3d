"""`fit(..., backprop_steps=K)`: states go on from window to window, gradients do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers, ops, utils
from leftfold.engine import Tape
from leftfold.ops import recurrent
from leftfold.optimizers import SGD

ROWS, STEPS, FEATURES, UNITS, WINDOW = 4, 11, 2, 3, 4
RATE = 0.1


def sequences(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(ROWS, STEPS, FEATURES)).astype(np.float32)


def reader(return_sequences: bool = True, batch: int = ROWS, **changes: Any) -> Sequential:
    utils.set_random_seed(1)
    settings: dict[str, Any] = {"stateful": True, "return_sequences": return_sequences} | changes
    model = Sequential(
        [
            Input(batch_shape=(batch, None, FEATURES)),
            layers.LSTM(UNITS, name="reader", **settings),
            layers.Dense(1),
        ]
    )
    model.compile(SGD(RATE), "mse")
    return model


def by_hand(x: np.ndarray, y: np.ndarray, epochs: int) -> list[np.ndarray]:
    """The weights after gradient descent on windows, written out."""
    model = reader()
    weights = model.trainable_variables
    for _ in range(epochs):
        h = c = np.zeros((ROWS, UNITS), np.float32)
        for start in range(0, STEPS, WINDOW):
            window = slice(start, start + WINDOW)
            with Tape() as tape:
                output, new_h, new_c = recurrent.lstm(
                    x[:, window], *weights[:3], h, c, return_sequences=True
                )
                guess = ops.dense(output, *weights[3:])
                loss = ops.mean(ops.square(guess - y[:, window]))
            gradients = tape.gradient(loss, weights)
            h, c = new_h.data, new_c.data
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.assign(weight.data - RATE * gradient)
    return model.get_weights()


def test_training_on_windows_is_the_loop_written_by_hand() -> None:
    x = sequences()
    y = np.cumsum(x[:, :, :1], axis=1)
    model = reader()
    model.fit(x, y, ROWS, epochs=3, shuffle=False, verbose=0, backprop_steps=WINDOW)
    for a, b in zip(model.get_weights(), by_hand(x, y, 3), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_one_window_over_all_steps_is_ordinary_training() -> None:
    x = sequences()
    y = np.cumsum(x[:, :, :1], axis=1)
    truncated, plain = reader(), reader(stateful=False)
    truncated.fit(x, y, ROWS, epochs=2, shuffle=False, verbose=0, backprop_steps=100)
    plain.fit(x, y, ROWS, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(truncated.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_one_target_a_sequence_reads_on_and_trains_on_the_last_window() -> None:
    x = sequences()
    y = x[:, :, 0].sum(axis=1, keepdims=True)
    model = reader(return_sequences=False)
    weights = model.trainable_variables
    _, h, c = recurrent.lstm(x[:, :-WINDOW], *(w.data for w in weights[:3]))
    with Tape() as tape:
        _, last, _ = recurrent.lstm(x[:, -WINDOW:], *weights[:3], h.data, c.data)
        loss = ops.mean(ops.square(ops.dense(last, *weights[3:]) - y))
    gradients = tape.gradient(loss, weights)
    expected = [w.data - RATE * g for w, g in zip(weights, gradients, strict=True)]
    history = model.fit(x, y, ROWS, verbose=0, shuffle=False, backprop_steps=WINDOW)
    assert history.params["steps"] == 1
    assert history.history["loss"][0] == pytest.approx(float(loss))
    for a, b in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def windows_seen(model: Any, *arguments: Any, **settings: Any) -> list[tuple[np.ndarray, Any]]:
    """The first feature of each window trained on, and the state before it."""
    seen: list[tuple[np.ndarray, Any]] = []
    layer = model.get_layer("reader")
    step = type(model).train_step

    def noting(data: Any) -> Any:
        seen.append((data[0].data[..., 0].copy(), layer.states[0].data.copy()))
        return step(model, data)

    model.train_step = noting
    model.fit(*arguments, verbose=0, backprop_steps=WINDOW, **settings)
    return seen


def test_states_carry_within_sequences_and_begin_from_zeros_with_the_next() -> None:
    x = np.concatenate([sequences(0), sequences(1), sequences(2)[:2]])
    y = x[:, :, :1]
    seen = windows_seen(reader(), x, y, ROWS, shuffle=False)
    assert [window.shape for window, _ in seen] == [(4, 4), (4, 4), (4, 3)] * 2 + [
        (2, 4),
        (2, 4),
        (2, 3),
    ]
    for index, (_, state) in enumerate(seen):
        assert (state == 0).all() == (index % 3 == 0)
    read = [np.concatenate([w for w, _ in seen[i : i + 3]], axis=1) for i in (0, 3, 6)]
    np.testing.assert_array_equal(np.concatenate(read), x[:, :, 0])


def test_sequences_are_shuffled_but_their_steps_are_not() -> None:
    x = np.concatenate([sequences(seed) for seed in range(3)])
    seen = windows_seen(reader(), x, x[:, :, :1], ROWS)
    read = [np.concatenate([w for w, _ in seen[i : i + 3]], axis=1) for i in (0, 3, 6)]
    found = np.concatenate(read)
    assert not np.array_equal(found, x[:, :, 0])
    sort = np.argsort
    np.testing.assert_array_equal(found[sort(found[:, 0])], x[sort(x[:, 0, 0]), :, 0])


def test_validation_reads_each_sequence_from_its_beginning() -> None:
    x = np.concatenate([sequences(0), sequences(1)])
    y = np.cumsum(x[:, :, :1], axis=1)
    model = reader()
    history = model.fit(x, y, ROWS, verbose=0, validation_data=(x, y), backprop_steps=WINDOW)
    fresh = reader(stateful=False)
    fresh.set_weights(model.get_weights())
    guesses = fresh.predict(x, verbose=0)
    windows = [
        float(np.mean((guesses[:, s : s + WINDOW] - y[:, s : s + WINDOW]) ** 2))
        for s in range(0, STEPS, WINDOW)
    ]
    assert history.history["val_loss"][0] == pytest.approx(np.mean(windows), rel=1e-5)


def test_weights_of_steps_and_inputs_without_steps_go_with_the_windows() -> None:
    x, fixed = sequences(), np.ones((ROWS, 5), np.float32)
    series = Input(batch_shape=(ROWS, None, FEATURES))
    static = Input(batch_shape=(ROWS, 5))
    read = layers.GRU(UNITS, stateful=True, return_sequences=True)(series)
    per_row = layers.Dense(UNITS)(static)
    both = layers.Lambda(lambda pair: pair[0] + ops.expand_dims(pair[1], 1))([read, per_row])
    model = Model([series, static], layers.Dense(1)(both))
    model.compile("sgd", "mse")
    weight = np.zeros((ROWS, STEPS), np.float32)
    weight[:, :WINDOW] = 1
    before = model.get_weights()
    history = model.fit(
        [x, fixed], x[:, :, :1], ROWS, sample_weight=weight, verbose=0, backprop_steps=WINDOW
    )
    assert history.params["steps"] == 3
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_it_says_why_windows_cannot_be_meant() -> None:
    x = sequences()
    y = x[:, :, :1]
    with pytest.raises(ValueError, match="backprop_steps expected a positive integer, got 0"):
        reader().fit(x, y, ROWS, backprop_steps=0)
    with pytest.raises(ValueError, match="expected a model that carries its states"):
        reader(stateful=False).fit(x, y, ROWS, backprop_steps=WINDOW)
    with pytest.raises(ValueError, match="but reader begins at the end"):
        reader(go_backwards=True).fit(x, y, ROWS, backprop_steps=WINDOW)
    with pytest.raises(ValueError, match="expected arrays of whole sequences"):
        reader().fit(iter([(x, y)]), backprop_steps=WINDOW)
    half = Sequential(
        [
            Input(batch_shape=(ROWS, None, FEATURES)),
            layers.LSTM(UNITS, stateful=True, return_sequences=True),
            layers.LSTM(UNITS, name="forgets"),
        ]
    )
    half.compile("sgd", "mse")
    with pytest.raises(ValueError, match="but forgets is not stateful"):
        half.fit(x, np.zeros((ROWS, UNITS)), ROWS, backprop_steps=WINDOW)
