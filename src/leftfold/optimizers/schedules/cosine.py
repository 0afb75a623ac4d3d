"""Learning rates that fall along half a cosine.

Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold.optimizers.schedules.schedule import LearningRateSchedule, check_positive


class CosineDecay(LearningRateSchedule):
    """A warm-up along a line, if asked for, then down along half a cosine.

    Args:
        initial_learning_rate: the first rate.
        decay_steps: number of steps of the descent.
        alpha: the last rate as a fraction of the highest.
        name: the schedule's name.
        warmup_target: the highest rate, reached after the warm-up; `None` for no warm-up.
        warmup_steps: number of steps of the warm-up.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        check_positive(self, "decay_steps", decay_steps)

    def _rate(self, step: np.ndarray) -> Any:
        if self.warmup_target is None:
            return self._descent(self.initial_learning_rate, step)
        descent = self._descent(self.warmup_target, step - self.warmup_steps)
        climb = (self.warmup_target - self.initial_learning_rate) / max(self.warmup_steps, 1)
        warming = self.initial_learning_rate + climb * step
        return np.where(step < self.warmup_steps, warming, descent)

    def _descent(self, highest: float, step: np.ndarray) -> np.ndarray:
        done = np.minimum(step, self.decay_steps) / self.decay_steps
        cosine = 0.5 * (1 + np.cos(math.pi * done))
        return highest * ((1 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine again and again.

    Args:
        initial_learning_rate: the first rate.
        first_decay_steps: length of the first period.
        t_mul: each period is this many times as long as the one before.
        m_mul: each period starts at this many times the rate of the one before.
        alpha: the last rate of a period as a fraction of `initial_learning_rate`.
        name: the schedule's name.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name
        check_positive(self, "first_decay_steps", first_decay_steps)

    def _rate(self, step: np.ndarray) -> Any:
        done = step / self.first_decay_steps
        if self.t_mul == 1.0:
            restarts = np.floor(done)
            done = done - restarts
        else:
            # k periods last (t_mul**k - 1) / (t_mul - 1) times as long as the first.
            restarts = np.floor(np.log(1 + done * (self.t_mul - 1)) / math.log(self.t_mul))
            length = np.power(float(self.t_mul), restarts)
            done = (done - (length - 1) / (self.t_mul - 1)) / length
        cosine = 0.5 * self.m_mul**restarts * (1 + np.cos(math.pi * done))
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
