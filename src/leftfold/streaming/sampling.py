"""`Sampler`: which token comes next."""

from __future__ import annotations

import numpy as np

_BLOCK = 64
"""Weights that are added up together in search of a token."""


class Sampler:
    """Chooses a token by its probability.

    Args:
        size: of the vocabulary.
        logits: whether scores are logits; else they are probabilities.
        temperature: divides the logits; 0 always chooses the likeliest.
        top_k: choose among so many of the likeliest.
        top_p: choose among the likeliest that together have this probability (the nucleus of
            Holtzman et al., 2020), at least one.

    Raises:
        ValueError: for settings that make no sense.
    """

    def __init__(
        self,
        size: int,
        logits: bool,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
    ) -> None:
        if not 0 <= temperature < np.inf:
            raise ValueError(f"temperature expected a number of at least 0, got {temperature}.")
        if top_k is not None and (int(top_k) != top_k or not 1 <= top_k <= size):
            raise ValueError(f"top_k expected a whole number from 1 to {size}, got {top_k}.")
        if top_p is not None and not 0 < top_p <= 1:
            raise ValueError(f"top_p expected a number above 0 and at most 1, got {top_p}.")
        self._logits = logits
        self._temperature = temperature
        self._top_k = None if top_k is None or top_k == size else int(top_k)
        self._top_p = None if top_p == 1 else top_p

    def choose(self, scores: np.ndarray, draw: float) -> int:
        """The token that a random number from 0 to 1 means.

        Raises:
            ValueError: when the scores are no numbers to choose by.
        """
        if self._temperature == 0:
            return int(scores.argmax())
        tokens = None
        if self._top_k is not None:
            tokens = np.argpartition(scores, -self._top_k)[-self._top_k :]
            scores = scores[tokens]
        weights = self._weights(scores)
        if self._top_p is not None:
            order = np.argsort(weights)[::-1]
            total = weights[order].cumsum()
            count = int(np.searchsorted(total, self._top_p * total[-1])) + 1
            order = order[:count]
            weights = weights[order]
            tokens = order if tokens is None else tokens[order]
        total = weights.cumsum(dtype=np.float64)
        _refuse_no_numbers(total[-1])
        place = min(int(np.searchsorted(total, draw * total[-1], side="right")), len(total) - 1)
        return place if tokens is None else int(tokens[place])

    def choose_rows(self, scores: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """What `choose` gives for each row, at once.

        Args:
            scores: `(rows, tokens)`.
            draws: a random number from 0 to 1 for each row.

        Returns:
            Tokens, `(rows,)`, int64.

        Raises:
            ValueError: when the scores of a row are no numbers to choose by.

        Example:
            >>> sampler = Sampler(3, logits=False, temperature=1.0, top_k=None, top_p=None)
            >>> scores = np.array([[0.2, 0.3, 0.5], [0.9, 0.1, 0]])
            >>> sampler.choose_rows(scores, np.array([0.4, 0.4]))
            array([1, 0])
        """
        if self._temperature == 0:
            return scores.argmax(1)
        tokens = None
        if self._top_k is not None:
            tokens = np.argpartition(scores, -self._top_k, axis=1)[:, -self._top_k :]
            scores = np.take_along_axis(scores, tokens, 1)
        weights = self._weights(scores)
        last = weights.shape[1] - 1
        if self._top_p is not None:
            order = np.argsort(weights, axis=1)[:, ::-1]
            weights = np.take_along_axis(weights, order, 1)
            total = weights.cumsum(1)
            last = (total[:, :-1] < self._top_p * total[:, -1:]).sum(1)
            weights = np.where(np.arange(weights.shape[1]) <= last[:, None], weights, 0)
            tokens = order if tokens is None else np.take_along_axis(tokens, order, 1)
        places = np.minimum(_places(weights, draws), last)
        return places if tokens is None else tokens[np.arange(len(tokens)), places]

    def _weights(self, scores: np.ndarray) -> np.ndarray:
        """Numbers in the ratios of the probabilities, of one row or of many."""
        if self._logits:
            return np.exp((scores - scores.max(-1, keepdims=True)) / self._temperature)
        if self._temperature == 1:
            return scores
        return (scores / scores.max(-1, keepdims=True)) ** (1 / self._temperature)


def _places(weights: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Where in each row the sum of the weights so far exceeds the drawn share of them all.

    Sums of blocks find the block, and only there are the weights added up one by one.
    """
    rows, size = weights.shape
    blocks = size // _BLOCK
    whole = weights[:, : blocks * _BLOCK].reshape(rows, blocks, _BLOCK)
    rest = weights[:, blocks * _BLOCK :]
    sums = np.empty((rows, blocks + 1))
    whole.sum(2, dtype=np.float64, out=sums[:, :-1])
    rest.sum(1, dtype=np.float64, out=sums[:, -1])
    totals = sums.cumsum(1)
    _refuse_no_numbers(totals[:, -1])
    goals = draws * totals[:, -1]
    chosen = np.minimum((totals <= goals[:, None]).sum(1), blocks)
    starts = chosen * _BLOCK
    inside = starts[:, None] + np.arange(_BLOCK)
    parts = np.take_along_axis(weights, np.minimum(inside, size - 1), 1).astype(np.float64)
    parts[:, 0] += totals[np.arange(rows), chosen] - sums[np.arange(rows), chosen]
    places = starts + (parts.cumsum(1) <= goals[:, None]).sum(1)
    return np.minimum(places, np.minimum(starts + _BLOCK, size) - 1)


def _refuse_no_numbers(total: np.ndarray) -> None:
    if not np.all((total > 0) & (total < np.inf)):
        raise ValueError("generate got scores that are no numbers: the model's output is NaN.")
