"""Pretrained vectors: every format, damaged files, coverage."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from leftfold.tasks import SequenceClassifier
from leftfold.tasks.errors import DataError
from leftfold.tasks.vectors import read_vectors

WORDS = ["good", "Bad", "na\u00efve", "plot"]
VALUES = np.array([[2, 0.5, 1], [-2, 0.5, -1], [0, 0.25, 0], [0.125, 1, 0.5]], np.float32)


def text_file(header: bool) -> bytes:
    lines = [f"{w} {' '.join(map(str, v))}" for w, v in zip(WORDS, VALUES, strict=True)]
    return "\n".join([*(["4 3"] if header else []), *lines, ""]).encode()


def binary_file(newline: bytes) -> bytes:
    rows = [w.encode() + b" " + v.tobytes() + newline for w, v in zip(WORDS, VALUES, strict=True)]
    return b"4 3\n" + b"".join(rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("glove.txt", text_file(False)),
        ("word2vec.txt", text_file(True)),
        ("fasttext.vec", text_file(True)),
        ("glove.txt.gz", gzip.compress(text_file(False))),
        ("word2vec.bin", binary_file(b"\n")),
        ("word2vec2.bin", binary_file(b"")),
        ("word2vec.bin.gz", gzip.compress(binary_file(b"\n"))),
    ],
)
def test_every_format_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    found = read_vectors(tmp_path / name)
    assert found.words == WORDS
    np.testing.assert_array_equal(found.values, VALUES)
    assert found.row("bad") == 1 and found.row("Bad") == 1 and found.row("none") is None
    assert read_vectors(tmp_path / name, most=2).words == WORDS[:2]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "holds no words"),
        ("a.txt", b"good 1 2\nbad 1\n", r"a\.txt, line 2: expected a word and 2 numbers"),
        ("a.txt", b"good 1 2\nbad 1 x\n", r"line 2: expected a word and 2 numbers"),
        ("a.txt", b"good\n", r"line 1: expected a word and its numbers"),
        ("a.txt", b"good 1 nan\n", r"the vector of 'good' is not finite"),
        ("a.txt.gz", b"no gzip", "cannot be read"),
        ("a.txt.gz", gzip.compress(text_file(False))[:-20], "cannot be read"),
        ("a.bin", b"no header", "does not begin as word2vec's binary format"),
        ("a.bin", b"9 99999999\n", "does not begin as word2vec's binary format"),
        ("a.bin", binary_file(b"")[:-4], "ends in word 4 of 4"),
        ("a.bin", b"1 3\n" + b"x" * 10_000, "ends in word 1 of 1"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_vectors(tmp_path / name)
    with pytest.raises(DataError, match="is no file"):
        read_vectors(tmp_path / "missing")


TEXTS = ["a good plot", "a bad plot", "so good", "so bad"] * 10
LABELS = [1, 0, 1, 0] * 10


def classifier(path: Path, **settings: object) -> SequenceClassifier:
    path.write_bytes(text_file(False))
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
