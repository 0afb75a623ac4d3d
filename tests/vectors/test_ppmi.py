"""Mutual information and singular vectors: against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.vectors.ppmi import Ppmi, shifted_ppmi, singular_vectors

sparse = pytest.importorskip("scipy.sparse")


@pytest.fixture
def counts() -> np.ndarray:
    random = np.random.default_rng(0)
    return random.poisson(1.5, (7, 9)) * (random.random((7, 9)) < 0.7)


@pytest.mark.parametrize("shift", [1.0, 5.0])
@pytest.mark.parametrize("smoothing", [1.0, 0.75])
def test_ppmi_is_that_of_the_definition(counts, shift, smoothing):
    found = shifted_ppmi(sparse.csr_array(counts), shift, smoothing).toarray()
    powers = counts.sum(0) ** smoothing
    for row in range(7):
        for column in range(9):
            if counts[row, column]:
                chance = counts[row].sum() / counts.sum() * powers[column] / powers.sum()
                value = np.log(counts[row, column] / counts.sum() / chance) - np.log(shift)
                assert found[row, column] == pytest.approx(max(value, 0), abs=1e-6)
            else:
                assert found[row, column] == 0


def test_negative_counts_are_refused(counts):
    counts[2, 3] = -4
    with pytest.raises(ValueError, match="negative counts, got -4"):
        shifted_ppmi(sparse.csr_array(counts))


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_singular_vectors_are_numpys(counts, power):
    found = singular_vectors(sparse.csr_array(counts, dtype=float), 4, power)
    left, values, _ = np.linalg.svd(counts.astype(float))
    expected = left[:, :4] * values[:4] ** power
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-4)


def test_contexts_are_added_with_the_signs_of_their_words():
    random = np.random.default_rng(0)
    half = random.random((6, 6))
    both = half + half.T + 6 * np.eye(6)  # positive definite: words and contexts are the same
    found = singular_vectors(sparse.csr_array(both), 3, contexts=True)
    alone = singular_vectors(sparse.csr_array(both), 3)
    np.testing.assert_allclose(found, 2 * alone, atol=1e-4)


def test_too_many_dimensions_are_refused(counts):
    with pytest.raises(DataError, match="fewer dimensions"):
        singular_vectors(sparse.csr_array(counts), 7)


def test_words_that_are_used_alike_come_to_lie_together():
    texts = ["the cat drinks milk", "the dog drinks milk", "a car needs fuel", "a bus needs fuel"]
    vectors = Ppmi(dimensions=6, window=3).fit(texts * 10)
    assert vectors.near("cat", 1)[0][0] == "dog"
    assert vectors.near("bus", 1)[0][0] == "car"
