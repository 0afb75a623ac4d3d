"""Directions in a space of vectors: from singular to plural, from he to she.

Pairs such as ("cat", "cats") show a direction if their offsets point the same way. How much they do
is measured by the mean cosine between offsets of different pairs, beside that of the same words
paired at random: an offset shared by all words would be no news.

Source: T. Bolukbasi et al., Man is to Computer Programmer as Woman is to Homemaker?, 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leftfold.vectors.neighbours import unit_rows

if TYPE_CHECKING:
    from leftfold.vectors.container import WordVectors

_SHUFFLES = 20


@dataclass(frozen=True)
class Direction:
    """What pairs of words have in common.

    Attributes:
        vector: the mean offset of unit vectors, brought to length 1, float32 `(dimensions,)`.
        length: of the mean offset; how far apart the two words of a pair are along it.
        consistency: the mean cosine between the offsets of different pairs, -1 to 1.
        by_chance: the same for the first words paired with other second words.
        held_out: the share of pairs whose second word has more of the direction than the first,
            the direction taken from all other pairs.
        pairs: that were used.
        missing: pairs of which a word has no vector.
    """

    vector: np.ndarray
    length: float
    consistency: float
    by_chance: float
    held_out: float
    pairs: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return (
            f"{len(self.pairs)} pairs: offsets agree with cosine {self.consistency:.2f} "
            f"({self.by_chance:.2f} for the same words paired at random); the direction of the "
            f"other pairs puts {self.held_out:.0%} of them the right way round"
        )


def direction(vectors: WordVectors, pairs: Sequence[tuple[str, str]], seed: int = 0) -> Direction:
    """The direction from the first words of pairs to the second, and how consistent it is.

    Args:
        vectors: of words.
        pairs: at least two of which all words have vectors.
        seed: of the pairs at random.

    Raises:
        ValueError: for fewer pairs.

    Example:
        >>> from leftfold.vectors import WordVectors
        >>> vectors = WordVectors(["cat", "cats", "dog", "dogs"],
        ...                       [[2, 0, 1], [2, 0.5, 1], [0, 0, 3], [0.1, 0.6, 3]])
        >>> direction(vectors, [("cat", "cats"), ("dog", "dogs")]).consistency > 0.8
        True
    """
    known = [pair for pair in pairs if all(word in vectors for word in pair)]
    if len(known) < 2:
        raise ValueError(
            f"direction expected at least two pairs with vectors, got {len(known)} of {len(pairs)}."
        )
    first = unit_rows(vectors[[one for one, _ in known]])
    second = unit_rows(vectors[[other for _, other in known]])
    offsets = second - first
    total = offsets.sum(0)
    length = float(np.linalg.norm(total / len(known)))
    rng = np.random.default_rng(seed)
    chance = [_agreement(second[_derangement(len(known), rng)] - first) for _ in range(_SHUFFLES)]
    others = total - offsets
    right = np.einsum("nd,nd->n", offsets, others) > 0
    return Direction(
        unit_rows(total[None])[0],
        length,
        _agreement(offsets),
        float(np.mean(chance)),
        float(right.mean()),
        tuple((one, other) for one, other in known),
        tuple((one, other) for one, other in pairs if (one, other) not in set(known)),
    )


def project(vectors: WordVectors, axis: np.ndarray, tokens: Sequence[str]) -> np.ndarray:
    """How much of a direction words have: the cosine with it, `(tokens,)`.

    Raises:
        UnknownTokenError: for a word without a vector.
    """
    return np.asarray(unit_rows(vectors[list(tokens)]) @ unit_rows(axis[None])[0])


def without(vectors: WordVectors, axis: np.ndarray) -> WordVectors:
    """The same vectors with nothing of a direction left in them."""
    from leftfold.vectors.container import WordVectors

    unit = unit_rows(axis[None])[0]
    flat = vectors.matrix - np.outer(vectors.matrix @ unit, unit)
    return WordVectors(vectors.tokens, flat, vectors.source)


def _agreement(offsets: np.ndarray) -> float:
    """The mean cosine between different rows."""
    unit = unit_rows(offsets)
    count = len(unit)
    total = float(np.sum(unit.sum(0, dtype=float) ** 2))
    return (total - float(np.sum(unit.astype(float) ** 2))) / (count * (count - 1))


def _derangement(count: int, rng: np.random.Generator) -> np.ndarray:
    """An order in which nothing stays where it was."""
    order = rng.permutation(count)
    shifted = np.empty(count, int)
    shifted[order] = np.roll(order, 1)
    return shifted
