"""Embedding before a recurrence: products are computed once for each distinct word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import layers, ops, utils
from leftfold.engine import Tape, kernels
from leftfold.layers import lookup
from leftfold.layers.recurrent import fused
from leftfold.ops import table_products
from leftfold.ops.distinct import distinct

WORDS = 40
RECURRENCES = {
    "simple_rnn": lambda: layers.SimpleRNN(7),
    "lstm": lambda: layers.LSTM(9, bias_initializer="uniform", go_backwards=True),
    "gru": lambda: layers.GRU(9, bias_initializer="uniform"),
    "gru_reset_before": lambda: layers.GRU(9, reset_after=False, bias_initializer="uniform"),
    "gru_without_bias": lambda: layers.GRU(9, use_bias=False),
    "lstm_dropping_states": lambda: layers.LSTM(9, recurrent_dropout=0.4, seed=1),
    "bidirectional": lambda: layers.Bidirectional(layers.GRU(5, bias_initializer="uniform")),
}
every_recurrence = pytest.mark.parametrize("recurrence", RECURRENCES.values(), ids=RECURRENCES)


def texts(dtype: str = "int64") -> np.ndarray:
    ids = np.random.default_rng(0).integers(1, WORDS, (16, 20))
    ids[:, :6] *= np.arange(16)[:, None] % 3 > 0
    return ids.astype(dtype)


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many words each recurrence that computed by word has computed for."""
    found: list[int] = []

    def note(rows: Any, *weights: Any, **settings: Any) -> Any:
        found.append(len(rows))
        return dense(rows, *weights, **settings)

    dense = fused.dense
    for module in (fused, table_products):
        monkeypatch.setattr(module, "dense", note)
    return found


