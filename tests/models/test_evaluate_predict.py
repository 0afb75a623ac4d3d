from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers
from leftfold.callbacks import Callback
from leftfold.models.data_sources import PyDataset

RNG = np.random.default_rng(0)
X = RNG.standard_normal((10, 4, 3)).astype(np.float32)
Y = RNG.standard_normal((10, 1)).astype(np.float32)


def reader(**kwargs: Any) -> Sequential:
    model = Sequential([Input((None, 3)), layers.GRU(4), layers.Dense(1)])
    model.compile("sgd", "mse", **kwargs)
    return model


def several() -> Model:
    x = Input((4, 3))
    sequence, state = layers.GRU(2, return_sequences=True, return_state=True)(x)
    return Model(x, {"sequence": sequence, "state": state})


class Batches(PyDataset):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


def test_predictions_do_not_depend_on_the_batch_size() -> None:
    model = reader()
    whole = model.predict(X, verbose=0)
    assert type(whole) is np.ndarray
    assert whole.shape == (10, 1)
    for batch_size in (1, 3, 7, 10, 99):
        np.testing.assert_allclose(
            model.predict(X, batch_size=batch_size, verbose=0), whole, atol=1e-6
        )


def test_predict_is_what_calling_the_model_gives() -> None:
    model = reader()
    np.testing.assert_allclose(model.predict(X, verbose=0), np.asarray(model(X)), atol=1e-6)
    np.testing.assert_array_equal(model.predict_on_batch(X), np.asarray(model(X)))


def test_outputs_keep_their_structure() -> None:
    model = several()
    outputs = model.predict(X, batch_size=4, verbose=0)
    assert list(outputs) == ["sequence", "state"]
    assert outputs["sequence"].shape == (10, 4, 2)
    np.testing.assert_array_equal(outputs["sequence"][:, -1], outputs["state"])
    as_list = Model(model.input, list(model.output.values()))
    assert [a.shape for a in as_list.predict(X, verbose=0)] == [(10, 4, 2), (10, 2)]


def test_data_sets_generators_and_steps_are_predicted() -> None:
    model = reader()
    whole = model.predict(X, verbose=0)

    def generate() -> Iterator[Any]:
        for i in range(0, 10, 4):
            yield (X[i : i + 4],)

    for data in (Batches(), generate(), (x for x in [X[:4], X[4:]])):
        np.testing.assert_allclose(model.predict(data, verbose=0), whole, atol=1e-6)
    assert model.predict(X, batch_size=2, steps=3, verbose=0).shape == (6, 1)


def test_an_uncompiled_model_predicts() -> None:
    model = Sequential([layers.GRU(2)])
    assert model.predict(X, verbose=0).shape == (10, 2)


def test_single_timesteps_and_other_lengths_are_predicted() -> None:
    model = reader()
    for length in (1, 2, 30):
        assert model.predict(np.ones((2, length, 3)), verbose=0).shape == (2, 1)


def test_rows_of_any_number_come_out_of_a_model_that_changes_it() -> None:
    class Halves(Model):
        def call(self, inputs: Any) -> Any:
            return inputs[::2]

    np.testing.assert_array_equal(
        Halves().predict(X, batch_size=4, verbose=0), np.concatenate([X[0:4:2], X[4:8:2], X[8::2]])
    )


def test_nan_in_the_input_of_predict_stays_in_its_row() -> None:
    x = X.copy()
    x[3, 0, 0] = np.nan
    predicted = reader().predict(x, verbose=0)
    assert np.isnan(predicted[3, 0])
    assert np.isfinite(np.delete(predicted, 3)).all()


def test_evaluate_returns_the_loss_a_list_or_names() -> None:
    model = reader(metrics=["mae"])
    error = model.predict(X, verbose=0) - Y
    loss, mae = model.evaluate(X, Y, batch_size=3, verbose=0)
    np.testing.assert_allclose([loss, mae], [np.mean(error**2), np.abs(error).mean()], rtol=1e-5)
    named = model.evaluate(X, Y, batch_size=3, verbose=0, return_dict=True)
    assert named == {"loss": loss, "mae": mae}
    assert type(reader().evaluate(X, Y, verbose=0)) is float


