"""Learning rates that fall along a line, a power, an exponential or in stairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.optimizers.schedules.schedule import LearningRateSchedule, check_positive


class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: the first rate.
        decay_steps: number of steps in which the rate is multiplied by `decay_rate` once.
        decay_rate: the factor.
        staircase: whether to multiply only after each full `decay_steps`.
        name: the schedule's name.

    Example:
        >>> float(ExponentialDecay(1.0, 10, 0.5)(20))
        0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name
        check_positive(self, "decay_steps", decay_steps)

    def _passed(self, step: np.ndarray) -> np.ndarray:
        periods = step / self.decay_steps
        return np.floor(periods) if self.staircase else periods

    def _rate(self, step: np.ndarray) -> Any:
        return self.initial_learning_rate * np.power(float(self.decay_rate), self._passed(step))

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class InverseTimeDecay(ExponentialDecay):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: the first rate.
        decay_steps: number of steps that count as one unit of time.
        decay_rate: how fast the rate falls with time.
        staircase: whether time passes only in whole units.
        name: the schedule's name.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def _rate(self, step: np.ndarray) -> Any:
        return self.initial_learning_rate / (1 + self.decay_rate * self._passed(step))


class PolynomialDecay(LearningRateSchedule):
    """From `initial_learning_rate` to `end_learning_rate` along a power of the time left.

    Args:
        initial_learning_rate: the first rate.
        decay_steps: number of steps to the last rate.
        end_learning_rate: the last rate.
        power: the power; 1 is a straight line.
        cycle: whether to start again, more slowly each time, instead of staying at the end.
        name: the schedule's name.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name
        check_positive(self, "decay_steps", decay_steps)

    def _rate(self, step: np.ndarray) -> Any:
        if self.cycle:
            length = self.decay_steps * np.maximum(np.ceil(step / self.decay_steps), 1)
        else:
            length = np.float64(self.decay_steps)
            step = np.minimum(step, length)
        way = self.initial_learning_rate - self.end_learning_rate
        return way * (1 - step / length) ** self.power + self.end_learning_rate

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


class PiecewiseConstantDecay(LearningRateSchedule):
    """A rate for each stretch of steps.

    Args:
        boundaries: the last step of each stretch but the final one, rising.
        values: the rates, one more than `boundaries`.
        name: the schedule's name.

    Example:
        >>> PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])([10, 11, 99]).tolist()
        [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "PiecewiseConstantDecay expected one more value than boundaries, got "
                f"{len(values)} values and {len(boundaries)} boundaries."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def _rate(self, step: np.ndarray) -> Any:
        return np.asarray(self.values)[np.searchsorted(self.boundaries, step)]

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}
