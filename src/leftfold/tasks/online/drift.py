"""`PageHinkley`: has the mean of a stream risen for good?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from leftfold.tasks.errors import DataError


@dataclass
class PageHinkley:
    """Tells when a stream of numbers, such as a model's errors, lies higher than it did.

    It adds up how far each number lies above the mean so far, less a tolerance, and gives notice
    when that sum is `threshold` above the least it has been. Then it begins anew. Numbers are
    measured in deviations of the stream so far, so that `tolerance` and `threshold` suit any unit.

    Args:
        threshold: how far the sum must rise; more gives fewer false alarms and later ones.
        tolerance: rises of the mean that do not count.
        least: numbers to see before the first notice.

    Attributes:
        seen: numbers since the beginning, or since the last notice.
        mean: of those.

    Source: E. S. Page, Continuous Inspection Schemes, Biometrika 1954; in the form of J. Gama et
    al., On Evaluating Stream Learning Algorithms, Machine Learning 2013.

    Example:
        >>> monitor = PageHinkley()
        >>> stream = [0.0, 1.0] * 50 + [3.0, 4.0] * 50
        >>> [step for step, value in enumerate(stream) if monitor.update(value)][:1]
        [102]
    """

    threshold: float = 12.0
    tolerance: float = 0.25
    least: int = 30
    seen: int = field(default=0, init=False)
    mean: float = field(default=0.0, init=False)
    _spread: float = field(default=0.0, init=False)
    _sum: float = field(default=0.0, init=False)
    _lowest: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if not self.threshold > 0 or not self.tolerance >= 0 or self.least < 2:
            raise ValueError(
                "PageHinkley expected threshold above 0, tolerance from 0 and least from 2, got "
                f"{self.threshold}, {self.tolerance} and {self.least}."
            )

    def update(self, value: float) -> bool:
        """Take the next number; True where the stream has drifted.

        Raises:
            DataError: for a number that is not finite.
        """
        if not math.isfinite(value):
            raise DataError(f"PageHinkley expected finite numbers, got {value}.")
        ready = self.seen >= self.least and self._spread > 0
        if ready:
            deviation = math.sqrt(self._spread / (self.seen - 1))
            self._sum += (value - self.mean) / deviation - self.tolerance
            self._lowest = min(self._lowest, self._sum)
        self.seen += 1
        before = value - self.mean
        self.mean += before / self.seen
        self._spread += before * (value - self.mean)
        if ready and self._sum - self._lowest > self.threshold:
            self.reset()
            return True
        return False

    def reset(self) -> None:
        """Forget everything seen."""
        self.seen, self.mean, self._spread, self._sum, self._lowest = 0, 0.0, 0.0, 0.0, 0.0
