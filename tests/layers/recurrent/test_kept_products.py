"""Prediction with an Embedding before a recurrence: products of the table are kept."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import layers, utils
from leftfold.engine import Tape, kernels
from leftfold.ops import table_products
from leftfold.ops.table_products import ProductCache

WORDS = 40
RECURRENCES = {
    "simple_rnn": lambda: layers.SimpleRNN(101),
    "lstm": lambda: layers.LSTM(30, bias_initializer="uniform", go_backwards=True),
    "gru": lambda: layers.GRU(40, bias_initializer="uniform"),
    "gru_reset_before": lambda: layers.GRU(40, reset_after=False, use_bias=False),
    "bidirectional": lambda: layers.Bidirectional(layers.LSTM(30), merge_mode="sum"),
}
every_recurrence = pytest.mark.parametrize("recurrence", RECURRENCES.values(), ids=RECURRENCES)


def texts() -> np.ndarray:
    """Of half of the words."""
    return np.random.default_rng(0).integers(0, WORDS // 2, (16, 20)).astype("int32")


def model_of(recurrence: Any) -> Any:
    utils.set_random_seed(5)
    model = leftfold.Sequential([layers.Embedding(WORDS, 6), recurrence(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.build((None, 20))
    return model


@pytest.fixture
def multiplied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each product had."""
    found: list[int] = []
    dense = table_products.dense

    def note(rows: Any, *weights: Any, **settings: Any) -> Any:
        found.append(len(rows))
        return dense(rows, *weights, **settings)

    monkeypatch.setattr(table_products, "dense", note)
    return found


def by_vectors(model: Any) -> np.ndarray:
    """What a new model with the same weights says of the texts, every vector looked up."""
    again = leftfold.models.clone_model(model)
    again.set_weights(model.get_weights())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers.Embedding, "look_up_later", layers.Embedding.__call__)
        return again.predict_on_batch(texts())


def change_by_training(model: Any) -> None:
    model.train_on_batch(texts(), np.ones((16, 1), "float32"))


def change_by_assigning(model: Any) -> None:
    model.set_weights([weight + 0.1 for weight in model.get_weights()])


@every_recurrence
@pytest.mark.parametrize("change", [change_by_training, change_by_assigning])
def test_predictions_have_the_bits_of_the_weights_of_the_moment(recurrence, change):
    model = model_of(recurrence)
    for _ in range(3):
        expected = by_vectors(model)
        for _ in range(4):
            np.testing.assert_array_equal(model.predict_on_batch(texts()), expected)
        change(model)
    assert not np.array_equal(by_vectors(model), expected)


@pytest.mark.parametrize("which", range(4))
def test_a_single_number_that_changes_is_noticed(which):
    model = model_of(RECURRENCES["lstm"])
    weight = model.weights[which].data.reshape(-1)
    for place in (0, -1):  # of the table, the kernel, the recurrent kernel, the bias
        for _ in range(3):
            model.predict_on_batch(texts())
        assert model.layers[1]._cache.kept is not None
        weight[place] += 0.5
        np.testing.assert_array_equal(model.predict_on_batch(texts()), by_vectors(model))


def test_weights_that_change_while_they_are_multiplied_leave_nothing_wrong_behind(monkeypatch):
    model = model_of(RECURRENCES["lstm"])
    expected, kernel = by_vectors(model), model.weights[1].data
    dense = table_products.dense

    def disturbed(*operands: Any, **settings: Any) -> Any:
        kernel[...] += 1.0  # another thread, from here ...
        result = dense(*operands, **settings)
        kernel[...] -= 1.0  # ... to here
        return result

    before = kernel.copy()
    monkeypatch.setattr(table_products, "dense", disturbed)
    for _ in range(3):
        model.predict_on_batch(texts())
        kernel[...] = before
    monkeypatch.undo()
    assert model.layers[1]._cache.kept is not None
    np.testing.assert_array_equal(model.predict_on_batch(texts()), expected)


def test_where_few_words_are_met_their_products_are_cheaper_than_a_comparison(multiplied):
    model = model_of(RECURRENCES["lstm"])
    few = np.full((16, 20), 7, "int32")
    for _ in range(WORDS + 2):
        model.predict_on_batch(few)
    assert multiplied == [1] * (WORDS + 2)
    assert model.layers[1]._cache.kept is None


