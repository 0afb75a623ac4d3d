from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np
import pytest

from leftfold import Model, Sequential, layers, losses, metrics, ops, optimizers
from leftfold.callbacks import Callback, EarlyStopping, LambdaCallback, TerminateOnNaN
from leftfold.engine import Tape
from leftfold.engine.random import set_random_seed

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 3)).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0], [0.5]], np.float32)).astype(np.float32)


def linear(loss: Any = "mse", rate: float = 0.1, **kwargs: Any) -> Sequential:
    from leftfold.optimizers import SGD

    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile(SGD(rate), loss, **kwargs)
    return model


class Diary(Callback):
    """Writes down everything it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.heard.append("train begin")

    def on_train_end(self, logs: Any = None) -> None:
        self.heard.append("train end")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.heard.append(f"epoch {epoch}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.heard.append(sorted(logs))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.heard.append(f"batch {batch}")

    def on_test_begin(self, logs: Any = None) -> None:
        self.heard.append("test begin")

    def on_test_end(self, logs: Any = None) -> None:
        self.heard.append("test end")


def test_training_finds_the_weights_that_made_the_data() -> None:
    model = linear()
    history = model.fit(X, Y, epochs=60, batch_size=8, verbose=0).history
    assert history["loss"][-1] < 1e-6 < history["loss"][0]
    np.testing.assert_allclose(model.get_weights()[0][:, 0], [1, -2, 0.5], atol=1e-3)


def test_one_step_of_sgd_is_the_gradient_by_hand() -> None:
    model = linear(rate=0.5)
    kernel, bias = model.get_weights()
    error = X @ kernel + bias - Y
    model.fit(X, Y, batch_size=40, verbose=0)
    after = model.get_weights()
    np.testing.assert_allclose(after[0], kernel - 0.5 * 2 * X.T @ error / 40, atol=1e-5)
    np.testing.assert_allclose(after[1], bias - 0.5 * 2 * error.mean(axis=0), atol=1e-5)


def test_the_loss_is_the_mean_over_rows_not_over_batches() -> None:
    model = linear(rate=0.0)
    history = model.fit(X, Y, batch_size=32, verbose=0).history
    expected = np.mean((model.predict(X, verbose=0) - Y) ** 2)
    np.testing.assert_allclose(history["loss"][0], expected, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), expected, rtol=1e-5)


def test_the_same_seed_gives_the_same_bits() -> None:
    def train() -> tuple[dict, list[np.ndarray]]:
        set_random_seed(5)
        model = Sequential([layers.Input((3,)), layers.Dense(8, "tanh"), layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(X, Y, epochs=3, batch_size=7, verbose=0, validation_split=0.2).history
        return history, model.get_weights()

    (first, weights), (second, others) = train(), train()
    assert first == second
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_array_equal(a, b)


def test_history_has_the_keys_of_keras_in_alphabetical_order() -> None:
    model = linear(metrics=["mae"])
    history = model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y))
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert all(len(values) == 2 for values in history.history.values())
    assert history.epoch == [0, 1]
    assert history is model.history
    assert all(type(value) is float for value in history.history["loss"])


def test_the_last_rows_are_held_back_before_shuffling() -> None:
    model = linear(rate=0.0)
    history = model.fit(X, Y, validation_split=0.25, verbose=0).history
    predictions = model.predict(X, verbose=0)
    np.testing.assert_allclose(
        history["val_loss"], [np.mean((predictions[30:] - Y[30:]) ** 2)], rtol=1e-5
    )
    np.testing.assert_allclose(
        history["loss"], [np.mean((predictions[:30] - Y[:30]) ** 2)], rtol=1e-5
    )


def test_callbacks_hear_everything_in_order() -> None:
    diary = Diary()
    linear().fit(X, Y, epochs=2, batch_size=20, verbose=0, callbacks=[diary], validation_split=0.5)
    assert diary.heard == [
        "train begin",
        *("epoch 0", "batch 0", "test begin", "test end", ["loss", "val_loss"]),
        *("epoch 1", "batch 0", "test begin", "test end", ["loss", "val_loss"]),
        "train end",
    ]


@pytest.mark.parametrize(("frequency", "judged"), [(2, [1, 3]), ([1, 4], [0, 3])])
def test_validation_comes_only_as_often_as_asked(frequency: Any, judged: list[int]) -> None:
    epochs: list[int] = []
    note = LambdaCallback(on_epoch_end=lambda e, logs: "val_loss" in logs and epochs.append(e))
    linear().fit(
        X, Y, epochs=4, validation_data=(X, Y), validation_freq=frequency, verbose=0, callbacks=note
    )
    assert epochs == judged


def test_training_goes_on_from_an_epoch() -> None:
    history = linear().fit(X, Y, initial_epoch=3, epochs=5, verbose=0)
    assert history.epoch == [3, 4]


def test_steps_bound_epochs_and_validation() -> None:
    seen: list[str] = []

    class Note(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append("train")

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append("test")

    linear().fit(
        X,
        Y,
        batch_size=4,
        steps_per_epoch=3,
        epochs=2,
        validation_data=(X, Y),
        validation_steps=2,
        verbose=0,
        callbacks=[Note()],
    )
    assert seen == (["train"] * 3 + ["test"] * 2) * 2


def test_callbacks_run_after_every_batch_whatever_steps_per_execution_says() -> None:
    diary = Diary()
    linear(steps_per_execution=5).fit(X, Y, batch_size=10, verbose=0, callbacks=[diary])
    assert [heard for heard in diary.heard if str(heard).startswith("batch")] == [
        f"batch {i}" for i in range(4)
    ]


def test_a_callback_can_stop_within_an_epoch() -> None:
    model = linear()

    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                self.model.stop_training = True

    diary = Diary()
    model.fit(X, Y, batch_size=4, epochs=9, verbose=0, callbacks=[Stop(), diary])
    assert diary.heard.count("batch 1") == 1
    assert "batch 2" not in diary.heard
    assert diary.heard[-1] == "train end"


def test_early_stopping_ends_training() -> None:
    stop = EarlyStopping(monitor="loss", patience=1, min_delta=1e9)
    history = linear().fit(X, Y, epochs=30, verbose=0, callbacks=[stop])
    assert 1 < len(history.epoch) < 5


def test_ctrl_c_lets_callbacks_finish_and_leaves_a_usable_model() -> None:
    model = linear()
    diary = Diary()

    class Interrupt(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=9, verbose=0, callbacks=[Interrupt(), diary])
    assert diary.heard[-1] == "train end"
    assert math.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])


def bad_targets() -> np.ndarray:
    y = Y.copy()
    y[25] = np.nan
    return y


def test_a_loss_that_is_no_number_stops_with_epoch_and_batch_and_keeps_the_weights() -> None:
    model = linear()
    at_begin: list[np.ndarray] = []
    note = LambdaCallback(
        on_train_batch_end=lambda batch, logs: at_begin.append(model.get_weights())
    )
    with pytest.raises(FloatingPointError, match="loss is nan in batch 4 of epoch 1"):
        model.fit(X, bad_targets(), batch_size=8, shuffle=False, verbose=0, callbacks=[note])
    for kept, before in zip(model.get_weights(), at_begin[2], strict=True):
        np.testing.assert_array_equal(kept, before)


@pytest.mark.parametrize(
    "loss",
    [
        lambda y_true, y_pred: np.mean(np.square(y_true.numpy() - y_pred.numpy())),
        lambda y_true, y_pred: ops.mean(y_true),
    ],
)
def test_a_loss_that_no_weight_can_change_is_refused(loss: Any) -> None:
    with pytest.raises(ValueError, match=r"no gradient leads from it .* of leftfold\.ops"):
        linear(loss).fit(X, Y, verbose=0)


@pytest.mark.parametrize("result", [None, 0.0, [1.0]])
def test_a_loss_that_returns_no_tensor_is_named(result: Any) -> None:
    def forgetful(y_true: Any, y_pred: Any) -> Any:
        return result

    with pytest.raises(TypeError, match="The loss forgetful expected to return a tensor, got"):
        linear(forgetful).fit(X, Y, verbose=0)


def test_terminate_on_nan_stops_without_an_error() -> None:
    diary = Diary()
    history = linear().fit(
        X, bad_targets(), epochs=3, verbose=0, callbacks=[TerminateOnNaN(), diary]
    )
    assert math.isnan(history.history["loss"][0])
    assert len(history.epoch) == 1
    assert diary.heard[-1] == "train end"


def test_weights_spoiled_by_an_endless_gradient_are_told() -> None:
    class Cliff(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return ops.sqrt(ops.relu(inputs) * 0.0)

    model = Sequential([layers.Input((3,)), layers.Dense(1), Cliff()])
    model.compile("sgd", "mse")
    with pytest.raises(FloatingPointError, match="the step before had already spoiled the weights"):
        model.fit(X, Y, epochs=2, verbose=0)


def test_a_diverging_loss_stops_too() -> None:
    with pytest.raises(FloatingPointError, match=r"loss is (inf|nan) in batch \d+ of epoch \d+"):
        linear(rate=1e6).fit(X, Y, epochs=50, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size expected a positive integer, got 0"),
        ({"batch_size": 2.5}, r"batch_size expected a positive integer, got 2.5"),
        ({"epochs": -1}, "epochs expected an integer of at least 0, got -1"),
        ({"initial_epoch": -1}, "initial_epoch expected"),
        ({"steps_per_epoch": 0}, "steps_per_epoch expected a positive integer"),
        ({"validation_freq": 0}, "validation_freq expected a positive integer or a list"),
        ({"validation_split": 1.0}, r"validation_split expected a number between 0 and 1, got 1.0"),
        ({"validation_split": -0.1}, "validation_split expected"),
        ({"validation_split": 0.95, "x": X[:5], "y": Y[:5]}, "one row on each side"),
        ({"y": Y[:39]}, "got 40 rows in x and 39 in y"),
        ({"x": X[:0], "y": Y[:0]}, r"x expected at least one row, got an array of shape \(0, 3\)"),
        ({"x": X[:, :2]}, r"x expected shape \(rows, 3\) .* got \(rows, 2\)"),
        ({"x": X[:, None, :]}, r"x expected shape \(rows, 3\) .* got \(rows, 1, 3\)"),
        ({"x": np.where(X > 2, np.nan, X)}, "x expected finite numbers, got nan in row"),
        ({"x": X.astype(str)}, "x expected numbers, got dtype object .such as "),
        ({"x": list(X)}, r"expected 1 array .* got 40 arrays. Make one array .*numpy.array\(x\)"),
        ({"sample_weight": np.full(40, np.inf)}, "sample_weight expected finite numbers, got inf"),
        ({"sample_weight": np.ones(39)}, "39 in sample_weight"),
        ({"validation_data": (X, Y[:5])}, "40 rows in validation x and 5 in validation y"),
        ({"validation_data": (X[:, :2], Y)}, r"validation x expected shape \(rows, 3\)"),
        ({"validation_data": (X, [Y, Y])}, "validation y expected 1 array as in y, got 2 arrays"),
        ({"validation_data": (X, Y[:, None])}, "validation y expected 2 axes as in y"),
        ({"y": Y[:, 0], "validation_data": (X, np.hstack([Y, Y]))}, "validation y expected 1 axes"),
        ({"validation_data": X}, r"validation_data expected \(x, y\).*got ndarray"),
        ({"verbose": 5}, "verbose expected 0, 1, 2 or 'auto', got 5"),
        ({"x": None}, "x expected data, got None"),
    ],
)
def test_mistakes_are_told_before_training_begins(arguments: Any, message: str) -> None:
    model = linear()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(**{"x": X, "y": Y, "verbose": 0, **arguments})
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_split_of_a_generator_is_refused() -> None:
    with pytest.raises(ValueError, match="validation_split expected arrays, but x is a generator"):
        linear().fit(((X, Y) for _ in range(2)), validation_split=0.5, verbose=0)


def test_lists_and_frames_train_as_arrays_do() -> None:
    class Frame:
        def __init__(self, values: np.ndarray) -> None:
            self.values = values

        def to_numpy(self) -> np.ndarray:
            return self.values

    def trained(x: Any, y: Any) -> list[np.ndarray]:
        set_random_seed(1)
        model = linear()
        model.fit(x, y, verbose=0)
        return model.get_weights()

    expected = trained(X, Y)
    for x, y in ((X.tolist(), Y.tolist()), (Frame(X), Frame(Y)), (X.astype(np.float64), Y)):
        for a, b in zip(trained(x, y), expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_named_inputs_come_from_a_dictionary() -> None:
    a, b = layers.Input((3,), name="a"), layers.Input((1,), name="b")
    model = Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    set_random_seed(1)
    weights = model.get_weights()
    by_name = model.fit({"b": Y, "a": X}, Y, verbose=0).history
    model.set_weights(weights)
    model.compile("sgd", "mse")
    set_random_seed(1)
    assert model.fit([X, Y], Y, verbose=0).history == by_name


def test_a_generator_trains_and_validates() -> None:
    def batches(count: int) -> Any:
        for i in range(count):
            yield X[4 * i : 4 * i + 4], Y[4 * i : 4 * i + 4]

    model = linear()
    history = model.fit(
        batches(8),
        steps_per_epoch=4,
        epochs=2,
        validation_data=batches(4),
        validation_steps=2,
        verbose=0,
    )
    assert len(history.history["val_loss"]) == 2
    assert int(model.optimizer.iterations) == 8


def test_validation_targets_may_lack_the_last_axis_of_size_one() -> None:
    for y, other in ((Y, Y[:, 0]), (Y[:, 0], Y)):
        history = linear().fit(X, y, validation_data=(X, other), shuffle=False, verbose=0).history
        assert history["val_loss"][0] < history["loss"][0]


def test_a_model_without_an_input_is_built_by_the_data() -> None:
    model = Sequential([layers.Dense(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert model.layers[0].kernel.shape == (3, 2)


def test_losses_of_layers_are_added() -> None:
    class Costly(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(7.0 * ops.mean(inputs * 0.0 + 1.0))
            return inputs

    model = Sequential([layers.Input((3,)), Costly(), layers.Dense(1)])
    model.compile("sgd", "mse")
    loss = model.evaluate(X, Y, verbose=0)
    np.testing.assert_allclose(
        loss - 7.0, np.mean((model.predict(X, verbose=0) - Y) ** 2), rtol=1e-4
    )


def test_regularisers_pull_the_weights() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1, kernel_regularizer="l2")])
    model.compile("sgd", "mse")
    kernel = model.get_weights()[0]
    expected = np.mean((model.predict(X, verbose=0) - Y) ** 2) + 0.01 * np.sum(kernel**2)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), expected, rtol=1e-5)


def test_frozen_layers_stay_as_they_are() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(2), layers.Dense(1)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert np.abs(before[2] - after[2]).max() > 0


def test_freezing_after_training_spares_the_layer_from_then_on() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(2), layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
    assert np.abs(before[2] - model.get_weights()[2]).max() > 0


def test_train_step_can_be_replaced() -> None:
    class Mine(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)
            self.tracker = metrics.Mean(name="loss")

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        @property
        def metrics(self) -> list:
            return [self.tracker]

        def train_step(self, data: Any) -> dict:
            x, y = data
            with Tape() as tape:
                loss = ops.mean(ops.square(self(x, training=True) - y))
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
            self.tracker.update_state(loss)
            return {metric.name: metric.result() for metric in self.metrics}

    model = Mine()
    model.compile("adam")
    history = model.fit(X, Y, epochs=5, verbose=0).history
    assert list(history) == ["loss"]
    assert history["loss"][-1] < history["loss"][0]


def test_a_loss_that_a_train_step_returns_is_reported_though_no_metric_took_it_in() -> None:
    class Constant(Sequential):
        def train_step(self, data: Any) -> dict:
            return {"loss": ops.convert_to_tensor(2.5)}

    model = Constant([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0).history == {"loss": [2.5]}


def test_a_generator_for_validation_goes_on_where_it_stopped() -> None:
    taken = []

    def batches() -> Any:
        for place in itertools.count():
            taken.append(place)
            yield X, Y + place

    model = linear(rate=0.0)
    losses_seen = model.fit(
        X, Y, epochs=2, validation_data=batches(), validation_steps=2, verbose=0
    )
    assert taken == [0, 1, 2, 3]
    first, second = losses_seen.history["val_loss"]
    assert first != second


def test_two_networks_can_play_against_each_other() -> None:
    class Game(Model):
        def __init__(self, judge: Model, forger: Model) -> None:
            super().__init__()
            self.judge, self.forger = judge, forger
            self.judge_loss, self.forger_loss = (
                metrics.Mean(name="judge_loss"),
                metrics.Mean(name="forger_loss"),
            )

        def compile(self, judge_optimizer: Any, forger_optimizer: Any, loss_fn: Any) -> None:
            super().compile(loss=loss_fn)
            self.judge_optimizer, self.forger_optimizer = judge_optimizer, forger_optimizer
            self.loss_fn = loss_fn

        @property
        def metrics(self) -> list:
            return [self.judge_loss, self.forger_loss]

        def train_step(self, real: Any) -> dict:
            rows = ops.shape(real)[0]
            noise = RNG.standard_normal((rows, 2)).astype(np.float32)
            forged = self.forger(noise)
            both = ops.concatenate([forged, real], axis=0)
            labels = ops.concatenate([ops.ones((rows, 1)), ops.zeros((rows, 1))], axis=0)
            with Tape() as tape:
                judge_loss = self.loss_fn(labels, self.judge(both))
            weights = self.judge.trainable_weights
            self.judge_optimizer.apply(tape.gradient(judge_loss, weights), weights)
            with Tape() as tape:
                forger_loss = self.loss_fn(ops.zeros((rows, 1)), self.judge(self.forger(noise)))
            weights = self.forger.trainable_weights
            self.forger_optimizer.apply(tape.gradient(forger_loss, weights), weights)
            self.judge_loss.update_state(judge_loss)
            self.forger_loss.update_state(forger_loss)
            return {
                "judge_loss": self.judge_loss.result(),
                "forger_loss": self.forger_loss.result(),
            }

    judge = Sequential([layers.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1, "sigmoid")])
    forger = Sequential([layers.Input((2,)), layers.Dense(3)])
    before = [judge.get_weights(), forger.get_weights()]
    game = Game(judge, forger)
    game.compile(optimizers.Adam(), optimizers.Adam(), losses.BinaryCrossentropy())
    history = game.fit(X, epochs=2, batch_size=10, verbose=0).history
    assert list(history) == ["forger_loss", "judge_loss"]
    for model, old in zip((judge, forger), before, strict=True):
        assert np.abs(model.get_weights()[0] - old[0]).max() > 0


@pytest.mark.parametrize("knows_training", [True, False])
def test_compute_loss_can_be_replaced(knows_training: bool) -> None:
    class Mine(Sequential):
        if knows_training:

            def compute_loss(
                self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool = True
            ) -> Any:
                return ops.mean(ops.square(y - y_pred)) * (3.0 if training else 2.0)
        else:

            def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
                return ops.mean(ops.square(y - y_pred)) * 2.0

    model = Mine([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd")
    error = np.mean((model.predict(X, verbose=0) - Y) ** 2)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), 2 * error, rtol=1e-5)
    factor = 3 if knows_training else 2
    np.testing.assert_allclose(model.train_on_batch(X, Y), factor * error, rtol=1e-5)


def test_compute_metrics_can_add_values() -> None:
    class Mine(Sequential):
        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict:
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "answer": 42.0}

    model = Mine([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0).history["answer"] == [42.0]


def test_metrics_in_attributes_are_reported_and_reset() -> None:
    class Mine(Sequential):
        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict:
            self.__dict__.setdefault("rows", metrics.Sum(name="rows")).update_state(y * 0.0 + 1.0)
            return super().compute_metrics(x, y, y_pred, sample_weight)

    model = Mine([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(X, Y, epochs=2, verbose=0).history["rows"] == [40.0, 40.0]


def test_a_mask_keeps_padding_out_of_the_loss() -> None:
    x = RNG.standard_normal((6, 5, 2)).astype(np.float32)
    x[:, 3:] = 0.0
    y = np.ones((6, 5, 1), np.float32)
    model = Sequential([layers.Input((5, 2)), layers.Masking(), layers.Dense(1)])
    model.compile("sgd", "mse")
    predictions = model.predict(x, verbose=0)
    expected = np.mean((predictions[:, :3] - 1.0) ** 2)
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), expected, rtol=1e-5)


def test_class_weights_scale_the_loss_of_their_rows() -> None:
    y = (Y > 0).astype(np.int64)
    model = Sequential([layers.Input((3,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    p = model.predict(X, verbose=0)
    cross = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    history = model.fit(X, y, batch_size=40, class_weight={0: 0.5, 1: 4.0}, verbose=0).history
    np.testing.assert_allclose(
        history["loss"], [np.mean(np.where(y == 1, 4.0, 0.5) * cross)], rtol=1e-4
    )


def test_fit_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        linear(metrics=["mae"]).fit(X, Y, epochs=2, verbose=0, validation_split=0.2)


def test_a_layer_that_computes_with_numpy_is_told_to_use_ops() -> None:
    class Tanh(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return np.tanh(inputs)

    model = Sequential([layers.Input((3,)), layers.Dense(2), Tanh(), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match=r"use the function of leftfold\.ops"):
        model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("functional", [False, True])
def test_an_id_outside_the_vocabulary_is_named_before_anything_is_learnt(functional: bool) -> None:
    chain = [layers.Embedding(10, 2, name="words"), layers.LSTM(3), layers.Dense(1)]
    model: Any = Sequential([layers.Input((4,)), *chain])
    if functional:
        model = Model(model.input, model.output)
    model.compile("sgd", "mse")
    before = model.get_weights()
    ids = np.arange(40).reshape(10, 4) % 10
    good = ids, np.zeros(10)
    ids = ids.copy()
    ids[7, 2] = 10
    message = (
        "cannot be used: .*words.* expected ids from 0 to 9, for a vocabulary of 10, got id 10"
    )
    with pytest.raises(ValueError, match=f"^x {message}"):
        model.fit(ids, np.zeros(10), batch_size=2, verbose=0)
    with pytest.raises(ValueError, match=f"^validation x {message}"):
        model.fit(*good, batch_size=2, verbose=0, validation_data=(ids, np.zeros(10)))
    with pytest.raises(ValueError, match=f"^x {message}"):
        model.predict(ids, batch_size=2, verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_targets_stretched_to_the_outputs_are_pointed_out() -> None:
    model = Sequential([layers.Input((5, 3)), layers.LSTM(2, return_sequences=True)])
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match=r"shape \(6, 1\) .* outputs of shape \(6, 5\)"):
        model.fit(np.zeros((6, 5, 3)), np.zeros((6, 1)), verbose=0)
