"""Training from traces: the same to the last bit, and only where it may."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import callbacks, layers, losses, ops, regularizers, utils
from leftfold.engine import Tape

X = np.random.default_rng(0).normal(size=(22, 6, 3)).astype(np.float32)
Y = np.random.default_rng(1).random((22, 1)).astype(np.float32)
CLASSES = np.random.default_rng(2).integers(0, 4, 22)


def chain(*inner: Any) -> leftfold.Model:
    return leftfold.Sequential([layers.Input((6, 3)), *inner, layers.Dense(1)])


def two_ways() -> leftfold.Model:
    x = layers.Input((6, 3))
    left, right = layers.GRU(4)(x), layers.Flatten()(layers.TimeDistributed(layers.Dense(2))(x))
    return leftfold.Model(x, layers.Dense(1)(layers.concatenate([left, right]) * 2.0))


MODELS: dict[str, Callable[[], leftfold.Model]] = {
    "SimpleRNN": lambda: chain(layers.SimpleRNN(4)),
    "LSTM": lambda: chain(layers.LSTM(4, return_sequences=True), layers.LSTM(3)),
    "GRU": lambda: chain(layers.GRU(4, go_backwards=True), layers.LayerNormalization()),
    "dropout": lambda: chain(layers.LSTM(8), layers.Dropout(0.5, seed=3)),
    "Bidirectional": lambda: chain(layers.Bidirectional(layers.GRU(3))),
    "activations": lambda: chain(layers.Flatten(), layers.Dense(5, "relu"), layers.LeakyReLU()),
    "regularized": lambda: chain(layers.GRU(4, kernel_regularizer=regularizers.L2(0.1))),
    "functional": two_ways,
}


def trained(
    make: Callable[[], leftfold.Model],
    eagerly: bool = False,
    y: np.ndarray = Y,
    loss: Any = "mse",
    metrics: Any = ("mae",),
    fit: dict[str, Any] | None = None,
) -> tuple[leftfold.Model, dict[str, list[float]]]:
    utils.set_random_seed(5)
    model = make()
    model.compile("adam", loss, metrics=list(metrics), run_eagerly=eagerly)
    history = model.fit(X, y, batch_size=8, epochs=4, verbose=0, **fit or {})
    return model, history.history


def is_traced(model: Any) -> bool:
    return model._traces is not None and bool(model._traces._traces)


def assert_same(one: Any, other: Any) -> None:
    for a, b in zip(one[0].get_weights(), other[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one[1] == other[1]


@pytest.mark.parametrize("name", MODELS)
def test_trains_the_same_to_the_last_bit(name: str):
    found = trained(MODELS[name])
    assert is_traced(found[0])
    assert_same(found, trained(MODELS[name], eagerly=True))


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("mae", Y),
        ("huber", Y[:, 0]),
        ("binary_crossentropy", Y.round()),
        (losses.BinaryCrossentropy(from_logits=True), Y.round()),
        ("log_cosh", Y),
    ],
)
def test_losses(loss: Any, y: np.ndarray):
    found = trained(MODELS["GRU"], y=y, loss=loss)
    assert is_traced(found[0])
    assert_same(found, trained(MODELS["GRU"], True, y=y, loss=loss))


@pytest.mark.parametrize("name", MODELS)
def test_judges_and_predicts_the_same(name: str):
    model, eager = trained(MODELS[name])[0], trained(MODELS[name], eagerly=True)[0]
    for _ in range(3):
        assert model.evaluate(X, Y, verbose=0) == eager.evaluate(X, Y, verbose=0)
        found = model.predict(X, batch_size=10, verbose=0)
        np.testing.assert_array_equal(found, eager.predict(X, batch_size=10, verbose=0))
    assert {key[0] for key in model._traces._traces} >= {"_judging_pass", "_predicting_pass"}


def test_outputs_are_arrays_of_their_own():
    model, _ = trained(MODELS["GRU"])
    first, second, third = (model.predict_on_batch(x) for x in (X[:8], X[8:16], X[8:16]))
    np.testing.assert_array_equal(second, third)
    assert (first != second).any()
    assert not np.shares_memory(second, third)


def test_a_step_under_a_tape_gives_gradients():
    model, _ = trained(MODELS["GRU"])
    batch = leftfold.ops.convert_to_tensor(X[:8])
    for _ in range(4):
        with Tape() as tape:
            outputs = model.predict_step(batch)
        gradients = tape.gradient(outputs, model.trainable_variables)
        assert all(gradient is not None for gradient in gradients)


def test_classes():
    def make() -> leftfold.Model:
        last = layers.Dense(4, activation="softmax")
        return leftfold.Sequential([layers.Input((6, 3)), layers.LSTM(4), last])

    settings: Any = {"y": CLASSES, "loss": "sparse_categorical_crossentropy", "metrics": ["acc"]}
    found = trained(make, **settings)
    assert is_traced(found[0])
    assert_same(found, trained(make, True, **settings))


class Halved(layers.Dense):
    calls = 0

    def call(self, inputs: Any) -> Any:
        Halved.calls += 1
        return super().call(inputs) / 2


def test_layers_of_the_users_own_are_called_for_every_batch():
    model, _ = trained(lambda: chain(layers.GRU(3), Halved(2)))
    assert not is_traced(model)
    assert Halved.calls >= 12


def own_activation(x: Any) -> Any:
    return ops.tanh(x)


def own_loss(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@pytest.mark.parametrize(
    ("inner", "loss"),
    [
        (lambda: [layers.Flatten(), layers.Dense(2, activation=own_activation)], "mse"),
        (lambda: [layers.Flatten(), layers.Lambda(lambda x: x * 2)], "mse"),
        (lambda: [layers.Flatten(), layers.Dense(2)], own_loss),
        (lambda: [layers.Masking(), layers.LSTM(2)], "mse"),
        (lambda: [layers.LSTM(2, recurrent_dropout=0.5, seed=1)], "mse"),
        (lambda: [layers.BatchNormalization(), layers.LSTM(2)], "mse"),
    ],
)
def test_what_may_differ_from_batch_to_batch_is_not_traced(inner: Any, loss: Any):
    found = trained(lambda: chain(*inner()), loss=loss)
    assert not is_traced(found[0])
    assert_same(found, trained(lambda: chain(*inner()), True, loss=loss))


def test_a_setting_that_changes_counts():
    def falling(model: Any) -> callbacks.Callback:
        def change(epoch: int, logs: Any = None) -> None:
            model.layers[1].rate = 0.6 / (1 + epoch)

        return callbacks.LambdaCallback(on_epoch_begin=change)

    def run(eagerly: bool) -> Any:
        utils.set_random_seed(5)
        model = MODELS["dropout"]()
        model.compile("adam", "mse", run_eagerly=eagerly)
        fit = model.fit(X, Y, batch_size=4, epochs=4, verbose=0, callbacks=[falling(model)])
        return model, fit.history

    found = run(eagerly=False)
    assert is_traced(found[0])
    assert_same(found, run(eagerly=True))


def test_freezing_a_layer_counts():
    model, _ = trained(MODELS["LSTM"])
    before = model.layers[0].get_weights()
    model.layers[0].trainable = False
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    for a, b in zip(before, model.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_of_samples_are_heeded():
    weights = np.linspace(0, 2, 22, dtype=np.float32)
    found = trained(MODELS["GRU"], fit={"sample_weight": weights})
    assert_same(found, trained(MODELS["GRU"], True, fit={"sample_weight": weights}))


def test_a_stateful_model_carries_its_states():
    def make() -> leftfold.Model:
        inputs = layers.Input(batch_shape=(2, 6, 3))
        return leftfold.Sequential([inputs, layers.GRU(3, stateful=True), layers.Dense(1)])

    def run(eagerly: bool) -> Any:
        utils.set_random_seed(5)
        model = make()
        model.compile("adam", "mse", run_eagerly=eagerly)
        return model, model.fit(X, Y, batch_size=2, epochs=2, shuffle=False, verbose=0).history

    assert_same(run(eagerly=False), run(eagerly=True))


def test_a_copy_of_a_model_trains_on():
    model, _ = trained(MODELS["LSTM"])
    other = copy.deepcopy(model)
    assert not is_traced(other)
    for each in (model, other):
        utils.set_random_seed(6)
        each.fit(X, Y, batch_size=8, verbose=0)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
