"""Tokens lose nothing of a text, and say what the unknown costs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.saving import SavingError
from leftfold.tasks.text.tokens import UNITS, Pieces, learn_tokens, tokens_from_plain

TEXT = "\nDer Fluß, fließt über 10 Brücken! It's a\n\n  two  spaced 日本語 👍🏽 line\tor two " * 4
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize("unit", UNITS)
@given(text=TEXTS)
def test_the_parts_of_a_text_are_the_text_and_one_token_each(unit: str, text: str) -> None:
    tokens = learn_tokens(TEXT, unit, 300)
    parts = tokens.split(text)
    assert "".join(parts) == text
    assert len(parts) == len(tokens.encode(text)) == len(tokens.spelling_costs(text))


@pytest.mark.parametrize("unit", UNITS)
def test_a_known_text_comes_back(unit: str) -> None:
    tokens = learn_tokens(TEXT, unit, 400)
    ids = tokens.encode(TEXT)
    assert ids.dtype == np.int32
    assert 0 <= ids.min() <= ids.max() < tokens.size
    assert tokens.decode(ids) == TEXT
    assert "".join(tokens.stream(iter(ids))) == TEXT


@given(text=TEXTS)
def test_subwords_know_every_text(text: str) -> None:
    tokens = learn_tokens(TEXT, "subword", 280)
    assert tokens.decode(tokens.encode(text)) == text


def test_a_letter_of_many_bytes_comes_whole() -> None:
    tokens = learn_tokens("abc", "subword", 256)
    ids = tokens.encode("é👍")
    assert len(ids) == 6
    assert list(tokens.stream(ids)) == ["é", "👍"]
    assert list(tokens.stream(ids[:3])) == ["é", "\N{REPLACEMENT CHARACTER}"]


def test_words_that_occur_once_are_unknown() -> None:
    tokens = learn_tokens("a rose is a rose is a rose, once", "word", 100)
    assert tokens.pieces()[1:] == [" rose", " is", " a"]
    assert tokens.encode("a rose once a rose").tolist() == [0, 1, 0, 3, 1]


def test_a_vocabulary_keeps_the_most_frequent() -> None:
    tokens = learn_tokens("aaaabbbccd", "character", 3)
    assert tokens.pieces()[1:] == ["a", "b"]
    assert tokens.encode("abcd").tolist() == [1, 2, 0, 0]


def test_spelling_costs_are_those_of_a_complete_distribution() -> None:
    letters = {"a": 5, "b": 2, " ": 3}
    tokens = Pieces("word", ["ab"], letters)
    total = 5 + 2 + 3 + 3 + 1
    costs = tokens.spelling_costs("ab ba")
    assert costs[0] == 0
    spelt = [3, 2, 5, 3]  # the space, b, a, and the end
    assert costs[1] == pytest.approx(sum(math.log(total / n) for n in spelt))
    strange = Pieces("character", ["a"], {"a": 9}).spelling_costs("aé")
    assert strange.tolist() == [0, pytest.approx(math.log(10) + math.log(0x110000))]


@pytest.mark.parametrize("unit", UNITS)
def test_plain_data_gives_the_same_tokens(unit: str) -> None:
    tokens = learn_tokens(TEXT, unit, 300)
    again = tokens_from_plain(tokens.plain())
    strange = TEXT[:40] + "unseen ÿ"
    assert again.encode(strange).tolist() == tokens.encode(strange).tolist()
    assert again.spelling_costs(strange).tolist() == tokens.spelling_costs(strange).tolist()


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"unit": "letter", "known": ["a"], "letters": {}},
        {"unit": "word", "known": [1], "letters": {}},
        {"unit": "word", "known": ["a"], "letters": {"a": -1}},
        {"unit": "subword", "tokenizer": "{}"},
        {"unit": "subword", "tokenizer": 3},
    ],
)
def test_damaged_data_is_refused(data: Any) -> None:
    with pytest.raises(SavingError, match="damaged"):
        tokens_from_plain(data)
