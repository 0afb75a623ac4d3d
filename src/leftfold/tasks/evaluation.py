"""How sure a figure is: bootstrap intervals of metrics and of differences between models.

Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), percentile intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

Metric = Callable[..., float]


@dataclass(frozen=True)
class Interval:
    """A figure and the bounds within which it lies, as the level says.

    Attributes:
        value: on all rows.
        low: the lower bound.
        high: the upper bound.
        level: the probability that belongs to the bounds.
    """

    value: float
    low: float
    high: float
    level: float = 0.95

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.level:.0%} interval {self.low:.4f} to {self.high:.4f})"

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference is more than chance."""
        return self.low > 0 or self.high < 0


def bootstrap_interval(
    metric: Metric,
    *arrays: np.ndarray,
    groups: np.ndarray | None = None,
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """A metric with its interval, from rows drawn with replacement.

    Args:
        metric: of the arrays, to one number.
        *arrays: such as truth and predictions, all with the same number of rows.
        groups: `(rows,)`; rows of one group are drawn together, as those of one series or author
            must be.
        rounds: drawings.
        level: such as 0.95.
        seed: of the drawings.

    Example:
        >>> truth, predicted = np.array([0, 1] * 50), np.array([0, 1, 0, 0] * 25)
        >>> found = bootstrap_interval(lambda t, p: float(np.mean(t == p)), truth, predicted)
        >>> found.value, found.low < 0.75 < found.high
        (0.75, True)
    """
    rows = len(arrays[0])
    values = [
        metric(*(array[chosen] for array in arrays))
        for chosen in _drawings(rows, groups, rounds, seed)
    ]
    return _interval(metric(*arrays), values, level)


def bootstrap_difference(
    metric: Metric,
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    rounds: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """By how much a metric of `first` exceeds that of `second`, on the same drawn rows.

    Args:
        metric: `metric(truth, predictions)`.
        truth: `(rows, ...)`.
        first: predictions of one model.
        second: predictions of the other.
        groups: as in `bootstrap_interval`.
        rounds: as in `bootstrap_interval`.
        level: as in `bootstrap_interval`.
        seed: as in `bootstrap_interval`.
    """

    def difference(truth: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
        return metric(truth, first) - metric(truth, second)

    return bootstrap_interval(
        difference, truth, first, second, groups=groups, rounds=rounds, level=level, seed=seed
    )


def _drawings(rows: int, groups: np.ndarray | None, rounds: int, seed: int) -> Iterator[np.ndarray]:
    generator = np.random.default_rng(seed)
    if groups is None:
        for _ in range(rounds):
            yield generator.integers(0, rows, rows)
        return
    _, codes = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    for _ in range(rounds):
        drawn = generator.integers(0, len(members), len(members))
        yield np.concatenate([members[number] for number in drawn])


def _interval(value: float, values: list[float], level: float) -> Interval:
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return Interval(float(value), float(low), float(high), level)
