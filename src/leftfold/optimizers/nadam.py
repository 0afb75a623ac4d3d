"""Nadam."""

from __future__ import annotations

from typing import Any

from leftfold.engine.kernels import kernel
from leftfold.engine.variable import Variable
from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece

_SCHEDULE_BASE = 0.96


class Nadam(Optimizer):
    """Adam with Nesterov's momentum.

    Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: weight of the past in the running mean, approached over the first steps.
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
        self.add_slots("momentum", "velocity")
        self._u_product: Variable = self.add_variable((), "ones", self.buffer.values.dtype.name)

    def _momentum_at(self, step: int) -> Any:
        """The weight of the past at a step, counted from 1."""
        # In the variables' own type, as in Keras: 0.999 in float32 is not 0.999.
        number = self.buffer.values.dtype.type
        return number(self.beta_1) * (1 - number(0.5) * number(_SCHEDULE_BASE) ** number(step))

    def restore_schedule(self) -> None:
        """Find from the number of steps taken what a file of Keras 2 leaves out."""
        product = self.buffer.values.dtype.type(1)
        for step in range(1, int(self.iterations) + 1):
            product *= self._momentum_at(step)
            if product == 0:
                break
        self._u_product.data[...] = product

    def _advance(self, learning_rate: float) -> None:
        number = self.buffer.values.dtype.type
        step = int(self.iterations) + 1
        u_t, u_next = self._momentum_at(step), self._momentum_at(step + 1)
        product = self._u_product.data[()] * u_t
        self._u_product.data[...] = product
        beta_2_power = number(self.beta_2) ** number(step)
        self._momenta = (float(u_t), float(u_next), float(product), float(product * u_next))
        self._beta_2_power = float(beta_2_power)

    def _update(self, piece: Piece, learning_rate: float) -> None:
        kernel("nadam_update", piece.values.dtype)(
            piece.values,
            piece.gradients,
            piece.slots["momentum"],
            piece.slots["velocity"],
            learning_rate,
            *self._momenta,
            self.beta_1,
            self.beta_2,
            self._beta_2_power,
            self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
