"""Vectors of clinical concepts from how often they occur together.

Beam et al., "Clinical Concept Embeddings Learned from Massive Sources of Multimodal Medical Data",
Pacific Symposium on Biocomputing 2020 (arXiv 1804.01486, 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.vectors.concepts import ConceptCounts, read_concept_table
from leftfold.vectors.container import WordVectors
from leftfold.vectors.methods import Method
from leftfold.vectors.ppmi import shifted_ppmi, singular_vectors


@dataclass(kw_only=True)
class Cui2Vec(Method):
    """Shifted positive mutual information of pairs, and its singular vectors.

    Args:
        dimensions: of the vectors, fewer than concepts.
        shift: see `shifted_ppmi`.
        smoothing: see `shifted_ppmi`.
        power: see `singular_vectors`.
        first: the column with one concept of each pair, by its name or its place from 0.
        second: the column with the other.
        count: the column that says how often they occur together.
        seed: of the search for singular vectors.

    Example:
        >>> names = ["flu", "cold", "fever", "burn", "scar", "blister"]
        >>> pairs = [(a, b, 9.0) for a in names[:3] for b in names[:3]]
        >>> pairs += [(a, b, 9.0) for a in names[3:] for b in names[3:]]
        >>> vectors = Cui2Vec(dimensions=4).fit(ConceptCounts.of_pairs(pairs))
        >>> sorted(name for name, _ in vectors.near("flu", 2))
        ['cold', 'fever']
    """

    summary: ClassVar[str] = "clinical concepts, from a table of how often they occur together"
    reads: ClassVar[str] = "file"
    dimensions: int = 50
    shift: float = 1.0
    smoothing: float = 0.75
    power: float = 0.5
    first: str | int = 0
    second: str | int = 1
    count: str | int = 2
    seed: int = 0

    def fit(self, corpus: Any) -> WordVectors:
        """Learn the vectors of concepts.

        Args:
            corpus: a table in a file (see `read_concept_table`), or `ConceptCounts`.

        Raises:
            DataError: for a table that is not sound, or with too few concepts for so many
                dimensions.
        """
        counts = (
            corpus
            if isinstance(corpus, ConceptCounts)
            else read_concept_table(corpus, self.first, self.second, self.count)
        )
        information = shifted_ppmi(counts.matrix(), self.shift, self.smoothing)
        matrix = singular_vectors(information, self.dimensions, self.power, True, self.seed)
        return WordVectors(counts.concepts, matrix, "cui2vec")


@dataclass(frozen=True)
class PairRanking:
    """How far known pairs stand above random ones.

    Attributes:
        auc: the probability that a known pair has a larger cosine than a random one.
        auc_interval: the middle 95 % of that over resampled pairs.
        power: the share of known pairs above 95 % of the random ones, the paper's measure.
        power_interval: the middle 95 % of that.
        known: how many known pairs there were.
        random: how many random ones.
    """

    auc: float
    auc_interval: tuple[float, float]
    power: float
    power_interval: tuple[float, float]
    known: int
    random: int

    def __str__(self) -> str:
        return (
            f"AUC {self.auc:.3f} ({self.auc_interval[0]:.3f} to {self.auc_interval[1]:.3f}), "
            f"power {self.power:.1%} ({self.power_interval[0]:.1%} to {self.power_interval[1]:.1%})"
            f", {self.known:,} known against {self.random:,} random pairs"
        )


def rank_known_pairs(
    vectors: WordVectors,
    known: Sequence[tuple[str, str]],
    never: Sequence[tuple[str, str]] = (),
    random_pairs: int = 10_000,
    resamples: int = 1_000,
    seed: int = 0,
) -> PairRanking:
    """Compare the cosines of known pairs with those of pairs drawn at random.

    The concepts of random pairs are drawn from the concepts of known pairs, as often as they occur
    there, so that it does not help to tell frequent concepts from rare ones.

    Args:
        vectors: of the concepts.
        known: pairs that belong together, all with vectors.
        never: pairs that must not count as random, besides the known ones.
        random_pairs: how many to draw.
        resamples: of the bootstrap.
        seed: of drawing and resampling.

    Raises:
        DataError: when there are no known pairs, or no others.
        UnknownTokenError: for a concept without a vector.
    """
    if not known:
        raise DataError("concepts: expected known pairs, got none.")
    random = np.random.default_rng(seed)
    first, second = (np.array(vectors.rows(side)) for side in zip(*known, strict=True))
    taken = _keys(first, second, len(vectors))
    if never:
        one, other = (np.array(vectors.rows(side)) for side in zip(*never, strict=True))
        taken = np.concatenate([taken, _keys(one, other, len(vectors))])
    a, b = random.choice(first, 4 * random_pairs), random.choice(second, 4 * random_pairs)
    free = (a != b) & ~np.isin(_keys(a, b, len(vectors)), taken)
    a, b = a[free][:random_pairs], b[free][:random_pairs]
    if not len(a):
        raise DataError("concepts: expected pairs that are not known, got none.")
    high, low = _cosines(vectors.matrix, first, second), np.sort(_cosines(vectors.matrix, a, b))
    drawn = [
        (random.choice(high, len(high)), np.sort(random.choice(low, len(low))))
        for _ in range(resamples)
    ]
    aucs = np.array([_auc(*pair) for pair in drawn])
    powers = np.array([_power(*pair) for pair in drawn])
    return PairRanking(
        _auc(high, low), _middle(aucs), _power(high, low), _middle(powers), len(high), len(low)
    )


def _keys(first: np.ndarray, second: np.ndarray, size: int) -> np.ndarray:
    return np.minimum(first, second) * size + np.maximum(first, second)


def _cosines(matrix: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    unit = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    return np.asarray((unit[first] * unit[second]).sum(1), np.float64)


def _auc(high: np.ndarray, low: np.ndarray) -> float:
    """Of sorted `low`: the share of pairs in which the first is larger, ties counting half."""
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(below.mean() / (2 * len(low)))


def _power(high: np.ndarray, low: np.ndarray) -> float:
    return float((high > np.quantile(low, 0.95)).mean())


def _middle(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
