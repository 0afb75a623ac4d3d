"""Steps of one size, in the direction of the momentum's sign."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece


class Lion(Optimizer):
    """The sign of a running mean of the gradient, times the learning rate.

    Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023. Its learning rate is a
    third to a tenth of Adam's.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: weight of the past in the mean whose sign is taken, above 0, up to 1.
        beta_2: weight of the past in the mean that is kept.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        if not 0 < beta_1 <= 1:
            raise ValueError(f"Lion expected beta_1 to be above 0 and up to 1, got {beta_1}.")
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def _create_slots(self) -> None:
        self.add_slots("momentum")

    def _update(self, piece: Piece, learning_rate: float) -> None:
        values, gradients, slots = piece
        momentum = slots["momentum"]
        values -= learning_rate * np.sign(momentum * self.beta_1 + gradients * (1 - self.beta_1))
        momentum *= self.beta_2
        momentum += gradients * (1 - self.beta_2)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
