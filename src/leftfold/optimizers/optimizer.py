"""The step: gradients clipped, accumulated, applied, averaged, in flat arrays."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold.engine.kernels import kernel
from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import FlatBuffer, Variable
from leftfold.optimizers.base import BaseOptimizer


class Piece(NamedTuple):
    """What one kernel call works on: all variables at once, or a single one. All flat."""

    values: np.ndarray
    gradients: np.ndarray
    slots: dict[str, np.ndarray]


class Optimizer(BaseOptimizer):
    """Base class of optimisers; the arguments are those of `BaseOptimizer`.

    The built-in optimisers define `_create_slots` and `_update`. An optimiser of your own may
    do the same, or, as in Keras, extend `build` and define `update_step` for one variable.

    Attributes:
        buffer: the variables, in one flat array.
        gradients: the flat array from which `step()` takes their gradients.
        gradient_views: the same, one view per variable, to be written into.
    """

    buffer: FlatBuffer
    gradients: np.ndarray
    gradient_views: list[np.ndarray]

    def build(self, variables: Sequence[Variable]) -> None:
        """Take charge of `variables` and create the state kept for each of them.

        Args:
            variables: of one dtype. They are moved into one flat buffer.
        """
        if self.built:
            return
        dtypes = {variable.dtype for variable in variables}
        if len(dtypes) > 1:
            raise ValueError(
                f"{type(self).__name__} expected variables of one dtype, got "
                f"{', '.join(sorted(dtypes))}."
            )
        self.buffer = FlatBuffer(variables)
        self.gradients = np.zeros_like(self.buffer.values)
        self.gradient_views = self.buffer.split(self.gradients)
        self._index = {id(variable): i for i, variable in enumerate(self.buffer.variables)}
        self._slots: dict[str, FlatBuffer] = {}
        self._all_at_once: list[Piece] = []
        """The one piece of everything, once a step has asked for it."""
        if self.use_ema:
            self.add_slots("average")
        if self.gradient_accumulation_steps:
            self.add_slots("gradient_accumulator")
        self._create_slots()
        self.built = True

    def _create_slots(self) -> None:
        """Create the state that `_update` needs, with `add_slots`."""

    def _update(self, piece: Piece, learning_rate: float) -> None:
        """Change `piece.values` by one step. Runs once, or once per variable."""
        raise NotImplementedError

    def _advance(self, learning_rate: float) -> None:
        """Compute what all calls of `_update` in this step share."""

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable by one step: the way in for an optimiser of your own."""
        raise NotImplementedError(
            f"{type(self).__name__} must define update_step(gradient, variable, learning_rate)."
        )

    def add_slots(self, *names: str, initial: float = 0.0) -> None:
        """Create flat state beside the variables: for each name, one element per parameter."""
        created: dict[str, list[Variable]] = {name: [] for name in names}
        for variable in self.buffer.variables:
            for name in names:
                slot = self.add_variable_from_reference(variable, name)
                slot.data[...] = initial
                created[name].append(slot)
        for name, slots in created.items():
            self._slots[name] = FlatBuffer(slots)
        self._all_at_once = []

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """State for `update_step`: a list with one variable per trainable variable.

        With a list of names, one such list for each of them.
        """
        names = [name] if isinstance(name, str) else list(name)
        initial = (
            list(initializer)
            if isinstance(initializer, list | tuple)
            else [initializer] * len(names)
        )
        lists: tuple[list[Variable], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for target, key, first in zip(lists, names, initial, strict=True):
                target.append(self.add_variable_from_reference(variable, key, first))
        return lists[0] if isinstance(name, str) else lists

    def assign(self, variable: Variable, value: Any) -> None:
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        variable.assign_sub(value)

    def _get_variable_index(self, variable: Variable) -> int:
        return self._index[id(variable)]

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Take one step with the gradients of `(gradient, variable)` pairs.

        Returns:
            The number of steps taken so far.
        """
        gradients, variables = zip(*grads_and_vars, strict=True)
        self.apply(gradients, variables)
        return self._iterations

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Take one step.

        Args:
            grads: one gradient per variable, shaped as it; `None` leaves a variable unchanged.
            trainable_variables: the variables; those of `build` by default.

        Raises:
            ValueError: for a variable that is not among those of `build`, for no gradient at
                all, or for a gradient of another shape than its variable's.
        """
        if trainable_variables is None:
            if not self.built:
                raise ValueError("apply() without variables expected build(variables) before it.")
            trainable_variables = self.buffer.variables
        variables = list(trainable_variables)
        if not variables:
            return
        if not self.built:
            self.build(variables)
        if len(grads) != len(variables):
            raise ValueError(f"Got {len(grads)} gradients for {len(variables)} variables.")
        given = self._copy_gradients(grads, variables)
        self._step(None if len(given) == len(self.gradient_views) else given)

    def _copy_gradients(self, gradients: Sequence[Any], variables: list[Variable]) -> list[int]:
        """Fill `self.gradients`; returns the indices of the variables that have a gradient."""
        self.gradients.fill(0)
        given, missing = [], []
        for gradient, variable in zip(gradients, variables, strict=True):
            index = self._index.get(id(variable))
            if index is None:
                raise ValueError(
                    f"The optimizer {self.name} was built for other variables and does not know "
                    f"{variable.path}. Create a new optimizer for new variables."
                )
            if gradient is None:
                missing.append(variable.path)
                continue
            gradient = np.asarray(gradient)
            if gradient.shape != variable.shape:
                raise ValueError(
                    f"The gradient of {variable.path} expected shape {variable.shape}, "
                    f"got {gradient.shape}."
                )
            self.gradient_views[index][...] = gradient
            given.append(index)
        if not given:
            raise ValueError("No gradient was given for any variable.")
        if missing:
            warnings.warn(
                f"No gradient was given for {', '.join(missing)}: the loss does not depend on it.",
                stacklevel=4,
            )
        return given

    def step(self) -> None:
        """Take one step with the gradients that `self.gradients` holds, which it overwrites."""
        self._step(None)

    def _step(self, selected: list[int] | None) -> None:
        if self.loss_scale_factor is not None:
            self.gradients /= self.loss_scale_factor
        pieces = self._pieces(selected)
        if self._accumulate(pieces):
            self._clip()
            rate = float(self.learning_rate)
            self._advance(rate)
            self._decay(selected, pieces, rate)
            if type(self).update_step is Optimizer.update_step:
                for piece in pieces:
                    self._update(piece, rate)
            else:
                for i in range(len(self.gradient_views)) if selected is None else selected:
                    gradient = Tensor(self.gradient_views[i])
                    self.update_step(gradient, self.buffer.variables[i], rate)
        if self.use_ema:
            self._average(pieces if selected is None else self._pieces(None))
        for variable in self.buffer.variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
        steps = self._iterations.data
        steps[...] = steps.item() + 1  # several times as fast as adding in place

    def _pieces(self, selected: list[int] | None) -> list[Piece]:
        """One piece where all variables lie in the buffer and take part, else one for each."""
        if selected is None:
            if self.buffer.intact:
                if not self._all_at_once or self._all_at_once[0].gradients is not self.gradients:
                    whole = {name: slot.values for name, slot in self._slots.items()}
                    self._all_at_once = [Piece(self.buffer.values, self.gradients, whole)]
                return self._all_at_once
            selected = list(range(len(self.gradient_views)))
        return [
            Piece(
                self.buffer.variables[i].data.reshape(-1),
                self.gradient_views[i].reshape(-1),
                {name: slot.views[i].reshape(-1) for name, slot in self._slots.items()},
            )
            for i in selected
        ]

    def _accumulate(self, pieces: list[Piece]) -> bool:
        """Add up gradients over several calls; whether this call makes an update."""
        steps = self.gradient_accumulation_steps
        if not steps:
            return True
        due = (int(self._iterations) + 1) % steps == 0
        for _, gradients, slots in pieces:
            total = slots["gradient_accumulator"]
            total += gradients
            if due:
                np.divide(total, steps, out=gradients)
                total.fill(0)
        return due

    def _clip(self) -> None:
        if self.clipvalue:
            np.clip(self.gradients, -self.clipvalue, self.clipvalue, out=self.gradients)
        elif self.clipnorm:
            for view in self.gradient_views:
                _shorten(view.reshape(-1), self.clipnorm)
        elif self.global_clipnorm:
            _shorten(self.gradients, self.global_clipnorm)

    def _decay(self, selected: list[int] | None, pieces: list[Piece], rate: float) -> None:
        """Take the weight decay off, before the step."""
        if not self.weight_decay:
            return
        decayed = [piece.values for piece in pieces]
        if self._undecayed is not None:
            indices = range(len(self.gradient_views)) if selected is None else selected
            variables = [self.buffer.variables[i] for i in indices]
            decayed = [v.data.reshape(-1) for v in variables if not self._undecayed(v)]
        for values in decayed:
            values -= values * (self.weight_decay * rate)

    def _average(self, pieces: list[Piece]) -> None:
        """Move the running averages towards the values; the first step sets them."""
        iterations = int(self.iterations)
        momentum = self.ema_momentum if iterations else 0.0
        frequency = self.ema_overwrite_frequency
        for values, _, slots in pieces:
            average = slots["average"]
            average *= momentum
            average += (1 - momentum) * values
            if frequency and (iterations + 1) % frequency == 0:
                values[...] = average

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Replace each variable by its running average, where one is kept."""
        if self.use_ema:
            for variable in var_list:
                variable.assign(self._slots["average"].views[self._index[id(variable)]])

    def swap_averages(self) -> None:
        """Exchange the variables and their running averages."""
        average = self._slots["average"]
        for variable, view in zip(self.buffer.variables, average.views, strict=True):
            variable.data[...], view[...] = view.copy(), variable.data.copy()

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor


def _shorten(gradients: np.ndarray, longest: float) -> None:
    """Scale down to the norm `longest`. A norm that is not finite makes everything NaN."""
    norm = math.sqrt(kernel("squared_norm", gradients.dtype)(gradients))
    if not math.isfinite(norm):
        gradients.fill(np.nan)
    elif norm > longest:
        kernel("scale", gradients.dtype)(gradients, longest / norm)
