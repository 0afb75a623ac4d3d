"""Training from traces: the same to the last bit, and only where it may."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import callbacks, config, layers, losses, ops, regularizers, utils
from leftfold.engine import Tape, no_recording
from leftfold.engine.changes import latest_change
from leftfold.models.step_traces import StepTraces

X = np.random.default_rng(0).normal(size=(22, 6, 3)).astype(np.float32)
X[::3, 4:] = 0
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
    "recurrent dropout": lambda: chain(
        layers.LSTM(4, dropout=0.3, recurrent_dropout=0.5, return_sequences=True, seed=1),
        layers.Bidirectional(layers.GRU(3, recurrent_dropout=0.2, seed=2)),
    ),
    "masked": lambda: chain(
        layers.Masking(),
        layers.Bidirectional(layers.GRU(3, return_sequences=True)),
        layers.LSTM(3, recurrent_dropout=0.5, seed=4),
    ),
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


WORDS = np.random.default_rng(3).integers(0, 5, (22, 9))


def reader(
    vocabulary: int = 5, dtype: str = "int32", mask_zero: bool = False, **settings: Any
) -> leftfold.Model:
    return leftfold.Sequential(
        [
            layers.Input((9,), dtype=dtype),
            layers.Embedding(vocabulary, 3, mask_zero=mask_zero),
            layers.LSTM(4, **settings),
            layers.Dense(1),
        ]
    )


def read(eagerly: bool, words: np.ndarray = WORDS, **settings: Any) -> Any:
    utils.set_random_seed(5)
    model = reader(**settings)
    model.compile("adam", "mse", run_eagerly=eagerly)
    history = model.fit(words, Y, batch_size=8, epochs=4, verbose=0)
    predicted = [model.predict(words, batch_size=8, verbose=0).tolist() for _ in range(3)]
    return model, [history.history, predicted]


@pytest.mark.parametrize("dtype", ["int32", "float32"])
@pytest.mark.parametrize(
    "settings", [{}, {"mask_zero": True}, {"dropout": 0.2}, {"recurrent_dropout": 0.5}]
)
def test_words(dtype: str, settings: dict[str, Any]):
    found = read(False, dtype=dtype, seed=1, **settings)
    assert is_traced(found[0])
    assert_same(found, read(True, dtype=dtype, seed=1, **settings))


def test_words_that_may_repeat_or_not_are_counted_in_every_batch():
    rare = np.random.default_rng(4).permutation(22 * 9).reshape(22, 9)
    for words in (WORDS, rare, np.where(np.arange(22)[:, None] % 16 < 8, rare, WORDS)):
        found = read(False, words, vocabulary=200)
        assert not is_traced(found[0])
        assert_same(found, read(True, words, vocabulary=200))


@pytest.mark.parametrize("wrong", [-1, 5])
def test_a_word_outside_the_vocabulary_is_refused_however_many_batches_came(wrong: int):
    model, _ = read(False)
    assert is_traced(model)
    spoilt = WORDS.copy()
    spoilt[3, 4] = wrong
    for run in (model.predict_on_batch, lambda x: model.train_on_batch(x, Y[:8])):
        with pytest.raises(ValueError, match=f"ids from 0 to 4, .* got id {wrong}"):
            run(spoilt[:8])
    assert np.isfinite(model.predict_on_batch(WORDS[:8])).all()


def test_fractions_of_words_are_cut_off_with_a_warning_however_many_batches_came():
    model, _ = read(False, dtype="float32")
    whole = model.predict_on_batch(WORDS[:8])
    with pytest.warns(UserWarning, match="fractions are cut off"):
        cut = model.predict_on_batch(WORDS[:8] + 0.5)
    np.testing.assert_array_equal(cut, whole)


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
        (lambda: [layers.Masking(), layers.RNN(layers.LSTMCell(2))], "mse"),
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


class Steeper(regularizers.Regularizer):
    """Penalises more each time that it is asked."""

    calls = 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return ops.sum(ops.square(x)) * float(self.calls)


def counted(function: Any) -> Any:
    """A wrapper that goes by the name of what it wraps, and does something else each time."""
    calls = [0.0]

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        return function(*args, **kwargs) * calls[0]

    return wrapper


def set_by_turns(*names: Any, values: Sequence[Any]) -> Callable[[Any, int], None]:
    """Sets an attribute of the model, or of what is in it, to the next of these values."""

    def change(model: Any, turn: int) -> None:
        for name in names[:-1]:
            model = model[name] if isinstance(name, int) else getattr(model, name)
        setattr(model, names[-1], values[turn % len(values)])

    return change


def small(**kwargs: Any) -> leftfold.Model:
    return chain(layers.GRU(3), layers.Dense(2, **kwargs))


DENSE = ("layers", 1)
CHANGES: dict[str, tuple[Callable[[], leftfold.Model], Any, Any]] = {
    "factor of a regularizer": (
        lambda: small(kernel_regularizer=regularizers.L2(0.1)),
        "mse",
        set_by_turns(*DENSE, "kernel_regularizer", "l2", values=[0.1, 0.5]),
    ),
    "regularizer of a variable": (
        small,
        "mse",
        set_by_turns(*DENSE, "kernel", "regularizer", values=[regularizers.L2(0.1), None]),
    ),
    "reduction of a loss": (
        small,
        losses.Huber,
        set_by_turns("loss", "reduction", values=["sum", "sum_over_batch_size"]),
    ),
    "function of a loss": (
        small,
        losses.MeanSquaredError,
        set_by_turns("loss", "fn", values=[losses.mean_absolute_error, losses.mean_squared_error]),
    ),
    "scale of the loss": (
        small,
        "mse",
        set_by_turns("optimizer", "loss_scale_factor", values=[None, 4.0]),
    ),
    "trainable of a penalised variable": (
        lambda: small(kernel_regularizer="l2"),
        "mse",
        set_by_turns(*DENSE, "kernel", "trainable", values=[True, False]),
    ),
    "epsilon": (small, "mape", lambda model, turn: config.set_epsilon((0.1, 0.5)[turn % 2])),
    "floatx": (small, "mae", lambda model, turn: config.set_floatx(f"float{64 >> turn % 2}")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_any_setting_that_changes_counts(name: str):
    make, loss, change = CHANGES[name]

    def run(eagerly: bool) -> Any:
        utils.set_random_seed(5)
        model = make()
        model.compile("sgd", loss() if isinstance(loss, type) else loss, run_eagerly=eagerly)
        seen: list[Any] = []
        for turn in range(4):
            change(model, turn)
            seen += [model.train_on_batch(X[:8], Y[:8]) for _ in range(4)]
            seen += [model.test_on_batch(X[:8], Y[:8]) for _ in range(4)]
        return model, seen

    try:
        found = run(eagerly=False)
        assert_same(found, run(eagerly=True))
    finally:
        config.set_epsilon(1e-7)
        config.set_floatx("float32")


@pytest.mark.parametrize(
    ("owner", "name"),
    [(lambda m: m, "call"), (lambda m: m, "compute_loss")]
    + [(lambda m: m.layers[1], name) for name in ("call", "activation")]
    + [(lambda m: layers.Dense, "call")],
    ids=["model.call", "model.compute_loss", "layer.call", "layer.activation", "class"],
)
def test_wrapped_functions_are_called_for_every_batch(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
):
    def make() -> leftfold.Model:
        monkeypatch.undo()
        model = small(activation="tanh")
        monkeypatch.setattr(owner(model), name, counted(getattr(owner(model), name)))
        return model

    found = trained(make)
    assert not is_traced(found[0])
    assert_same(found, trained(make, eagerly=True))


def test_a_regularizer_of_the_users_own_is_called_for_every_batch():
    def make() -> leftfold.Model:
        model = small()
        model.layers[1].kernel.regularizer = Steeper()
        return model

    found = trained(make)
    assert not is_traced(found[0])
    assert_same(found, trained(make, eagerly=True))


def test_a_wrapped_loss_is_called_for_every_batch():
    losses_of = [trained(small, e, loss=counted(losses.mean_squared_error)) for e in (False, True)]
    assert not is_traced(losses_of[0][0])
    assert_same(*losses_of)


def test_targets_of_another_kind_are_seen():
    def run(eagerly: bool) -> Any:
        utils.set_random_seed(5)
        model = small()
        model.compile("sgd", "hinge", run_eagerly=eagerly)
        batches = [np.ones((8, 1))] * 4 + [np.resize([-1.0, 1.0], (8, 1))] * 2
        return model, [model.train_on_batch(X[:8], y) for y in batches]

    assert_same(run(eagerly=False), run(eagerly=True))


def test_fractions_are_refused_however_many_batches_came():
    model = leftfold.Sequential([layers.Input((6, 3)), layers.GRU(3), layers.Dense(4, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for _ in range(4):
        model.train_on_batch(X[:8], np.ones(8, np.float32))
    assert is_traced(model)
    with pytest.raises(ValueError, match="whole numbers"):
        model.train_on_batch(X[:8], np.full(8, 1.5, np.float32))
    whole = layers.Input((3,), dtype="int32")
    model = leftfold.Model(whole, whole * 2)
    for _ in range(4):
        model.predict_on_batch(np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="whole numbers"):
        model.predict_on_batch(np.full((2, 3), 1.5, np.float32))


def test_looking_at_a_model_is_no_change():
    model = small()
    for _ in range(3):
        model.predict_on_batch(X[:8])
    assert is_traced(model)
    before = latest_change()
    assert model.trainable_weights
    model.predict_on_batch(X[:8])
    assert latest_change() == before
    assert is_traced(model)


def test_a_policy_that_changes_counts():
    model = small()
    for _ in range(4):
        model.predict_on_batch(X[:8])
    assert is_traced(model)
    model.layers[0].dtype_policy.name = "float64"
    with pytest.raises(TypeError, match="float64"):
        model.predict_on_batch(X[:8])


def test_losses_of_the_last_batch_are_shown():
    model = chain(layers.GRU(3, activity_regularizer="l2"))
    model.compile("sgd", "mse")
    seen = set()
    for start in range(0, 20, 4):
        model.train_on_batch(X[start : start + 4], Y[start : start + 4])
        seen.add(float(model.losses[0]))
    assert len(seen) == 5


def test_losses_added_between_batches_are_forgotten():
    model = small()
    model.compile("sgd", "mse")
    for _ in range(4):
        model.train_on_batch(X[:8], Y[:8])
    model.add_loss(1.0)
    model.train_on_batch(X[:8], Y[:8])
    assert is_traced(model)
    assert model.losses == []


def test_states_are_kept_where_first_ones_are_given():
    x = layers.Input(batch_shape=(2, 6, 3))
    reader = layers.GRU(3, stateful=True)
    model = leftfold.Model(x, reader(x, initial_state=[x[:, 0]]))
    for start in range(0, 10, 2):
        last = model.predict_on_batch(X[start : start + 2])
        np.testing.assert_array_equal(reader.states[0].numpy(), last)


def test_training_goes_on_after_attempts_without_gradients():
    model = small()
    model.compile("sgd", "mse")
    for _ in range(3):
        with no_recording(), pytest.raises(ValueError, match="no gradient"):
            model.train_on_batch(X[:8], Y[:8])
    first = model.train_on_batch(X[:8], Y[:8])
    assert model.train_on_batch(X[:8], Y[:8]) < first


def test_few_shapes_are_remembered():
    model = leftfold.Sequential([layers.Input((None, 3)), layers.GRU(2)])
    data = np.zeros((1, 2000, 3), np.float32)
    for timesteps in range(1, 2000):
        for _ in range(1 + (timesteps < 50)):
            model.predict_on_batch(data[:, :timesteps])
    assert len(model._traces._traces) == StepTraces.MOST_TRACES
    model.stop_predicting = None
    for timesteps in range(1, 2000):
        model.predict_on_batch(data[:, :timesteps])
    assert len(model._traces._batches) <= StepTraces.MOST_SHAPES


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
