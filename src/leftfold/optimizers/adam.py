"""Adam and its relatives AdamW and Adamax."""

from __future__ import annotations

import math
from typing import Any

from leftfold.engine.kernels import kernel
from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece


class Adam(Optimizer):
    """Running mean of the gradient over the root of its running mean square.

    Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: weight of the past in the running mean, from 0 to 1.
        beta_2: weight of the past in the running mean square, from 0 to 1.
        epsilon: added to the root.
        amsgrad: whether to divide by the greatest root so far (Reddi et al., 2018).
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def _create_slots(self) -> None:
        self.add_slots("momentum", "velocity")
        if self.amsgrad:
            self.add_slots("velocity_hat")

    def _advance(self, learning_rate: float) -> None:
        # Powers in the variables' own type, as in Keras: 0.999 in float32 is not 0.999.
        number = self.buffer.values.dtype.type
        step = number(self.iterations.item() + 1)
        mean_part = 1 - number(self.beta_1) ** step
        square_part = 1 - number(self.beta_2) ** step
        root = number(math.sqrt(square_part))
        self._alpha = float(number(learning_rate) * root / mean_part)

    @property
    def _fused_decay(self) -> bool:
        """Whether the kernel takes the weight decay off by the way."""
        return bool(self.weight_decay) and self._undecayed is None and not self.amsgrad

    def _decay(self, selected: list[int] | None, pieces: list[Piece], rate: float) -> None:
        if not self._fused_decay:
            super()._decay(selected, pieces, rate)

    def _update(self, piece: Piece, learning_rate: float) -> None:
        values, gradients, slots = piece
        m, v = slots["momentum"], slots["velocity"]
        betas = (self.beta_1, self.beta_2, self.epsilon)
        if self.amsgrad:
            update = kernel("amsgrad_update", values.dtype)
            update(values, gradients, m, v, slots["velocity_hat"], self._alpha, *betas)
        else:
            decay = learning_rate * (self.weight_decay or 0.0) if self._fused_decay else 0.0
            update = kernel("adam_update", values.dtype)
            update(values, gradients, m, v, self._alpha, *betas, decay)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


class AdamW(Adam):
    """Adam with weight decay.

    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        weight_decay: fraction of each value, times the learning rate, taken off at every step.
        beta_1: see `Adam`.
        beta_2: see `Adam`.
        epsilon: see `Adam`.
        amsgrad: see `Adam`.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **settings: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW expected weight_decay to be a number, got None.")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **settings
        )


class Adamax(Optimizer):
    """Adam with the greatest magnitude of recent gradients in place of the mean square.

    Kingma and Ba, 2015, section 7.1.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_1: weight of the past in the running mean.
        beta_2: by which the greatest magnitude shrinks at every step.
        epsilon: added to that magnitude.
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
        self.add_slots("momentum", "norm")

    def _update(self, piece: Piece, learning_rate: float) -> None:
        alpha = learning_rate / (1 - self.beta_1 ** (int(self.iterations) + 1))
        kernel("adamax_update", piece.values.dtype)(
            piece.values,
            piece.gradients,
            piece.slots["momentum"],
            piece.slots["norm"],
            alpha,
            self.beta_1,
            self.beta_2,
            self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
