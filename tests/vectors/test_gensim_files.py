"""Files go round through gensim: what it writes we read, what we write it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leftfold.vectors import WordVectors

models = pytest.importorskip("gensim.models")

TOKENS = ["good", "na\u00efve", "new_york", "film"]
VALUES = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)


@pytest.mark.parametrize("name", ["a.w2v", "a.w2v.gz", "a.vec", "a.bin", "a.bin.gz"])
def test_gensim_reads_what_we_write(tmp_path: Path, name: str) -> None:
    path = WordVectors(TOKENS, VALUES).save(tmp_path / name)
    theirs = models.KeyedVectors.load_word2vec_format(str(path), binary=".bin" in name)
    assert theirs.index_to_key == TOKENS
    np.testing.assert_array_equal(theirs.vectors, VALUES)


def test_gensim_reads_our_text_without_a_header(tmp_path: Path) -> None:
    path = WordVectors(TOKENS, VALUES).save(tmp_path / "glove.txt")
    theirs = models.KeyedVectors.load_word2vec_format(str(path), no_header=True)
    np.testing.assert_array_equal(theirs[TOKENS], VALUES)


@pytest.mark.parametrize("name", ["a.w2v", "a.w2v.gz", "a.bin", "a.bin.gz"])
def test_we_read_what_gensim_writes(tmp_path: Path, name: str) -> None:
    theirs = models.KeyedVectors(6)
    theirs.add_vectors(TOKENS, VALUES)
    theirs.save_word2vec_format(str(tmp_path / name), binary=".bin" in name)
    ours = WordVectors.load(tmp_path / name)
    assert ours.tokens == TOKENS
    np.testing.assert_array_equal(ours.matrix, VALUES)


def test_neighbours_and_analogies_are_gensim_s() -> None:
    rng = np.random.default_rng(1)
    tokens, values = [f"w{i}" for i in range(500)], rng.normal(size=(500, 20)).astype(np.float32)
    theirs = models.KeyedVectors(20)
    theirs.add_vectors(tokens, values)
    ours = WordVectors(tokens, values)
    for word in ("w0", "w77"):
        expected = theirs.most_similar(word, topn=8)
        found = ours.near(word, 8)
        assert [t for t, _ in found] == [t for t, _ in expected]
        np.testing.assert_allclose([c for _, c in found], [c for _, c in expected], rtol=1e-5)
    expected = theirs.most_similar(positive=["w2", "w3"], negative=["w1"], topn=5)
    assert [t for t, _ in ours.analogy("w1", "w2", "w3")] == [t for t, _ in expected]
    expected = theirs.most_similar_cosmul(positive=["w2", "w3"], negative=["w1"], topn=5)
    found = ours.analogy("w1", "w2", "w3", rule="multiply")
    assert [t for t, _ in found] == [t for t, _ in expected]
    assert ours.odd_one_out(["w1", "w2", "w3", "w4"]) == theirs.doesnt_match(
        ["w1", "w2", "w3", "w4"]
    )
