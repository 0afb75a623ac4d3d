"""The table of words finds what belongs together, and measures add up to what sacrebleu says."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.tasks.sequence_scores import bleu
from leftfold.tasks.translation.measures import BLEU, EXACT, Measure
from leftfold.tasks.translation.pairs import Pairs
from leftfold.tasks.translation.references import CopySource, WordTable


def test_a_table_of_words_finds_the_dictionary_behind_sentences() -> None:
    generator = np.random.default_rng(0)
    dictionary = {f"q{number}": f"w{number}" for number in range(30)}
    rows = [generator.choice(list(dictionary), generator.integers(3, 7)) for _ in range(300)]
    sources = [" ".join(row) for row in rows]
    targets = [" ".join(generator.permutation([dictionary[word] for word in row])) for row in rows]
    table = WordTable(None, None, False).fit(Pairs(sources, targets))
    right = [" ".join(dictionary[word] for word in row) for row in rows[:50]]
    assert table.predict(sources[:50]) == right
    assert table.predict(["q1 nobody"]) == ["w1 nobody"]
    assert table.name == "word-for-word table"


def test_single_words_are_compared_letter_by_letter() -> None:
    table = WordTable(None, None, False).fit(
        Pairs(["ab", "ba", "bb", "a"], ["xy", "yx", "yy", "x"])
    )
    assert table.predict(["aabb"]) == ["xxyy"] and "letter" in table.name


@pytest.mark.parametrize("language", [None, "zh"])
def test_sources_without_spaces_are_read_by_letter_and_written_by_word(
    language: str | None,
) -> None:
    generator = np.random.default_rng(0)
    dictionary = {"零": "nil", "一": "one", "二": "two", "三": "three", "四": "four", "五": "five"}
    rows = [generator.choice(list(dictionary), generator.integers(2, 6)) for _ in range(200)]
    pairs = Pairs(
        ["".join(row) for row in rows], [" ".join(dictionary[c] for c in row) for row in rows]
    )
    table = WordTable(language, "en", False).fit(pairs)
    assert table.predict(["二零五"]) == ["two nil five"]
    assert table.name == ("word-for-letter table" if language is None else "word-for-word table")


def test_words_of_scripts_that_write_vowels_as_marks_stay_whole() -> None:
    dictionary = {"हिन्दी": "hindi", "भाषा": "language", "दिल्ली": "delhi", "बिल्ली": "cat"}
    pairs = Pairs(
        [f"{a} {b}" for a in dictionary for b in dictionary],
        [f"{dictionary[a]} {dictionary[b]}" for a in dictionary for b in dictionary],
    )
    table = WordTable("hi", "en", False).fit(pairs)
    assert table.predict(["बिल्ली दिल्ली"]) == ["cat delhi"]


def test_copying_copies() -> None:
    assert CopySource().predict(["Ein Hund"]) == ["Ein Hund"]


@pytest.mark.parametrize("lowercase", [False, True])
def test_counts_of_sentences_add_up_to_the_bleu_of_the_corpus(lowercase: bool) -> None:
    references = ["The cat sat on the mat today.", "A dog is in the house", "It is a test, is it?"]
    predictions = ["the cat sat on a mat today.", "a dog is the house", "it is a test, is it?"]
    measure = Measure(BLEU, "en", lowercase)
    counts = measure.counts(references, predictions)
    assert counts.shape == (3, 10)
    assert measure.figure(counts) == pytest.approx(bleu(references, predictions, lowercase))
    assert measure.figure(counts[2:]) == pytest.approx(
        bleu(references[2:], predictions[2:], lowercase)
    )


def test_short_targets_are_judged_by_exact_match() -> None:
    assert Measure.fitting(["2020-01-02"], None, False).name == EXACT
    assert Measure.fitting(["我爱你们吗"], "zh", False).name == BLEU
    measure = Measure.fitting(["a b", "c"], None, True)
    assert measure.name == EXACT
    assert measure(["A b", "c"], ["a  B", "d"]) == 50.0
