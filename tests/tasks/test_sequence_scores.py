"""Figures for written sequences, against definitions written out and against sacrebleu's."""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import ops
from leftfold.tasks import sequence_scores as scores
from leftfold.tasks.errors import DataError, MissingExtraError


def distance_by_definition(a: str, b: str) -> int:
    @cache
    def walk(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        return min(
            walk(i - 1, j) + 1, walk(i, j - 1) + 1, walk(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        )

    return walk(len(a), len(b))


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_edit_distance_is_that_of_the_definition(a, b):
    assert scores.edit_distance(a, b) == distance_by_definition(a, b)


def test_error_rates_add_up_over_all_sequences():
    references, predictions = ["one two three four", "five"], ["one three four", "six"]
    assert scores.word_error_rate(references, predictions) == 2 / 5
    assert scores.word_error_rate([[1, 2]], [[1, 2, 3, 4, 5]]) == 1.5
    assert scores.character_error_rate(["ab", "c"], ["a", "c"]) == pytest.approx(1 / 3)
    assert scores.exact_match([[1, 2], [3]], [[1, 2], [4]]) == 0.5


def test_perplexity_counts_what_the_mask_shows_and_agrees_with_the_loss():
    generator = np.random.default_rng(0)
    logits, targets = generator.standard_normal((3, 4, 5)), generator.integers(0, 5, (3, 4))
    mask = np.arange(4) < np.array([[4], [2], [1]])
    loss = ops.sparse_categorical_crossentropy(targets, logits, from_logits=True).numpy()
    expected = np.exp(loss[mask].mean())
    targets[~mask] = -1  # padding is not looked at
    assert scores.perplexity(targets, logits, mask, from_logits=True) == pytest.approx(expected)
    p = ops.softmax(logits).numpy()
    assert scores.perplexity(targets, p, mask) == pytest.approx(expected)
    weights = generator.uniform(size=(3, 4))
    weighted = np.exp((loss * weights * mask).sum() / (weights * mask).sum())
    found = scores.perplexity(targets, logits, mask, weights, from_logits=True)
    assert found == pytest.approx(weighted)


def test_perplexity_of_what_was_held_impossible_is_infinite():
    assert scores.perplexity([[0]], [[[0.0, 1.0]]]) == np.inf


def test_bleu_and_chrf_are_sacrebleus():
    sacrebleu = pytest.importorskip("sacrebleu")
    references = ["The cat is on the mat.", "There is a dog, here."]
    predictions = ["the cat sat on the mat .", "There is a dog here"]
    expected = sacrebleu.corpus_bleu(predictions, [references], lowercase=True).score
    assert scores.bleu(references, predictions, lowercase=True) == expected
    assert scores.bleu(references, predictions) < expected
    assert scores.chrf(references, predictions, 2) == (
        sacrebleu.corpus_chrf(predictions, [references], word_order=2).score
    )


def test_without_sacrebleu_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(MissingExtraError, match=r'pip install "leftfold\[translate\]"'):
        scores.bleu(["a"], ["a"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scores.word_error_rate(["a"], ["a", "b"]), "one length above 0, got 1 and 2"),
        (lambda: scores.exact_match([], []), "got 0 and 0"),
        (lambda: scores.word_error_rate([""], ["a"]), "at least one word"),
        (lambda: scores.bleu("a b", ["a b"]), "references expected a list of sequences"),
        (lambda: scores.perplexity([[1]], [[0.5, 0.5]]), r"targets \(..., steps\)"),
        (lambda: scores.perplexity([2], [[0.5, 0.5]]), "tokens from 0 to 1, got 2"),
        (lambda: scores.perplexity([0], [[0.5, 0.5]], mask=[False]), "something counts"),
    ],
)
def test_what_cannot_be_judged_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()
