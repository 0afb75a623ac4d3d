"""What was written so far: words, their attention, and which step each came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NoReturn

import numpy as np

from leftfold.engine.kernels import kernel
from leftfold.models.seq2seq.encoder_decoder import EncoderDecoder


@dataclasses.dataclass(frozen=True, eq=False)
class Decoded:
    """A target that was written.

    Attributes:
        tokens: its ids, without start and end.
        log_probability: the natural logarithm of its probability, its end included.
        score: `log_probability / words ** length_penalty`.
        finished: whether it came to its end by itself; otherwise it was cut off.
        attention: (words, positions), for each word, and for the end if it came, how much it
            looked at each position of the source; `None` without attention.
        others: further hypotheses of a beam search, the best first.
    """

    tokens: list[int]
    log_probability: float
    score: float
    finished: bool
    attention: np.ndarray | None = dataclasses.field(repr=False)
    others: tuple[Decoded, ...] = dataclasses.field(default=(), repr=False)

    def cut(self, positions: int) -> Decoded:
        """The same, its attention without what lies behind so many source positions."""
        attention = None if self.attention is None else self.attention[:, :positions].copy()
        others = tuple(other.cut(positions) for other in self.others)
        return dataclasses.replace(self, attention=attention, others=others)


class Journal:
    """The steps of all hypotheses, each noted once with a pointer to the step before.

    Args:
        length_penalty: the power of the number of words by which scores are divided.
    """

    def __init__(self, length_penalty: float) -> None:
        self.length_penalty = length_penalty
        self._steps: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = []
        self._rows: np.ndarray | None = None

    def add(self, parents: np.ndarray, words: np.ndarray, attention: np.ndarray | None) -> None:
        """Note a step: which rows of the step before were continued, and by what.

        Args:
            parents: for each new row the row it goes on from.
            words: what it goes on with.
            attention: of the rows before the choice, (old rows, positions), or `None`.
        """
        before = parents if self._rows is None else self._rows[parents]
        seen = None if attention is None else attention[parents]
        self._steps.append((before, words, seen))
        self._rows = None

    def choose(self, rows: np.ndarray) -> None:
        """Go on with these rows of the last step."""
        self._rows = rows

    def score(self, total: float, length: int) -> float:
        """What hypotheses are compared by."""
        return float(total / length**self.length_penalty)

    def collect(
        self, rows: np.ndarray, totals: np.ndarray, ended: np.ndarray
    ) -> Iterator[tuple[int, Decoded]]:
        """The hypotheses that stand in rows of the last step, with the numbers of the rows."""
        if not len(rows):
            return
        length = len(self._steps)
        words = np.empty((len(rows), length), np.int64)
        seen: list[np.ndarray] = []
        place = rows
        for step in range(length - 1, -1, -1):
            before, chosen, attention = self._steps[step]
            words[:, step] = chosen[place]
            if attention is not None:
                seen.append(attention[place])
            place = before[place]
        looks = _stacked(seen[::-1]) if seen else None
        for number, row in enumerate(rows.tolist()):
            finished = bool(ended[number])
            tokens = words[number, : length - finished].tolist()
            total = float(totals[number])
            attention = None if looks is None else looks[number]
            score = self.score(total, length)
            yield row, Decoded(tokens, total, score, finished, attention)


def _stacked(steps: list[np.ndarray]) -> np.ndarray:
    """(rows, steps, positions) of steps of (rows, positions)."""
    return np.stack(steps, axis=1)


def likeliest(logits: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The words with which each row is likeliest to go on, never padding or start.

    Args:
        logits: (rows, words).
        count: at most so many words for each row.

    Returns:
        Words, the likeliest first, and the logarithms of their probabilities, (rows, count) each.

    Raises:
        ValueError: where scores are no numbers.
    """
    rows, size = logits.shape
    shape = rows, min(count, size - EncoderDecoder.END)
    words, logs = np.empty(shape, np.int32), np.empty(shape, logits.dtype)
    kernel("likeliest", logits.dtype)(logits, EncoderDecoder.END, words, logs)
    if np.isnan(logs).any():
        _refuse_no_numbers()
    return words, logs


def log_totals(logits: np.ndarray) -> np.ndarray:
    """The logarithm of the sum of the exponentials of each row, float64.

    Raises:
        ValueError: where it is no number.
    """
    labels = np.zeros(len(logits), np.int32)
    losses, *_ = kernel("softmax_crossentropy", logits.dtype)(logits, labels, 0.0)
    totals: np.ndarray = losses.astype(np.float64) + logits[:, 0]
    if not np.isfinite(totals).all():
        _refuse_no_numbers()
    return totals


def _refuse_no_numbers() -> NoReturn:
    raise ValueError("decode got scores that are no numbers: the model's output is NaN.")


def forbid(logits: np.ndarray) -> None:
    """Have padding and start never be written."""
    logits[:, : EncoderDecoder.END] = -np.inf
