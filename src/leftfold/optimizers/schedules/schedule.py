"""What every schedule is: a function from the number of steps taken to a learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.engine.tensor import Tensor


class LearningRateSchedule:
    """Base class: `schedule(step)` returns the learning rate of that step.

    A schedule of your own defines `__call__` and, to be saved, `get_config`. The built-in ones
    define `_rate`, in float64, for one step or an array of them.
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` steps (a number, or an array of them)."""
        steps = np.asarray(step, np.float64)
        return Tensor(np.asarray(self._rate(steps), config.floatx()))

    def _rate(self, step: np.ndarray) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(step).")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config() to be saved.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        return cls(**config)


def check_positive(owner: LearningRateSchedule, name: str, value: float) -> None:
    """Complain about a number of steps that is not positive."""
    if value <= 0:
        raise ValueError(f"{type(owner).__name__} expected {name} to be positive, got {value}.")
