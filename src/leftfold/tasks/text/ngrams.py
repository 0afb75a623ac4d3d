"""Counts of short runs of tokens: what a network must beat to have learnt more than that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass
class _Level:
    """Runs of one length.

    Attributes:
        runs: their keys, sorted.
        counts: how often each occurs, or after how many different tokens.
        contexts: the keys of all but their last token, sorted.
        totals: the sum of the counts after each context.
        kinds: how many different tokens stand after each context.
        discount: what is taken off each count.
    """

    runs: np.ndarray
    counts: np.ndarray
    contexts: np.ndarray
    totals: np.ndarray
    kinds: np.ndarray
    discount: float


class KneserNey:
    """The probability of a token by those before it, by interpolated Kneser-Ney smoothing.

    The longest runs count how often they occur, shorter ones after how many different tokens:
    `p(w | h) = (max(n(h w) - D, 0) + D kinds(h) p(w | shorter h)) / n(h)`, below all of them
    every token alike. The discount of each length is `D = n1 / (n1 + 2 n2)`, of runs that occur
    once and twice.

    Args:
        ids: the training text.
        size: of the vocabulary.
        order: length of the longest runs, the token itself included.

    Raises:
        ValueError: for runs too long to be numbered by 64 bits.

    Reference: Ney, Essen and Kneser, "On structuring probabilistic dependences in stochastic
    language modelling" (1994); Chen and Goodman, "An empirical study of smoothing techniques for
    language modeling" (1999), section 2.7.

    Example:
        >>> ids = np.array([0, 1, 0, 1, 0, 2, 0, 1])
        >>> model = KneserNey(ids, size=3, order=2)
        >>> bool(model.probabilities(np.array([0, 1]))[1] > 0.5)
        True
    """

    def __init__(self, ids: np.ndarray, size: int, order: int) -> None:
        if order < 1 or order > longest_order(size):
            raise ValueError(
                f"KneserNey expected order from 1 to {longest_order(size)}, got {order}."
            )
        self.size = size
        self.order = order
        self._levels: list[_Level] = []
        runs, counts = np.unique(self._keys(ids, order), return_counts=True)
        for length in range(order, 0, -1):
            self._levels.insert(0, self._level(runs, counts))
            runs, counts = np.unique(runs % size ** (length - 1), return_counts=True)

    def _keys(self, ids: np.ndarray, length: int) -> np.ndarray:
        """A number for each run of so many tokens."""
        windows = len(ids) - length + 1
        keys = np.zeros(max(windows, 0), np.int64)
        for place in range(length):
            keys = keys * self.size + ids[place : place + max(windows, 0)]
        return keys

    def _level(self, runs: np.ndarray, counts: np.ndarray) -> _Level:
        contexts, starts, kinds = np.unique(
            runs // self.size, return_index=True, return_counts=True
        )
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        discount = once / (once + 2 * twice) if once else 0.5
        totals = np.add.reduceat(counts, starts) if len(runs) else counts
        return _Level(runs, counts, contexts, totals, kinds, discount)

    def probabilities(self, ids: np.ndarray, order: int | None = None) -> np.ndarray:
        """The probability of every token of a text, by the tokens of it that stand before.

        Args:
            ids: `(tokens,)`.
            order: look at so many tokens at the most, the token itself included.

        Returns:
            `(tokens,)`; the first ones have shorter contexts than the others.
        """
        found = np.full(len(ids), 1 / self.size)
        for length, level in enumerate(self._levels[: order or self.order], 1):
            if len(ids) >= length:
                reached = found[length - 1 :]
                reached[:] = self._interpolate(level, self._keys(ids, length), reached)
        return found

    def _interpolate(self, level: _Level, keys: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        count = _look_up(level.runs, level.counts, keys)
        contexts = keys // self.size
        total = _look_up(level.contexts, level.totals, contexts)
        kinds = _look_up(level.contexts, level.kinds, contexts)
        kept = np.maximum(count - level.discount, 0) + level.discount * kinds * shorter
        known = total > 0
        return np.where(known, kept / np.where(known, total, 1), shorter)


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The value at each key, 0 where there is no such key."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)


def longest_order(size: int) -> int:
    """The longest runs that a 64-bit number has room for, at most 8."""
    return next(order for order in range(8, 0, -1) if size**order < 1 << 62)


def best_order(
    train: np.ndarray, validation: np.ndarray, size: int, orders: Sequence[int]
) -> tuple[int, list[float]]:
    """The order that does best on validation text.

    Returns:
        The order, and the mean loss in nats of each of `orders`.
    """
    losses = [
        float(-np.log(KneserNey(train, size, order).probabilities(validation)).mean())
        for order in orders
    ]
    return orders[int(np.argmin(losses))], losses
