"""AdamW without a schedule: averages take the place of a falling learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece


class ScheduleFreeAdamW(Optimizer):
    """Adam whose values lie between a sequence of plain steps and the mean of that sequence.

    Defazio et al., "The Road Less Scheduled", 2024.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: how near the values lie to the mean, above 0, up to 1.
        beta_2: weight of the past in the running mean square of the gradient.
        epsilon: added to its root.
        warmup_steps: number of steps over which the learning rate grows from 0.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        if not 0 < beta_1 <= 1:
            raise ValueError(
                f"ScheduleFreeAdamW expected beta_1 to be above 0 and up to 1, got {beta_1}."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def _create_slots(self) -> None:
        self.add_slots("momentum", "velocity")
        self._slots["momentum"].values[...] = self.buffer.values

    def _update(self, piece: Piece, learning_rate: float) -> None:
        values, gradients, slots = piece
        z, v = slots["momentum"], slots["velocity"]
        step, number = int(self.iterations) + 1, values.dtype.type
        if self.warmup_steps > 0:
            learning_rate *= min(step / self.warmup_steps, 1.0)
        # The mean of all z so far is not kept: it follows from the values and z.
        mean = (values - (1 - self.beta_1) * z) / self.beta_1
        v += (np.square(gradients) - v) * (1 - self.beta_2)
        # Powers in the variables' own type, as in Keras: 0.999 in float32 is not 0.999.
        square_part = 1 - number(self.beta_2) ** number(step)
        z -= learning_rate * gradients / (np.sqrt(v / square_part) + self.epsilon)
        mean += (z - mean) / step
        values[...] = z + self.beta_1 * (mean - z)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
