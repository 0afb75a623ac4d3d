"""Adam's mean squares of a matrix, kept as one number per row and one per column."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import Variable
from leftfold.optimizers.base import Rate
from leftfold.optimizers.optimizer import Optimizer


class Adafactor(Optimizer):
    """Steps divided by running root mean squares that are kept by row and by column.

    Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018. As
    in Keras, the product of both is kept beside them, so that memory is that of Adam.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        beta_2_decay: power of the step by which the weight of a new square shrinks.
        epsilon_1: added to squared gradients.
        epsilon_2: the least size of a variable, by which its steps are measured.
        clip_threshold: the greatest root mean square of a step before it is scaled.
        relative_step: whether the learning rate is at most one over the root of the step.
        **settings: further arguments of every optimiser, see `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(learning_rate, **settings)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def _create_slots(self) -> None:
        self._rows: list[Variable] = []
        self._columns: list[Variable] = []
        self._velocities: list[Variable] = []
        for variable in self.buffer.variables:
            # Where there are no rows, Keras keeps (and saves) a number that nothing uses.
            outer, matrix = variable.shape[:-2], variable.shape[-2:]
            factored = len(matrix) == 2
            for states, size in ((self._rows, matrix[:1]), (self._columns, matrix[1:])):
                shape = (*outer, *size) if factored else ()
                states.append(self.add_variable(shape, dtype=variable.dtype, name=variable.name))
            self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: float) -> None:
        index, slope, values = self._get_variable_index(variable), gradient.data, variable.data
        rows, columns = self._rows[index].data, self._columns[index].data
        velocity = self._velocities[index].data
        step = int(self.iterations) + 1
        rate = min(learning_rate, step**-0.5)
        past = 1 - step**self.beta_2_decay
        squares = np.square(slope) + values.dtype.type(self.epsilon_1)
        if values.ndim >= 2:
            for state, axis in ((rows, -1), (columns, -2)):
                state *= past
                state += (1 - past) * squares.mean(axis=axis)
            shares = rows / rows.mean(axis=-1, keepdims=True)
            velocity[...] = shares[..., None] * columns[..., None, :]
        else:
            velocity *= past
            velocity += (1 - past) * squares
        change = slope / np.sqrt(velocity)
        change /= max(1.0, _size(change) / self.clip_threshold)
        values -= (max(self.epsilon_2, _size(values)) * rate * change).astype(values.dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }


def _size(x: np.ndarray) -> float:
    """The root mean square."""
    return float(np.sqrt(np.square(x).mean()))
