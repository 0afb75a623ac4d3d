"""`Sentiment`: vocabulary and network together, trained, saved, read again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from leftfold.preprocessing.text import tokenizer_from_json
from leftfold.tasks import Sentiment

TEXTS = ["good film", "fine film", "bad film", "poor film"] * 16
LABELS = np.array([1, 1, 0, 0] * 16)


@pytest.fixture
def sentiment() -> Sentiment:
    return Sentiment.untrained(TEXTS, words=8, longest=4)


def test_texts_become_numbers_padded_before_and_cut_before(sentiment: Sentiment) -> None:
    index = sentiment.tokenizer.word_index
    assert sentiment.numbers(["Good FILM!", "never seen", "a b c d e film"]).tolist() == [
        [0, 0, index["good"], index["film"]],
        [0, 0, 1, 1],
        [1, 1, 1, index["film"]],
    ]


def test_the_vocabulary_is_no_larger_than_asked_for() -> None:
    small = Sentiment.untrained(TEXTS, words=4)
    assert small.numbers(TEXTS).max() < 4
    assert small.network.layers[1].input_dim == 4


def test_it_learns_and_keeps_the_best_epoch(sentiment: Sentiment) -> None:
    history = sentiment.fit((TEXTS, LABELS), (TEXTS, LABELS), 12, 8, verbose=0)
    assert sentiment.accuracy(TEXTS, LABELS) == max(history.history["val_accuracy"])
    assert sentiment.accuracy(TEXTS, LABELS) > 0.9
    assert sentiment.accuracy(TEXTS, 1 - LABELS) == 1 - sentiment.accuracy(TEXTS, LABELS)


def test_saved_and_read_again_it_judges_the_same(sentiment: Sentiment, tmp_path: Path) -> None:
    sentiment.fit((TEXTS, LABELS), (TEXTS, LABELS), 1, verbose=0)
    paths = sentiment.save(tmp_path / "model.keras")
    assert [path.name for path in paths] == ["model.keras", "model.vocabulary.json"]
    again = Sentiment.load(paths[0])
    assert again.longest == 4
    np.testing.assert_array_equal(again.probability(TEXTS), sentiment.probability(TEXTS))


def test_the_vocabulary_file_is_a_tokenizer_without_the_words_that_are_never_used(
    tmp_path: Path,
) -> None:
    sentiment = Sentiment.untrained([*TEXTS, "rare"], words=4)
    _, vocabulary = sentiment.save(tmp_path / "model.keras")
    content = vocabulary.read_text()
    assert json.loads(content)["class_name"] == "Tokenizer"
    tokenizer = tokenizer_from_json(content)
    assert set(tokenizer.index_word) == {1, 2, 3}
    assert "rare" not in content
    texts = ["good film rare"]
    assert tokenizer.texts_to_sequences(texts) == sentiment.tokenizer.texts_to_sequences(texts)
