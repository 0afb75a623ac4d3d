"""Counts of words near each other: against their definition, within any memory."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.engine.kernels import kernel
from leftfold.vectors.cooccurrence import Cooccurrences, count_cooccurrences, flat, harmonic
from leftfold.vectors.corpus import Corpus

TEXTS = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12), min_size=1)


def by_definition(
    texts: list[list[str]], window: int, both_sides: bool, kept: list[str]
) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for text in texts:
        text = [token for token in text if token in kept]
        for at, word in enumerate(text):
            for distance in range(1, window + 1):
                places = [at - distance] + ([at + distance] if both_sides else [])
                for place in places:
                    if 0 <= place < len(text):
                        counts[word, text[place]] += 1 / distance
    return counts


def as_counter(found: Cooccurrences) -> Counter[tuple[str, str]]:
    rows = np.repeat(np.arange(len(found.tokens)), np.diff(found.starts))
    tokens = found.tokens
    entries = zip(rows.tolist(), found.columns.tolist(), found.counts.tolist(), strict=True)
    return Counter({(tokens[r], tokens[c]): count for r, c, count in entries})


@given(
    texts=TEXTS,
    window=st.integers(1, 6),
    both_sides=st.booleans(),
    min_count=st.integers(1, 3),
    memory=st.sampled_from([1, 200, 2_000, 1 << 20]),
)
def test_counts_are_those_of_the_definition(
    implementation, texts, window, both_sides, min_count, memory
):
    corpus = Corpus(texts).encoded()
    if corpus.counts.max() < min_count:
        return
    vocabulary = corpus.vocabulary(min_count)
    found = count_cooccurrences(corpus, vocabulary, harmonic(window), both_sides, memory)
    expected = by_definition(texts, window, both_sides, vocabulary.tokens)
    counted = as_counter(found)
    assert counted.keys() == expected.keys()
    for pair, count in expected.items():
        assert counted[pair] == pytest.approx(count, rel=1e-6)


def test_rows_are_in_order_without_repeats(implementation):
    texts = [list("abacabadabacaba"), list("abcdabcd")]
    corpus = Corpus(texts).encoded()
    found = count_cooccurrences(corpus, corpus.vocabulary(), flat(3), memory=200)
    for row in range(len(found.tokens)):
        columns = found.columns[found.starts[row] : found.starts[row + 1]]
        assert (np.diff(columns) > 0).all()


def test_progress_reaches_the_end():
    corpus = Corpus([["a", "b"]] * 50).encoded()
    told: list[float] = []
    count_cooccurrences(corpus, corpus.vocabulary(), flat(1), memory=600, progress=told.append)
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == 1


def test_too_small_arrays_are_refused(implementation):
    ids = np.array([0, 1, 0, 1], np.int32)
    small = np.empty(1, np.int32), np.empty(1, np.float32), np.empty(2, np.int64)
    with pytest.raises(ValueError, match="room for every row"):
        kernel("cooccurrence_counts")(
            ids, np.array([0, 2, 1, 3], np.int32), np.array([0, 2, 4]), flat(1), True, 2, *small
        )
