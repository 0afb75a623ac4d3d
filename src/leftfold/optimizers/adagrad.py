"""Adagrad and Adadelta."""

from __future__ import annotations

from typing import Any

from leftfold.engine.kernels import kernel
from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far.

    Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", 2011.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        initial_accumulator_value: what the sum starts from.
        epsilon: added under the root.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def _create_slots(self) -> None:
        self.add_slots("accumulator", initial=self.initial_accumulator_value)

    def _update(self, piece: Piece, learning_rate: float) -> None:
        update = kernel("adagrad_update", piece.values.dtype)
        accumulator = piece.slots["accumulator"]
        update(piece.values, piece.gradients, accumulator, learning_rate, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


class Adadelta(Optimizer):
    """Steps as large as past steps, by running root mean squares.

    Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.

    Args:
        learning_rate: a number, a schedule, or a function without arguments; 1 in the paper.
        rho: weight of the past in the running mean squares.
        epsilon: added under the roots.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        self.rho = rho
        self.epsilon = epsilon

    def _create_slots(self) -> None:
        self.add_slots("accumulated_grad", "accumulated_delta_var")

    def _update(self, piece: Piece, learning_rate: float) -> None:
        kernel("adadelta_update", piece.values.dtype)(
            piece.values,
            piece.gradients,
            piece.slots["accumulated_grad"],
            piece.slots["accumulated_delta_var"],
            learning_rate,
            self.rho,
            self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
