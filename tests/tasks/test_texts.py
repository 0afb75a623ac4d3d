"""Texts as numbers: words, marks, tags, pairs, cuts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.tasks.texts import UNKNOWN, TextEncoder, choose_cut, cut_middle


def test_words_are_lower_case_marks_count_and_tags_do_not() -> None:
    tokens = TextEncoder().tokens("It's GREAT<br />Don\u2019t miss it!! 3 < 4")
    assert [token.text for token in tokens] == [
        "it's", "great", "don\u2019t", "miss", "it", "!", "!", "3", "4",
    ]  # fmt: skip


@given(st.text(max_size=60))
def test_tokens_stand_where_they_say(text: str) -> None:
    for level in ("word", "character"):
        for token in TextEncoder(level).tokens(text):
            assert text[token.start : token.stop].lower() == token.text.lower()


def test_the_vocabulary_is_that_of_the_most_frequent_words() -> None:
    encoder = TextEncoder(size=4).fit(["a a a b b c"])
    assert encoder.index == {"a": 2, "b": 3}
    assert encoder.encode(["c a b"])["words"].tolist() == [[UNKNOWN, 2, 3]]


def test_pairs_and_words_of_a_text_are_counted_once() -> None:
    encoder = TextEncoder(pairs=100).fit(["not good"] * 3 + ["rare pair"])
    assert set(encoder.pair_index) == {"not", "good", "not good"}
    pairs = encoder.encode(["not good not good", "rare"])["pairs"]
    assert sorted(pairs[0].tolist()) == [1, 2, 3] and pairs[1].tolist() == [0, 0, 0]


def test_long_texts_lose_their_middle() -> None:
    assert list(cut_middle(range(10), 8)) == [0, 1, 4, 5, 6, 7, 8, 9]
    assert list(cut_middle(range(3), 8)) == [0, 1, 2]


def test_the_cut_follows_the_lengths() -> None:
    lengths = np.r_[np.full(985, 100), np.full(15, 900)]
    cut = choose_cut(lengths, most=1000)
    assert cut.longest == 100 and cut.whole == 0.985 and "98%" in cut.why
    assert choose_cut(lengths, most=50).longest == 50
    assert choose_cut(lengths, most=1000, wanted=7) == (7, 0.0, "as asked for")
    assert choose_cut(np.array([3, 4]), most=1000).longest == 16


def test_networks_without_masks_get_all_steps() -> None:
    encoder = TextEncoder().fit(["a b c"])
    assert encoder.encode(["a"])["words"].shape == (1, 1)
    assert encoder.encode(["a"], whole=True)["words"].shape == (1, 16)


def test_an_encoder_goes_through_plain_data() -> None:
    import json

    encoder = TextEncoder(size=50, pairs=20).fit(["so good \u00e9t\u00e9"] * 4)
    again = TextEncoder.from_state(json.loads(json.dumps(encoder.state())))
    assert again == encoder
    with pytest.raises(ValueError, match="level expected one of"):
        TextEncoder.from_state({**encoder.state(), "level": "line"})
