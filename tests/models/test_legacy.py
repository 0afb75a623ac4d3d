"""Arguments and methods of older Keras: they work, and say so once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from leftfold import Sequential, layers
from leftfold.engine import legacy

X, Y = np.ones((8, 2), np.float32), np.ones((8, 1), np.float32)


@pytest.fixture(autouse=True)
def nothing_told() -> None:
    legacy.forget_told()


def model(units: int = 1) -> Sequential:
    made = Sequential([layers.Input((2,)), layers.Dense(units, activation="sigmoid")])
    made.compile("sgd", "mse")
    return made


def batches() -> Iterator[Any]:
    while True:
        yield X[:4], Y[:4]


def told_once(use: Callable[[], Any], message: str) -> Any:
    with pytest.warns(UserWarning, match=message) as heard:
        result = use()
    assert len(heard) == 1
    assert heard[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        use()
    return result


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: layers.Dense(3, input_dim=4), (None, 4)),
        (lambda: layers.Dense(3, input_shape=(4,)), (None, 4)),
        (lambda: layers.LSTM(3, input_shape=(5, 2)), (None, 5, 2)),
        (lambda: layers.LSTM(3, input_dim=2), (None, None, 2)),
        (lambda: layers.LSTM(3, input_dim=2, input_length=5), (None, 5, 2)),
        (lambda: layers.GRU(3, batch_input_shape=(7, 5, 2), stateful=True), (7, 5, 2)),
    ],
)
def test_a_first_layer_may_bring_the_shape_of_the_input(
    layer: Callable[[], Any], shape: tuple[Any, ...]
) -> None:
    first = told_once(layer, r"begin the model with Input\(shape\)")
    assert Sequential([first]).input_shape == shape


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: layers.Embedding(9, 2, input_length=4), "Embedding no longer needs input_length"),
        (lambda: layers.SimpleRNN(3, time_major=False), "no longer need time_major"),
    ],
)
def test_arguments_without_effect(use: Callable[[], Any], message: str) -> None:
    told_once(use, message)


def test_time_first_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"swap the first two axes with leftfold\.ops\.swapaxes"):
        layers.LSTM(3, time_major=True)


def test_fit_generator_is_fit() -> None:
    history = told_once(
        lambda: model().fit_generator(
            batches(), steps_per_epoch=3, epochs=2, verbose=0, workers=4, max_queue_size=2
        ),
        "use fit",
    )
    assert len(history.history["loss"]) == 2


def test_evaluate_and_predict_on_generators() -> None:
    trained = model()
    loss = told_once(lambda: trained.evaluate_generator(batches(), steps=2), "use evaluate")
    assert loss == pytest.approx(trained.evaluate(X, Y, verbose=0))
    inputs = (X[:4] for _ in range(9))
    predicted = told_once(lambda: trained.predict_generator(inputs, steps=2), "use predict")
    np.testing.assert_allclose(predicted, trained.predict(X, verbose=0))


@pytest.mark.parametrize(("units", "shape"), [(1, (8, 1)), (3, (8,))])
def test_classes_and_probabilities(units: int, shape: tuple[int, ...]) -> None:
    trained = model(units)
    scores = trained.predict(X, verbose=0)
    found = told_once(lambda: trained.predict_classes(X), "numpy.argmax")
    assert found.shape == shape
    expected = scores > 0.5 if units == 1 else scores.argmax(axis=-1)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(trained.predict_proba(X), scores)
