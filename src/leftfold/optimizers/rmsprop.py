"""RMSprop."""

from __future__ import annotations

from typing import Any

from leftfold.engine.kernels import kernel
from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece


class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradient (Hinton, 2012).

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        rho: weight of the past in the running mean, from 0 to 1.
        momentum: fraction of the last step that is repeated.
        epsilon: added under the root.
        centered: whether to divide by the running deviation instead.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def _create_slots(self) -> None:
        self.add_slots("velocity")
        if self.momentum > 0:
            self.add_slots("momentum")
        if self.centered:
            self.add_slots("average_gradient")

    def _update(self, piece: Piece, learning_rate: float) -> None:
        kernel("rmsprop_update", piece.values.dtype)(
            piece.values,
            piece.gradients,
            piece.slots["velocity"],
            piece.slots.get("momentum"),
            piece.slots.get("average_gradient"),
            learning_rate,
            self.rho,
            self.momentum,
            self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
