"""Gradient descent."""

from __future__ import annotations

from typing import Any

from leftfold.engine.kernels import kernel
from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece


class SGD(Optimizer):
    """Gradient descent, plain or with momentum.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        momentum: fraction of the last step that is repeated, from 0 to 1.
        nesterov: whether the momentum looks ahead (Sutskever et al., 2013).
        **settings: further arguments of every optimiser, see `BaseOptimizer`.

    Example:
        >>> from leftfold.engine import Variable
        >>> x = Variable([1.0, 2.0])
        >>> _ = SGD(0.5).apply_gradients([([1.0, 1.0], x)])
        >>> x.numpy()
        array([0.5, 1.5])
    """

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **settings: Any,
    ) -> None:
        if not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
            raise ValueError(f"SGD expected momentum to be a number from 0 to 1, got {momentum!r}.")
        super().__init__(learning_rate, **settings)
        self.momentum = momentum
        self.nesterov = nesterov

    def _create_slots(self) -> None:
        if self.momentum:
            self.add_slots("momentum")

    def _update(self, piece: Piece, learning_rate: float) -> None:
        kernel("sgd_update", piece.values.dtype)(
            piece.values,
            piece.gradients,
            piece.slots.get("momentum"),
            learning_rate,
            self.momentum,
            self.nesterov,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
