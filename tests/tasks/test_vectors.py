"""Pretrained vectors for classifiers: coverage, frozen or tuned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leftfold.tasks import SequenceClassifier

FILE = "good 2 0.5 1\nBad -2 0.5 -1\nna\u00efve 0 0.25 0\nplot 0.125 1 0.5\n".encode()

TEXTS = ["a good plot", "a bad plot", "so good", "so bad"] * 10
LABELS = [1, 0, 1, 0] * 10


def classifier(path: Path, **settings: object) -> SequenceClassifier:
    path.write_bytes(FILE)
    return SequenceClassifier(vectors=path, epochs=4, seed=1, **settings)  # type: ignore[arg-type]


def test_coverage_is_reported_and_words_of_the_file_are_known(tmp_path: Path) -> None:
    found = classifier(tmp_path / "v.txt").fit(TEXTS, LABELS)
    coverage = found.coverage_
    assert coverage is not None
    assert (coverage.words, coverage.known, coverage.added) == (5, 3, 1)
    assert set(coverage.missing) == {"a", "so"}
    assert coverage.occurrences_known == pytest.approx(0.6, abs=0.05)
    assert "na\u00efve" in found.encoder_.index
    assert "3 of 5 words" in " ".join(found.describe())


def test_frozen_vectors_stay_and_tuned_ones_move(tmp_path: Path) -> None:
    for tune in (False, True):
        found = classifier(tmp_path / "v.txt", tune_vectors=tune, cell="gru").fit(TEXTS, LABELS)
        layer = found.model.get_layer("word_vectors")
        table = layer.get_weights()[0]
        assert bool(layer.trainable_variables) is tune
        good, bad = (table[found.encoder_.index[word]] for word in ("good", "bad"))
        # Centred and scaled, the differences between known words keep their proportions.
        ratio = (good - bad)[0] / (good - bad)[2]
        again = classifier(tmp_path / "v.txt", tune_vectors=tune, cell="gru", learning_rate=1e-9)
        start = again.fit(TEXTS, LABELS).model.get_layer("word_vectors").get_weights()[0]
        assert np.allclose(table, start, atol=1e-6) is not tune
        assert np.isfinite(ratio)


def test_fewer_words_than_the_file_keep_those_of_the_training_part(tmp_path: Path) -> None:
    found = classifier(tmp_path / "v.txt", words=5).fit(TEXTS, LABELS)
    assert len(found.encoder_.index) == 3
    assert found.coverage_ is not None and found.coverage_.added == 0
