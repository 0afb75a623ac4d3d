"""GloVe: vectors from how often words stand near each other.

Pennington, Socher and Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.engine.kernels import kernel
from leftfold.vectors.container import WordVectors
from leftfold.vectors.cooccurrence import Cooccurrences, count_cooccurrences, flat, harmonic
from leftfold.vectors.count_blocks import BLOCKS, CountBlocks, arrange
from leftfold.vectors.encoding import encode_texts

_WHOLE_VECTORS = 8
"""Rows are padded to a multiple of so many floats."""


class GloVe:
    """Learns vectors whose products are the logarithms of weighted co-occurrence counts.

    Counting is done once, on disk; every epoch then takes time in proportion to the number of
    different pairs of words, not to the length of the texts. Results depend on the seed alone, not
    on the number of threads.

    Args:
        dimensions: of the vectors.
        window: how many words before (and after) a word count.
        epochs: passes over the counts.
        min_count: leave rarer words out.
        max_tokens: keep so many words, the most frequent ones.
        both_sides: count the words after as well as those before.
        distance_weights: a word at distance d counts 1/d; otherwise 1.
        x_max: the count from which on all weigh the same.
        alpha: how fast smaller counts weigh less.
        learning_rate: of AdaGrad.
        seed: of the first values and of the order of the counts.
        memory: bytes to use for counting, roughly.

    Attributes:
        losses: of each epoch, the mean weighted squared error over the counts.

    Example:
        >>> texts = [["the", "king", "rules"], ["the", "queen", "rules"]] * 20
        >>> model = GloVe(dimensions=4, epochs=50, min_count=1)
        >>> model.fit(texts).tokens
        ['rules', 'the', 'king', 'queen']
        >>> model.losses[-1] < model.losses[0] / 10
        True
    """

    def __init__(
        self,
        dimensions: int = 100,
        window: int = 10,
        epochs: int = 25,
        min_count: int = 5,
        max_tokens: int | None = None,
        both_sides: bool = True,
        distance_weights: bool = True,
        x_max: float = 10.0,
        alpha: float = 0.75,
        learning_rate: float = 0.05,
        seed: int = 0,
        memory: int = 1 << 30,
    ) -> None:
        self.dimensions = dimensions
        self.window = window
        self.epochs = epochs
        self.min_count = min_count
        self.max_tokens = max_tokens
        self.both_sides = both_sides
        self.distance_weights = distance_weights
        self.x_max = x_max
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.seed = seed
        self.memory = memory
        self.losses: list[float] = []
        self._check()

    def _check(self) -> None:
        for name in ("dimensions", "window", "epochs", "min_count"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"GloVe expected {name} to be at least 1, got {getattr(self, name)}."
                )
        for name in ("x_max", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(
                    f"GloVe expected {name} to be a positive number, got {getattr(self, name)}."
                )

    def count(self, texts: Iterable[Sequence[str]]) -> Cooccurrences:
        """The counts that `fit_counts` learns from.

        Raises:
            DataError: when no word occurs `min_count` times.
        """
        encoded = encode_texts(texts, self.min_count, self.max_tokens)
        weights = (harmonic if self.distance_weights else flat)(self.window)
        return count_cooccurrences(encoded, weights, self.both_sides, self.memory)

    def fit(
        self,
        texts: Iterable[Sequence[str]],
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> WordVectors:
        """Count and learn.

        Args:
            texts: each a sequence of words; read once.
            on_epoch: called after each epoch with its number, from 1, and its loss.

        Returns:
            Vectors of the words, the most frequent first.

        Raises:
            DataError: when no word occurs `min_count` times, or no two words meet.
        """
        return self.fit_counts(self.count(texts), on_epoch)

    def fit_counts(
        self, counts: Cooccurrences, on_epoch: Callable[[int, float], None] | None = None
    ) -> WordVectors:
        """Learn from counts: see `fit`."""
        if not len(counts):
            raise DataError("texts: expected words that stand near each other, got none.")
        blocks = arrange(counts, self.seed)
        random = np.random.default_rng(self.seed)
        words, contexts = (self._first_values(len(counts.tokens), random, side) for side in (0, 1))
        squares = np.ones_like(words), np.ones_like(contexts)
        self.losses = []
        for epoch in range(1, self.epochs + 1):
            order = random.permutation(BLOCKS)
            loss = sum(
                self._round(blocks, turn, words, squares[0], contexts, squares[1])
                for turn in order
            ) / len(blocks)
            if not math.isfinite(loss):
                raise DataError(
                    f"GloVe: the loss is {loss} in epoch {epoch}: expected a learning_rate below "
                    f"{self.learning_rate}."
                )
            self.losses.append(loss)
            if on_epoch:
                on_epoch(epoch, loss)
        matrix = words[:, : self.dimensions] + contexts[:, : self.dimensions]
        return WordVectors(counts.tokens, matrix, "glove")

    def _first_values(self, size: int, random: np.random.Generator, side: int) -> np.ndarray:
        """Rows of a vector, a bias and a one for the other side's bias, in that side's order."""
        used = self.dimensions + 2
        rows = np.zeros((size, -(-used // _WHOLE_VECTORS) * _WHOLE_VECTORS), np.float32)
        rows[:, : self.dimensions] = (
            random.random((size, self.dimensions), np.float32) - 0.5
        ) / self.dimensions
        rows[:, self.dimensions + (1 - side)] = 1
        return rows

    def _round(self, blocks: CountBlocks, turn: int, *factors: np.ndarray) -> float:
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
