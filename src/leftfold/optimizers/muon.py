"""Momentum made orthogonal, for matrices; AdamW for everything else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine.kernels import kernel
from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import Variable
from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer, Piece


class Muon(Optimizer):
    """Matrices step by their momentum with all singular values near 1; the rest as in AdamW.

    Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        adam_beta_1: Adam's weight of the past in the running mean.
        adam_beta_2: Adam's weight of the past in the running mean square.
        adam_weight_decay: weight decay of what Adam updates, `None` for none.
        epsilon: Adam's, added to the root.
        weight_decay: weight decay of the matrices, `None` for none.
        clipnorm: see `BaseOptimizer`.
        clipvalue: see `BaseOptimizer`.
        global_clipnorm: see `BaseOptimizer`.
        use_ema: see `BaseOptimizer`.
        ema_momentum: see `BaseOptimizer`.
        ema_overwrite_frequency: see `BaseOptimizer`.
        loss_scale_factor: see `BaseOptimizer`.
        gradient_accumulation_steps: see `BaseOptimizer`.
        name: the optimiser's name.
        exclude_layers: regular expressions; variables whose path one of them finds go to Adam.
        exclude_embeddings: whether embeddings go to Adam.
        muon_a: first coefficient of the iteration that makes a matrix orthogonal.
        muon_b: second coefficient.
        muon_c: third coefficient.
        adam_lr_ratio: Adam's learning rate as a share of `learning_rate`.
        momentum: weight of the past in the momentum.
        ns_steps: number of iterations.
        nesterov: whether to look one step of momentum ahead.
        rms_rate: size of a step, so that one learning rate serves Adam and matrices of any shape
            (Liu et al., "Muon is Scalable for LLM Training", 2025); `None` for plain Muon.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **settings: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **settings,
        )
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _for_adam(self, variable: Variable) -> bool:
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def _create_slots(self) -> None:
        self._momentums: list[Variable] = []
        self._velocities: list[Variable | None] = []
        for variable in self.buffer.variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            self._velocities.append(
                self.add_variable_from_reference(variable, "velocity")
                if self._for_adam(variable)
                else None
            )

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: float) -> None:
        index, slope, values = self._get_variable_index(variable), gradient.data, variable.data
        m, velocity = self._momentums[index].data, self._velocities[index]
        if velocity is not None:
            self._adam(values, slope, m, velocity.data, learning_rate * self.adam_lr_ratio)
            return
        m *= self.momentum
        m += slope
        change = self._orthogonal(slope + self.momentum * m if self.nesterov else m)
        if self.rms_rate is not None:
            change *= np.sqrt(max(change.shape)) * self.rms_rate
        values -= (learning_rate * change).astype(values.dtype)

    def _adam(
        self, values: np.ndarray, slope: np.ndarray, m: np.ndarray, v: np.ndarray, rate: float
    ) -> None:
        number = values.dtype.type
        step = number(int(self.iterations) + 1)
        mean_part = 1 - number(self.adam_beta_1) ** step
        alpha = float(rate * np.sqrt(1 - number(self.adam_beta_2) ** step) / mean_part)
        flat = [array.reshape(-1) for array in (values, slope, m, v)]
        betas = (self.adam_beta_1, self.adam_beta_2, self.epsilon)
        kernel("adam_update", values.dtype)(*flat, alpha, *betas, 0.0)

    def _orthogonal(self, x: np.ndarray) -> np.ndarray:
        """`x` with singular values near 1, by the iteration of Newton and Schulz."""
        wide = x.shape[0] <= x.shape[1]
        x = x if wide else x.T
        x = x / (np.linalg.norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            square = x @ x.T
            x = self.muon_a * x + (self.muon_b * square + self.muon_c * square @ square) @ x
        return x if wide else x.T

    def _decay(self, selected: list[int] | None, pieces: list[Piece], rate: float) -> None:
        indices = range(len(self.gradient_views)) if selected is None else selected
        for variable in (self.buffer.variables[i] for i in indices):
            adam = self._for_adam(variable)
            decay = self.adam_weight_decay if adam else self.weight_decay
            if decay and not (self._undecayed is not None and self._undecayed(variable)):
                variable.data[...] -= variable.data * (decay * rate)

    def get_config(self) -> dict[str, Any]:
        own = (
            *("adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon", "exclude_layers"),
            *("exclude_embeddings", "muon_a", "muon_b", "muon_c", "adam_lr_ratio", "momentum"),
            *("ns_steps", "nesterov", "rms_rate"),
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
