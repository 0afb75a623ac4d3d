"""`Tokenizer` and hashing, against figures from Keras 3.15.1 in `tests/golden`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.preprocessing.text import (
    Tokenizer,
    hashing_trick,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "preprocessing.json").read_text())


@pytest.fixture(params=GOLDEN["tokenizers"], ids=lambda case: str(case["arguments"]))
def case(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def tokenizer(case: Any) -> Tokenizer:
    fitted = Tokenizer(**case["arguments"])
    fitted.fit_on_texts(GOLDEN["fit"])
    return fitted


def test_vocabulary_counts_and_document_counts_are_keras(tokenizer: Tokenizer, case: Any) -> None:
    assert list(tokenizer.word_index.items()) == list(case["word_index"].items())
    assert list(map(list, tokenizer.word_counts.items())) == case["word_counts"]
    assert sorted(map(list, tokenizer.index_docs.items())) == case["index_docs"]
    assert tokenizer.document_count == len(GOLDEN["fit"])


def test_sequences_texts_and_matrices_are_keras(tokenizer: Tokenizer, case: Any) -> None:
    sequences = tokenizer.texts_to_sequences(GOLDEN["new"])
    assert sequences == case["sequences"]
    assert list(tokenizer.texts_to_sequences_generator(GOLDEN["new"])) == sequences
    assert tokenizer.sequences_to_texts([[1, 2, 3, 0, 9, 30]]) == case["texts"]
    for mode in ("tfidf", "freq"):
        matrix = tokenizer.sequences_to_matrix(sequences, mode)
        np.testing.assert_allclose(matrix, case[mode], atol=1e-11)
    counts = tokenizer.texts_to_matrix(GOLDEN["new"], "count")
    np.testing.assert_array_equal(tokenizer.texts_to_matrix(GOLDEN["new"]), counts > 0)


def test_json_round_trip_keeps_everything(tokenizer: Tokenizer) -> None:
    back = tokenizer_from_json(tokenizer.to_json(indent=1))
    assert back.get_config() == tokenizer.get_config()
    assert back.texts_to_sequences(GOLDEN["new"]) == tokenizer.texts_to_sequences(GOLDEN["new"])
    back.fit_on_texts(["entirely new words"])
    assert "entirely" in back.word_index or back.char_level


def test_ties_keep_the_order_of_first_appearance_and_refitting_adds() -> None:
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(["b a c"])
    assert tokenizer.word_index == {"b": 1, "a": 2, "c": 3}
    tokenizer.fit_on_texts(["c"])
    assert tokenizer.word_index == {"c": 1, "b": 2, "a": 3}
    assert tokenizer.document_count == 2


def test_analyzer_replaces_the_cutting() -> None:
    tokenizer = Tokenizer(analyzer=lambda text: (text[i : i + 2] for i in range(len(text) - 1)))
    tokenizer.fit_on_texts(["abab"])
    assert tokenizer.word_index == {"ab": 1, "ba": 2}
    assert tokenizer.word_docs == {"ab": 1, "ba": 1}


def test_fit_on_sequences_counts_documents_once_per_index() -> None:
    tokenizer = Tokenizer(num_words=4)
    tokenizer.fit_on_sequences([[1, 1, 2], [2]])
    assert dict(tokenizer.index_docs) == {1: 1, 2: 2}
    matrix = tokenizer.sequences_to_matrix([[1, 1]], "tfidf")
    assert matrix[0, 1] == pytest.approx((1 + np.log(2)) * np.log(1 + 2 / 2))


def test_matrices_of_empty_texts_are_zero() -> None:
    assert Tokenizer(num_words=3).sequences_to_matrix([[], []], "freq").tolist() == [[0] * 3] * 2
    assert Tokenizer(num_words=3).sequences_to_matrix([]).shape == (0, 3)


@given(st.lists(st.text("ab c,", max_size=12), min_size=1, max_size=8))
def test_known_texts_come_back_as_their_words(texts: list[str]) -> None:
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(texts)
    assert tokenizer.sequences_to_texts(tokenizer.texts_to_sequences(texts)) == [
        " ".join(text_to_word_sequence(text)) for text in texts
    ]
    assert sum(tokenizer.word_counts.values()) == sum(map(len, tokenizer.texts_to_sequences(texts)))


def test_hashing_is_keras_and_never_gives_zero() -> None:
    assert hashing_trick("to be, or not to be", 50, hash_function="md5") == GOLDEN["hashing"]
    assert set(one_hot("a b c d e f", 2)) == {1}
    assert one_hot("a b", 100) == [hash("a") % 99 + 1, hash("b") % 99 + 1]
    assert hashing_trick("x y", 9, hash_function=len, analyzer=str.split) == [2, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: text_to_word_sequence(3.0), "expected a string, got 3.0"),  # type: ignore[arg-type]
        (lambda: hashing_trick("a", 1), "n to be at least 2, got 1"),
        (lambda: Tokenizer(words=3), "unknown arguments: 'words'"),
        (lambda: Tokenizer(oov_token="?").texts_to_sequences(["a"]), "call fit_on_texts first"),
        (lambda: Tokenizer().sequences_to_matrix([[1]]), "needs num_words"),
        (lambda: Tokenizer(3).sequences_to_matrix([[1]], "tf"), "mode expected one of .* got 'tf'"),
        (lambda: Tokenizer(3).sequences_to_matrix([[1]], "tfidf"), "Fit the Tokenizer"),
        (lambda: Tokenizer(3).sequences_to_matrix([[-1]]), "integers from 0"),
        (lambda: Tokenizer(3).sequences_to_matrix([[0.5]]), "integers from 0"),  # type: ignore[list-item]
        (lambda: tokenizer_from_json("{}"), "not what Tokenizer.to_json writes"),
        (lambda: tokenizer_from_json("[1"), "not what Tokenizer.to_json writes"),
    ],
)
def test_wrong_input_is_named(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_old_argument_name_is_understood_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="num_words"):
        assert Tokenizer(nb_words=7).num_words == 7