def trained(recurrence: Any, mask_zero: bool, dtype: str = "int64") -> tuple[Any, ...]:
    utils.set_random_seed(5)
    model = leftfold.Sequential(
        [layers.Embedding(WORDS, 6, mask_zero=mask_zero), recurrence(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    x, y = texts(dtype), np.ones((16, 1), "float32")
    predicted = model.predict(x, verbose=0)
    return predicted, model.train_on_batch(x, y), model.get_weights()


@every_recurrence
@pytest.mark.parametrize("mask_zero", [False, True])
def test_outputs_have_the_same_bits_and_gradients_agree(recurrence, mask_zero, tables, monkeypatch):
    predicted, loss, weights = trained(recurrence, mask_zero)
    assert tables
    tables.clear()
    monkeypatch.setattr(fused, "MOST_ROWS", 0)
    plain_predicted, plain_loss, plain_weights = trained(recurrence, mask_zero)
    assert not tables
    np.testing.assert_array_equal(predicted, plain_predicted)
    assert loss == plain_loss
    for ours, plain in zip(weights, plain_weights, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=0, atol=2e-7)


def test_each_direction_computes_once_for_each_distinct_word(tables):
    trained(RECURRENCES["bidirectional"], mask_zero=False)
    assert tables == [len(np.unique(texts()))] * 4  # two directions, prediction and training


def test_both_directions_share_the_rows_of_the_distinct_words(monkeypatch):
    asked: list[str] = []
    embedding = ops.embedding
    monkeypatch.setattr(
        lookup, "distinct", lambda *a, **k: asked.append("ids") or distinct(*a, **k)
    )
    monkeypatch.setattr(ops, "embedding", lambda *a: asked.append("rows") or embedding(*a))
    trained(RECURRENCES["bidirectional"], mask_zero=True)
    assert asked == ["ids", "ids", "rows"]  # prediction, which looks rows up itself, and training


def test_one_direction_by_word_and_one_by_vector_both_reach_the_table(monkeypatch):
    def gradients() -> list[np.ndarray]:
        utils.set_random_seed(5)
        both = layers.Bidirectional(
            layers.LSTM(4), backward_layer=layers.LSTM(4, go_backwards=True, dropout=0.4, seed=2)
        )
        model = leftfold.Sequential([layers.Embedding(WORDS, 6), both, layers.Dense(1)])
        model.build((None, 20))
        with Tape() as tape:
            y = model(texts(), training=True)
        return tape.gradient(y, model.trainable_variables)

    by_word = gradients()
    monkeypatch.setattr(fused, "MOST_ROWS", 0)
    for ours, plain in zip(by_word, gradients(), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("implementation", ["native", "reference"])
def test_distinct_ids_of_any_shape_and_order_in_memory(implementation, request):
    kernels.use(implementation)
    request.addfinalizer(lambda: kernels.use("native"))
    ids = np.array([[7, 3, 3], [0, 7, 9]], np.int32)
    for given in (ids, ids.T, ids[:, ::2], ids[:0], ids[:, 0]):
        words, places = distinct(given, vocabulary=10)
        assert words.tolist() == sorted(set(given.ravel().tolist()))
        np.testing.assert_array_equal(words.numpy()[places.numpy()], given)
    for wrong in (-1, 10):
        with pytest.raises(IndexError):
            distinct(np.array([3, wrong], np.int32), vocabulary=10)


def test_ids_may_be_whole_floats_as_a_default_input_has_them(tables):
    by_float = trained(RECURRENCES["lstm"], True, "float32")
    assert tables
    for ours, others in zip(by_float[2], trained(RECURRENCES["lstm"], True)[2], strict=True):
        np.testing.assert_array_equal(ours, others)


def test_words_that_hardly_repeat_are_computed_as_they_come(tables):
    model = leftfold.Sequential([layers.Embedding(1000, 6), layers.LSTM(3)])
    model.predict(np.arange(1000).reshape(10, 100), verbose=0)
    assert not tables


def test_vectors_that_something_else_reads_too_are_looked_up(tables):
    ids = leftfold.Input((20,), dtype="int32")
    vectors = layers.Embedding(WORDS, 6, name="vectors")(ids)
    state = layers.LSTM(4)(vectors)
    shown = leftfold.Model(ids, [state, vectors])
    pooled = leftfold.Model(
        ids, layers.Concatenate()([state, layers.GlobalMaxPooling1D()(vectors)])
    )
    for model in (shown, pooled):
        model.predict(texts(), verbose=0)
    assert not tables
    leftfold.Model(ids, state).predict(texts(), verbose=0)
    assert tables


def test_the_gradient_of_vectors_looked_up_outside_a_model_is_theirs():
    """Per step, not per word: what saliency maps are made of."""
    embedding, recurrence = layers.Embedding(WORDS, 6), layers.LSTM(4)
    vectors = embedding(texts())
    vectors.tracked = True
    with Tape() as tape:
        total = leftfold.ops.sum(recurrence(vectors))
    [gradient] = tape.gradient(total, [vectors])
    assert (np.abs(gradient).sum(axis=(0, 2)) > 0).all()


class Watching(layers.LSTM):
    """A layer of the user's own that looks at what it reads."""

    seen: list[np.ndarray]

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False
    ) -> Any:
        self.seen.append(np.array(sequences.data))
        return super().call(sequences, initial_state, mask, training)


@pytest.mark.parametrize("wrap", [lambda layer: layer, layers.Bidirectional])
def test_a_layer_of_the_users_own_gets_the_vectors_themselves(wrap, tables):
    Watching.seen = []
    embedding = layers.Embedding(WORDS, 6)
    model = leftfold.Sequential([embedding, wrap(Watching(4)), layers.Dense(1)])
    for _ in range(4):
        model.predict_on_batch(texts())
    expected = embedding.embeddings.numpy()[texts()]
    for seen in Watching.seen[-2:]:
        np.testing.assert_array_equal(seen, expected)
    assert not tables


@pytest.mark.parametrize(
    "recurrence",
    [
        lambda: layers.GRU(4, activation=lambda x: leftfold.ops.tanh(x)),
        lambda: layers.RNN(layers.GRUCell(4)),
        lambda: layers.GRU(4, dropout=0.3, seed=2),
        lambda: layers.Bidirectional(layers.GRU(4, dropout=0.3, seed=2)),
    ],
)
def test_recurrences_that_need_the_vectors_look_them_up(recurrence, monkeypatch):
    found = trained(recurrence, mask_zero=True)
    monkeypatch.setattr(layers.Embedding, "look_up_later", layers.Embedding.__call__)
    plain = trained(recurrence, mask_zero=True)
    np.testing.assert_array_equal(found[0], plain[0])
    assert found[1] == plain[1]
    for ours, expected in zip(found[2], plain[2], strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=2e-7)


def test_nan_is_no_word():
    model = leftfold.Sequential([leftfold.Input((20,)), layers.Embedding(WORDS, 6), layers.LSTM(3)])
    spoilt = texts("float32")
    spoilt[3, 4] = np.nan
    with pytest.raises(ValueError, match="whole numbers as ids, got nan"):
        model.predict_on_batch(spoilt)
