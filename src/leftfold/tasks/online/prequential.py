"""`prequential`: every step of a stream is first a test, then a lesson.

Source: A. P. Dawid, Statistical Theory: the Prequential Approach, 1984.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.evaluation import Interval, bootstrap_interval
from leftfold.tasks.online.drift import PageHinkley


@dataclass
class Prequential:
    """How a model did on a stream while it learnt it.

    Attributes:
        predictions: of the steps that were judged, `(steps,)`.
        truth: of the same steps.
        begin: the first step that was judged.
        drifts: steps at which the monitor gave notice.
        seconds: for all steps.
    """

    predictions: np.ndarray
    truth: np.ndarray
    begin: int
    drifts: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def errors(self) -> np.ndarray:
        """How far each prediction was off, `(steps,)`."""
        found: np.ndarray = np.abs(self.predictions - self.truth)
        return found

    @property
    def mean_error(self) -> float:
        """The mean of the absolute errors."""
        return float(self.errors.mean())

    def rolling(self, steps: int) -> np.ndarray:
        """The mean error of the last `steps` steps, from the step that has so many behind it.

        Raises:
            ValueError: for a number of steps that was not judged.
        """
        check_count("steps", steps, len(self.errors))
        sums = np.cumsum(np.concatenate([[0.0], self.errors]))
        found: np.ndarray = (sums[steps:] - sums[:-steps]) / steps
        return found

    def lead(self, other: Prequential, block: int, seed: int = 0) -> Interval:
        """By how much the mean error of another model is larger, with its interval.

        Args:
            other: on the same stream; judged where both were.
            block: steps that are drawn together, for errors next to each other are alike.
            seed: of the drawings.
        """
        check_count("block", block)
        begin = max(self.begin, other.begin)
        mine, theirs = self.errors[begin - self.begin :], other.errors[begin - other.begin :]
        if len(mine) != len(theirs):
            raise DataError(f"lead expected one stream, got {len(mine)} and {len(theirs)} steps.")
        blocks = np.arange(len(mine)) // block
        return bootstrap_interval(_mean, theirs - mine, groups=blocks, seed=seed)


def check_count(name: str, value: Any, most: int | None = None) -> None:
    """Complain about what is no positive whole number, or too large a one.

    Raises:
        ValueError: naming it, what was expected, and what came.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):
        expected = "a positive whole number" if most is None else f"a whole number from 1 to {most}"
        raise ValueError(f"{name} expected {expected}, got {value!r}.")


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def prequential(
    model: Any,
    X: Any,
    y: Any,
    window: int = 1,
    begin: int | None = None,
    monitor: PageHinkley | None = None,
) -> Prequential:
    """Let a model foretell each window of a stream before it learns from it.

    Args:
        model: with `predict(X)` and `partial_fit(X, y)`.
        X: features, `(steps, features)`, in the order in which they came.
        y: targets, `(steps,)`.
        window: steps between two lessons. All steps of a window are predicted before any of its
            targets is learnt from.
        begin: the first step to be judged; by default the first behind the first window, which is
            only learnt.
        monitor: takes the absolute error of each step, and tells where they have risen.

    Raises:
        DataError: where there is nothing to judge.

    Example:
        >>> class Last:
        ...     def partial_fit(self, x, y): self.value = y[-1]
        ...     def predict(self, x): return np.full(len(x), self.value)
        >>> prequential(Last(), np.zeros((4, 1)), np.array([1.0, 2.0, 2.0, 4.0])).errors.tolist()
        [1.0, 0.0, 2.0]
    """
    rows, targets = np.asarray(X), np.asarray(y, np.float64)
    check_count("window", window)
    first = window if begin is None else begin
    if len(rows) != len(targets) or not window <= first < len(targets):
        raise DataError(
            f"prequential expected X and y of one length, and a beginning from {window} to before "
            f"their end, got {len(rows)} and {len(targets)} steps and {first}."
        )
    started = time.perf_counter()
    predictions, drifts = np.zeros(len(targets)), []
    for at in range(0, len(targets), window):
        x, true = rows[at : at + window], targets[at : at + window]
        if at:
            predictions[at : at + window] = model.predict(x)
        for step in range(max(at, first), at + len(true)):
            error = abs(float(predictions[step] - targets[step]))
            if monitor is not None and monitor.update(error):
                drifts.append(step)
        model.partial_fit(x, true)
    seconds = time.perf_counter() - started
    return Prequential(predictions[first:], targets[first:], first, drifts, seconds)
