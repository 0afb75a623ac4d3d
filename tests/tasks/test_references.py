"""The accuracies that a network has to beat."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.tasks.references import WordCounts, bag_of_words_accuracy, majority_accuracy


def test_the_majority_is_that_of_the_training_labels() -> None:
    train, test = np.array([1, 1, 0]), np.array([0, 0, 0, 1])
    assert majority_accuracy(train, test) == 0.25


def test_words_decide_and_their_order_does_not() -> None:
    pytest.importorskip("sklearn")
    texts = ["good fine day", "bad poor day", "fine good film", "poor bad film"] * 5
    labels = np.array([1, 0, 1, 0] * 5)
    accuracy = bag_of_words_accuracy(
        texts, labels, ["day good", "film bad", "good day"], np.array([1, 0, 0])
    )
    assert accuracy == pytest.approx(2 / 3)


def test_words_with_marks_are_whole_words() -> None:
    pytest.importorskip("sklearn")
    good, bad = "कि", "का"  # the same letter, another vowel
    texts = [f"{good} फिल्म", f"{bad} फिल्म"] * 30
    labels = np.array([0, 1] * 30)
    found = WordCounts().fit(texts, labels, 2, seed=1).probabilities(texts)
    assert (found.argmax(axis=1) == labels).all()
