"""Follow the regularised leader."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece


class Ftrl(Optimizer):
    """Values that fit all gradients so far best, kept small or at zero: for wide, sparse models.

    McMahan et al., "Ad Click Prediction: a View from the Trenches", 2013.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        learning_rate_power: how fast steps shrink with the sum of squared gradients, at most 0;
            0 for steps of one size.
        initial_accumulator_value: what that sum starts from.
        l1_regularization_strength: how far a sum of gradients must reach to leave zero.
        l2_regularization_strength: how much values are drawn to zero.
        l2_shrinkage_regularization_strength: how much of each value is added to its gradient.
        beta: added to the root of the sum of squared gradients, as in the paper.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        if learning_rate_power > 0:
            raise ValueError(
                f"Ftrl expected learning_rate_power to be at most 0, got {learning_rate_power}."
            )
        for setting in (
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
        ):
            if getattr(self, setting) < 0:
                raise ValueError(
                    f"Ftrl expected {setting} to be at least 0, got {getattr(self, setting)}."
                )

    def _create_slots(self) -> None:
        self.add_slots("accumulator", "linear")
        self._slots["accumulator"].values[...] = self.initial_accumulator_value

    def _update(self, piece: Piece, learning_rate: float) -> None:
        values, gradients, slots = piece
        accumulator, linear = slots["accumulator"], slots["linear"]
        l1, power = self.l1_regularization_strength, -self.learning_rate_power
        l2 = self.l2_regularization_strength + self.beta / (2 * learning_rate)
        before = accumulator**power
        accumulator += np.square(gradients)
        after = accumulator**power
        # The gradients so far, corrected for the steps that were made: values are the point at
        # which this sum and the penalties balance, 0 while it is within l1.
        shrunk = gradients + 2 * self.l2_shrinkage_regularization_strength * values
        linear += shrunk - (after - before) / learning_rate * values
        values[...] = (np.clip(linear, -l1, l1) - linear) / (after / learning_rate + 2 * l2)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
