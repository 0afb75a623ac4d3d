"""Adam for large batches: every variable's step in proportion to its size."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import Variable
from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer


class Lamb(Optimizer):
    """Adam's direction, as long as the variable times the learning rate.

    You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: weight of the past in the running mean.
        beta_2: weight of the past in the running mean square.
        epsilon: added to the root.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def _create_slots(self) -> None:
        self._momentums, self._velocities = self.add_optimizer_variables(
            self.buffer.variables, ["momentum", "velocity"]
        )

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: float) -> None:
        index, slope = self._get_variable_index(variable), gradient.data
        values, number = variable.data, variable.data.dtype.type
        m, v = self._momentums[index].data, self._velocities[index].data
        m += (slope - m) * (1 - self.beta_1)
        v += (np.square(slope) - v) * (1 - self.beta_2)
        # Powers in the variables' own type, as in Keras: 0.999 in float32 is not 0.999.
        step = number(int(self.iterations) + 1)
        mean = m / (1 - number(self.beta_1) ** step)
        change = mean / (np.sqrt(v / (1 - number(self.beta_2) ** step)) + self.epsilon)
        length, wanted = np.sqrt(np.sum(change * change)), np.sqrt(np.sum(values * values))
        factor = wanted / length if wanted > 0 and length > 0 else 1.0
        values -= (factor * learning_rate * change).astype(values.dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
