"""How good vectors of k-mers are, by the two measures of the dna2vec paper.

Ng, "dna2vec: Consistent vector representations of variable-length k-mers", 2017, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.vectors.alignment import alignment_similarity
from leftfold.vectors.container import WordVectors
from leftfold.vectors.fasta import BASES
from leftfold.vectors.word_lists import Pair

_EDITS = 6


def kmer_pairs(
    kmers: Sequence[str],
    count: int = 5_000,
    shortest: int = 3,
    longest: int = 8,
    related: bool = True,
    seed: int = 0,
) -> list[Pair]:
    """Pairs of k-mers with their alignment similarity, for `evaluation.similarity`.

    Two k-mers drawn at random have next to nothing in common, and their small similarities say
    little. Related pairs cover the whole range: the second is the first after none to six random
    edits, each of which changes, removes or adds a base.

    Args:
        kmers: from which the first of each pair is drawn; with `related=False` both are.
        count: how many pairs.
        shortest: length that the second has at least.
        longest: length that it has at most.
        related: whether the second comes from the first.
        seed: of drawing.

    Example:
        >>> pair = kmer_pairs(["ACGTACGT"], 1)[0]
        >>> len(pair.one), pair.score <= 1
        (8, True)
    """
    random = np.random.default_rng(seed)
    first = [kmers[n] for n in random.integers(len(kmers), size=count)]
    if related:
        second = [_edited(kmer, random, shortest, longest) for kmer in first]
    else:
        second = [kmers[n] for n in random.integers(len(kmers), size=count)]
    scores = alignment_similarity(first, second).tolist()
    return [Pair(*pair) for pair in zip(first, second, scores, strict=True)]


def _edited(kmer: str, random: np.random.Generator, shortest: int, longest: int) -> str:
    for _ in range(random.integers(_EDITS + 1)):
        at, base = int(random.integers(len(kmer))), BASES[random.integers(len(BASES))]
        kinds = [kmer[:at] + base + kmer[at + 1 :]]
        if len(kmer) > shortest:
            kinds.append(kmer[:at] + kmer[at + 1 :])
        if len(kmer) < longest:
            kinds.append(kmer[:at] + base + kmer[at:])
        kmer = kinds[random.integers(len(kinds))]
    return kmer


@dataclass(frozen=True)
class Concatenation:
    """Whether the sum of two vectors is that of the two k-mers in a row.

    Attributes:
        found: the share of sums that have the joined k-mer among the nearest.
        by_chance: what that share would be if all k-mers of that length were alike.
        nearest: how many of the nearest were looked at.
        pairs: how many sums.
    """

    found: float
    by_chance: float
    nearest: int
    pairs: int

    def __str__(self) -> str:
        return (
            f"{self.found:.1%} of {self.pairs:,} sums have the joined k-mer among the "
            f"{self.nearest} nearest ({self.by_chance:.2%} by chance)"
        )


def sums_and_concatenations(
    vectors: WordVectors, count: int = 1_000, nearest: int = 10, seed: int = 0
) -> Concatenation:
    """Add vectors of two k-mers, and look for the joined k-mer near the sum.

    Of the k-mers as long as both together, those with the largest cosines are looked at; `ab`
    counts as well as `ba`, since a sum has no order.

    Args:
        vectors: of k-mers of several lengths.
        count: how many sums.
        nearest: how many of the nearest k-mers to look at.
        seed: of drawing.

    Raises:
        DataError: when there are no k-mers that could be joined.
    """
    random = np.random.default_rng(seed)
    by_length: dict[int, list[str]] = {}
    for kmer in vectors.tokens:
        by_length.setdefault(len(kmer), []).append(kmer)
    lengths = [(a, b) for a in by_length for b in by_length if a + b in by_length]
    if not lengths:
        raise DataError(f"{vectors.source}: expected k-mers of lengths that add up, got none.")
    unit = {length: _unit(vectors[kmers]) for length, kmers in by_length.items()}
    found, chance = 0, 0.0
    for _ in range(count):
        sizes = lengths[random.integers(len(lengths))]
        a, b = (by_length[size][random.integers(len(by_length[size]))] for size in sizes)
        total = _unit(_unit(vectors[[a, b]]).sum(0, keepdims=True))[0]
        whole = sum(sizes)
        cosines = unit[whole] @ total
        most = min(nearest, len(cosines))
        best = {by_length[whole][n] for n in np.argpartition(-cosines, most - 1)[:most]}
        found += bool(best & {a + b, b + a})
        chance += min(1.0, len({a + b, b + a}) * most / len(cosines))
    return Concatenation(found / count, chance / count, nearest, count)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