def test_evaluation_changes_nothing() -> None:
    model = Sequential([Input((4, 3)), layers.Dropout(0.5), layers.GRU(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    assert model.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_evaluation_of_a_data_set_is_that_of_its_arrays() -> None:
    model = reader()
    np.testing.assert_allclose(
        model.evaluate(Batches(), verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-5
    )


def test_steps_bound_an_evaluation() -> None:
    model = reader()
    np.testing.assert_allclose(
        model.evaluate(X, Y, batch_size=2, steps=2, verbose=0),
        model.evaluate(X[:4], Y[:4], verbose=0),
        rtol=1e-5,
    )


def test_callbacks_can_stop_and_see_outputs() -> None:
    seen: list[Any] = []

    class Watch(Callback):
        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(logs["outputs"].shape)
            self.model.stop_predicting = batch == 1

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(sorted(logs))
            self.model.stop_evaluating = True

    model = reader()
    assert model.predict(X, batch_size=3, verbose=0, callbacks=[Watch()]).shape == (6, 1)
    model.evaluate(X, Y, batch_size=3, verbose=0, callbacks=[Watch()])
    assert seen == [(3, 1), (3, 1), ["loss"]]


@pytest.mark.parametrize("return_dict", [True, False])
def test_single_batches_train_and_judge(return_dict: bool) -> None:
    model = reader(metrics=["mae"])
    judged = model.test_on_batch(X, Y, return_dict=return_dict)
    assert judged == model.evaluate(X, Y, verbose=0, return_dict=return_dict)
    first = model.train_on_batch(X, Y, return_dict=return_dict)
    assert first == judged
    assert model.train_on_batch(X, Y, return_dict=return_dict) != first


def test_train_on_batch_weighs_rows() -> None:
    model = reader()
    error = model.predict(X, verbose=0) - Y
    weights = np.arange(10.0)
    np.testing.assert_allclose(
        model.test_on_batch(X, Y, sample_weight=weights),
        np.mean(weights * error[:, 0] ** 2),
        rtol=1e-5,
    )
    labels = (Y > 0).astype(np.float32)
    difference = (model.predict(X, verbose=0) - labels)[:, 0]
    np.testing.assert_allclose(
        model.train_on_batch(X, labels, class_weight={0: 1.0, 1: 3.0}),
        np.mean(np.where(labels[:, 0] == 1, 3.0, 1.0) * difference**2),
        rtol=1e-5,
    )


def test_train_on_batch_refuses_a_loss_that_is_no_number() -> None:
    model = reader()
    before = model.get_weights()
    with pytest.raises(FloatingPointError, match="loss is nan in the batch"):
        model.train_on_batch(X, np.full_like(Y, np.nan))
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("method", ["evaluate", "test_on_batch", "train_on_batch"])
def test_nan_in_the_input_is_told(method: str) -> None:
    with pytest.raises(ValueError, match="x expected finite numbers, got nan in row 0"):
        getattr(reader(), method)(np.full_like(X, np.nan), Y)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[..., :2], r"x expected shape \(rows, None, 3\) .* got \(rows, 4, 2\)"),
        (X[0], r"x expected shape .* got \(rows, 3\)"),
        ([X, X], "x expected 1 array for the model's inputs, got 2 arrays"),
        (np.zeros((0, 4, 3)), "x expected at least one row"),
        (["a text"], "x expected numbers"),
        (None, "x expected data, got None"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reader().predict(x, verbose=0)


def test_a_missing_named_input_is_told() -> None:
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model([a, b], layers.Add()([a, b]))
    with pytest.raises(ValueError, match="expected an input 'b', got a"):
        model.predict({"a": np.ones((2, 2))}, verbose=0)


def test_predicting_in_a_loop_holds_no_memory() -> None:
    model = reader()
    x = np.ones((64, 50, 3), np.float32)

    model.predict(x, verbose=0)
    tracemalloc.start()
    try:
        model.predict(x, verbose=0)
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(20):
            model.predict(x, verbose=0)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < before + 20_000
    finally:
        tracemalloc.stop()
