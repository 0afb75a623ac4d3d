"""Words and pairs of words: counted and found as a plain loop over the texts would."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leftfold.tasks.grams import GramTable, frequent_grams

TEXTS = st.lists(st.lists(st.sampled_from(["a", " ", "so", "bad", "é"]), max_size=9), max_size=9)


def grams_of(names: list[str]) -> list[str]:
    return list(dict.fromkeys([*names, *map(" ".join, pairwise(names))]))


@given(TEXTS.map(lambda texts: [[n for n in t if n != " "] for t in texts]), st.integers(1, 3))
def test_the_most_frequent_are_those_of_the_most_texts(named: list[list[str]], least: int) -> None:
    counts = Counter(gram for names in named for gram in grams_of(names))
    expected = [gram for gram, n in counts.most_common(6) if n >= least]
    assert frequent_grams(named, 6, least) == expected


def rows_by_a_loop(grams: list[str], named: list[list[str]]) -> list[list[int]]:
    index = {gram: number for number, gram in enumerate(grams, 1)}
    rows = [sorted(index[g] for g in grams_of(names) if g in index) for names in named]
    width = max(1, max(map(len, rows), default=1))
    return [row + [0] * (width - len(row)) for row in rows]


@given(TEXTS.map(lambda texts: [[n for n in t if n != " "] for t in texts]), TEXTS)
def test_grams_of_words_are_found(known: list[list[str]], named: list[list[str]]) -> None:
    grams = frequent_grams(known, 8, 1)
    assert GramTable(grams).rows(named).tolist() == rows_by_a_loop(grams, named)


@given(st.lists(st.text("ab ", max_size=8), max_size=6))
def test_grams_of_characters_are_found_spaces_among_them(texts: list[str]) -> None:
    named = [list(text) for text in texts]
    grams = frequent_grams(named, 20, 1)
    assert sorted(grams) == sorted({gram for names in named for gram in grams_of(names)})
    assert GramTable(grams).rows(named).tolist() == rows_by_a_loop(grams, named)


def test_many_texts_are_looked_up_in_parts() -> None:
    named = [["good", "film"] if n % 3 else ["bad"] for n in range(10_000)]
    rows = GramTable(["bad", "good film"]).rows(named)
    np.testing.assert_array_equal(rows[:, 0], [1 + bool(n % 3) for n in range(10_000)])