def test_another_policy_or_implementation_multiplies_anew(multiplied):
    model = model_of(RECURRENCES["lstm"])
    for _ in range(3):
        model.predict_on_batch(texts())
    multiplied.clear()
    kernels.use("reference")
    try:
        model.predict_on_batch(texts())
    finally:
        kernels.use("native")
    assert multiplied
    multiplied.clear()
    model.predict_on_batch(texts())
    model.predict_on_batch(texts())
    assert multiplied


def test_the_whole_table_is_multiplied_once_as_many_rows_were(multiplied):
    model = model_of(RECURRENCES["lstm"])
    few = len(np.unique(texts()))
    assert few == WORDS // 2
    for expected in ([few], [few, WORDS], [few, WORDS], [few, WORDS]):
        model.predict_on_batch(texts())
        assert multiplied == expected
    change_by_training(model)
    multiplied.clear()
    model.predict(np.tile(texts(), (5, 1)), batch_size=16, verbose=0)
    assert multiplied == [few, WORDS]


def test_evaluation_keeps_them_too_and_training_does_not(multiplied):
    model = model_of(RECURRENCES["gru"])
    for _ in range(3):
        model.evaluate(texts(), np.ones((16, 1), "float32"), verbose=0)
    assert len(multiplied) == 2
    change_by_training(model)
    with Tape() as tape:
        y = model(texts())
    assert tape.gradient(y, model.trainable_variables)[0] is not None
    assert len(multiplied) == 2


def test_weights_that_are_not_numbers_are_the_same_while_their_bits_are(multiplied):
    model = model_of(RECURRENCES["lstm"])
    model.layers[0].embeddings.data[WORDS - 1] = np.nan
    for _ in range(4):
        model.predict_on_batch(texts())
    assert len(multiplied) == 2
    model.layers[0].embeddings.data[WORDS - 1] = -0.0
    model.predict_on_batch(texts())
    model.layers[0].embeddings.data[WORDS - 1] = 0.0
    model.predict_on_batch(texts())
    assert len(multiplied) == 4


KEPT = WORDS * 120 + WORDS * 6 + 6 * 120


@pytest.mark.parametrize("limit", [{"MOST": KEPT - 1}, {"LEAST": 320 * 120 // WORDS + 1}])
def test_nothing_is_kept_where_it_would_be_too_much_or_not_pay(limit, multiplied, monkeypatch):
    for name, value in limit.items():
        monkeypatch.setattr(ProductCache, name, value)
    model = model_of(RECURRENCES["lstm"])
    expected = by_vectors(model)
    for _ in range(4):
        np.testing.assert_array_equal(model.predict_on_batch(texts()), expected)
    assert not multiplied


def test_two_layers_of_one_table_keep_their_own():
    ids = leftfold.Input((20,), dtype="int32")
    vectors = layers.Embedding(WORDS, 6)(ids)
    both = layers.Concatenate()([layers.LSTM(30)(vectors), layers.GRU(40)(vectors)])
    model = leftfold.Model(ids, layers.Dense(1)(both))
    expected = by_vectors(model)
    for _ in range(4):
        np.testing.assert_array_equal(model.predict_on_batch(texts()), expected)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_of_a_model_keep_nothing_yet_and_say_the_same(again):
    model = model_of(RECURRENCES["lstm"])
    expected = [model.predict_on_batch(texts()) for _ in range(3)][-1]
    assert model.layers[1]._cache.kept is not None
    other = again(model)
    assert other.layers[1]._cache.kept is None
    np.testing.assert_array_equal(other.predict_on_batch(texts()), expected)


def test_mixed_precision_gives_the_same_bits_from_batch_to_batch():
    before = leftfold.config.dtype_policy()
    leftfold.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = model_of(RECURRENCES["lstm"])
        first = model.predict_on_batch(texts())
        np.testing.assert_allclose(first, by_vectors(model), atol=1e-3)
        for _ in range(3):
            np.testing.assert_array_equal(model.predict_on_batch(texts()), first)
        assert model.layers[1]._cache.kept is not None
    finally:
        leftfold.config.set_dtype_policy(before)
