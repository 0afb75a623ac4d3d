"""GloVe: vectors from how often words stand near each other.

Pennington, Socher and Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.engine.kernels import kernel
from leftfold.vectors.container import WordVectors
from leftfold.vectors.cooccurrence import Cooccurrences, count_cooccurrences, flat, harmonic
from leftfold.vectors.corpus import as_corpus
from leftfold.vectors.count_blocks import BLOCKS, CountBlocks, arrange
from leftfold.vectors.methods import Method

_WHOLE_VECTORS = 8
"""Rows are padded to a multiple of so many floats."""


@dataclass(kw_only=True)
class GloVe(Method):
    """Learns vectors whose products are the logarithms of weighted co-occurrence counts.

    Counting is done once, on disk; every epoch then takes time in proportion to the number of
    different pairs of words, not to the length of the texts. Results depend on the seed alone, not
    on the number of threads. `losses` are those of the paper's objective, as a mean over the
    counts.

    Args:
        dimensions: of the vectors.
        window: how many words before (and after) a word count.
        min_count: how often a word must occur.
        most: words at most, the most frequent ones.
        epochs: passes over the counts.
        both_sides: count the words after as well as those before.
        distance_weights: a word at distance d counts 1/d; otherwise 1.
        x_max: the count from which on all weigh the same.
        alpha: how fast smaller counts weigh less.
        learning_rate: of AdaGrad.
        contexts: add a word's vector as a context to its vector as a word, as the paper does.
            Without it more analogies are right; with it similarities are nearer to people's.
        seed: of the first values and of the order of the counts.
        memory: bytes to use for counting, roughly.

    Example:
        >>> model = GloVe(dimensions=4, epochs=50, min_count=1)
        >>> model.fit(["the king rules", "the queen rules"] * 20).tokens
        ['the', 'rules', 'king', 'queen']
        >>> model.losses[-1] < model.losses[0] / 10
        True
    """

    summary: ClassVar[str] = "counts of words near each other, their logarithms as products"
    dimensions: int = 100
    window: int = 15
    min_count: int = 5
    most: int | None = None
    epochs: int = 25
    both_sides: bool = True
    distance_weights: bool = True
    x_max: float = 10.0
    alpha: float = 0.75
    learning_rate: float = 0.1
    contexts: bool = False
    seed: int = 0
    memory: int = 1 << 30

    def __post_init__(self) -> None:
        for name in ("dimensions", "window", "epochs"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"GloVe expected {name} to be at least 1, got {getattr(self, name)}."
                )
        for name in ("x_max", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(
                    f"GloVe expected {name} to be a positive number, got {getattr(self, name)}."
                )
        if not isinstance(self.contexts, bool):
            raise ValueError(f"GloVe expected contexts to be True or False, got {self.contexts!r}.")

    def fit(self, corpus: Any) -> WordVectors:
        """Count and learn.

        Args:
            corpus: a `Corpus`, or what makes one: a path, or texts.

        Returns:
            Vectors of the words, the most frequent first.

        Raises:
            DataError: for a corpus that cannot be used, and when no two words meet.
        """
        return self.fit_counts(self.count(corpus))

    def count(self, corpus: Any) -> Cooccurrences:
        """The counts that `fit_counts` learns from."""
        encoded = as_corpus(corpus).encoded()
        weights = (harmonic if self.distance_weights else flat)(self.window)
        vocabulary = encoded.vocabulary(self.min_count, self.most)
        return count_cooccurrences(encoded, vocabulary, weights, self.both_sides, self.memory)

    def fit_counts(self, counts: Cooccurrences) -> WordVectors:
        """Learn from counts; see `fit`."""
        if not len(counts):
            raise DataError("GloVe expected words that stand near each other, got none.")
        blocks = arrange(counts, self.seed)
        random = np.random.default_rng(self.seed)
        words, contexts = (self._first_values(len(counts.tokens), random, side) for side in (0, 1))
        factors = words, np.ones_like(words), contexts, np.ones_like(contexts)
        self.losses.clear()
        for epoch in range(1, self.epochs + 1):
            loss = 0.0
            for done, turn in enumerate(random.permutation(BLOCKS), 1):
                loss += self._round(blocks, turn, factors)
                if done < BLOCKS:
                    self.tell(epoch, self.epochs, done / BLOCKS)
            loss /= len(blocks)
            if not math.isfinite(loss):
                raise DataError(
                    f"GloVe: the loss is {loss} in epoch {epoch}: learning_rate "
                    f"{self.learning_rate} is too high."
                )
            self.tell(epoch, self.epochs, 1.0, loss)
        matrix = words + contexts if self.contexts else words
        return WordVectors(counts.tokens, matrix[:, : self.dimensions].copy(), "glove")

    def _first_values(self, size: int, random: np.random.Generator, side: int) -> np.ndarray:
        """Rows of a vector, a bias and a one for the other side's bias, in that side's order."""
        used = self.dimensions + 2
        rows = np.zeros((size, -(-used // _WHOLE_VECTORS) * _WHOLE_VECTORS), np.float32)
        rows[:, : self.dimensions] = (
            random.random((size, self.dimensions), np.float32) - 0.5
        ) / self.dimensions
        rows[:, self.dimensions + (1 - side)] = 1
        return rows

    def _round(self, blocks: CountBlocks, turn: int, factors: tuple[np.ndarray, ...]) -> float:
        starts = blocks.starts[turn]
        part = slice(starts[0], starts[-1])
        offsets = starts - starts[0]
        return float(
            kernel("glove_update")(
                *factors,
                blocks.rows[part],
                blocks.columns[part],
                blocks.log_counts[part],
                offsets[:-1].copy(),
                offsets[1:].copy(),
                self.dimensions,
                math.log(self.x_max),
                self.alpha,
                self.learning_rate,
            )
        )
