"""What an optimiser is before it takes a step: settings, learning rate, variables."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from leftfold import initializers
from leftfold.engine import config
from leftfold.engine.legacy import tell_once
from leftfold.engine.naming import auto_name, to_snake_case
from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import Variable
from leftfold.optimizers import schedules

Rate = float | schedules.LearningRateSchedule | Callable[[], Any]


class BaseOptimizer:
    """Settings that all optimisers share.

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        weight_decay: fraction of each value, times the learning rate, taken off at every step.
        clipnorm: the greatest norm of the gradient of each variable.
        clipvalue: the greatest magnitude of each element of a gradient.
        global_clipnorm: the greatest norm of all gradients taken together. At most one of the
            three may be given.
        use_ema: whether to keep a running average of the variables, which takes their place
            at the end of training.
        ema_momentum: weight of the past in that average, from 0 to 1.
        ema_overwrite_frequency: number of steps after which the average overwrites the
            variables; `None` for only at the end.
        loss_scale_factor: the loss is multiplied by it and the gradients divided.
        gradient_accumulation_steps: number of batches, 2 or more, whose mean gradient makes
            one step.
        name: the optimiser's name.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        learning_rate = self._take_legacy(kwargs, learning_rate)
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_settings()
        self.built = False
        self._undecayed: Callable[[Variable], bool] | None = None
        self._iterations = self._scalar(0, "iteration", "int64")
        self._variables: list[Variable] = [self._iterations]
        self._learning_rate: Any = learning_rate
        if not callable(learning_rate):
            self._check_rate(learning_rate)
            self._learning_rate = self._scalar(learning_rate, "learning_rate", config.floatx())
            self._variables.append(self._learning_rate)

    def _take_legacy(self, kwargs: dict[str, Any], learning_rate: Rate) -> Rate:
        """Answer arguments of older Keras; complain about any other that is left over."""
        if "lr" in kwargs:
            tell_once("Optimizers: the argument lr is now called learning_rate.")
            learning_rate = kwargs.pop("lr")
        if kwargs.pop("decay", None):
            tell_once(
                "Optimizers: the argument decay is ignored; pass a schedule such as "
                "InverseTimeDecay as learning_rate instead."
            )
        for unknown in kwargs:
            from difflib import get_close_matches

            known = {*inspect.signature(type(self)).parameters}
            known |= {*inspect.signature(BaseOptimizer).parameters} - {"kwargs"}
            near = get_close_matches(unknown, sorted(known), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{type(self).__name__} has no argument {unknown!r}.{hint}")
        return learning_rate

    def _check_rate(self, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(
            value, int | float | np.number | np.ndarray | Tensor
        ):
            raise ValueError(
                f"{type(self).__name__} expected learning_rate to be a number, a "
                f"LearningRateSchedule or a callable, got {value!r}."
            )

    def _check_settings(self) -> None:
        kind = type(self).__name__
        clips = {n: getattr(self, n) for n in ("clipnorm", "clipvalue", "global_clipnorm")}
        given = {n: v for n, v in clips.items() if v is not None}
        if len(given) > 1:
            raise ValueError(
                f"{kind} expected at most one of clipnorm, clipvalue and global_clipnorm, "
                f"got {given}."
            )
        for setting, value in given.items():
            if value < 0:
                raise ValueError(f"{kind} expected {setting} to be at least 0, got {value}.")
        if not 0 <= self.ema_momentum <= 1:
            raise ValueError(
                f"{kind} expected ema_momentum to be from 0 to 1, got {self.ema_momentum}."
            )
        for setting, least in (("ema_overwrite_frequency", 1), ("gradient_accumulation_steps", 2)):
            value = getattr(self, setting)
            if value is not None and (not isinstance(value, int) or value < least):
                raise ValueError(
                    f"{kind} expected {setting} to be an integer of at least {least} or None, "
                    f"got {value!r}."
                )

    def _scalar(self, value: Any, name: str, dtype: str) -> Variable:
        return Variable(value, trainable=False, dtype=dtype, name=name, path=f"{self.name}/{name}")

    @property
    def iterations(self) -> Variable | Tensor:
        """Number of steps taken; with gradient accumulation, of updates made."""
        if self.gradient_accumulation_steps:
            return Tensor(self._iterations.data // self.gradient_accumulation_steps)
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step: a variable, or what the schedule or function returns."""
        if isinstance(self._learning_rate, schedules.LearningRateSchedule):
            return self._learning_rate(self._iterations)
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        current = self._learning_rate
        if callable(value):
            self._learning_rate = value
            if isinstance(current, Variable):
                self._variables = [v for v in self._variables if v is not current]
        elif isinstance(current, Variable):
            self._check_rate(value)
            current.assign(value)
        else:
            raise TypeError(
                f"{type(self).__name__} has a schedule as its learning_rate, which cannot be set "
                "to a number. Create the optimizer with a number if the rate should be settable."
            )

    @property
    def lr(self) -> Any:
        """The learning rate under its older name."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    @property
    def variables(self) -> list[Variable]:
        """Everything to save: iterations, learning rate, then the state of each variable."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the optimiser's own, saved with it."""
        values = initializers.get(initializer)(tuple(shape), dtype or config.floatx())
        name = name or auto_name("variable")
        variable = Variable(values, trainable=False, name=name, path=f"{self.name}/{name}")
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A new variable shaped as `reference_variable`, to keep state about it."""
        name = f"{reference_variable.path.replace('/', '_')}_{name or 'var'}"
        shape, dtype = reference_variable.shape, reference_variable.dtype
        return self.add_variable(shape, initializer, dtype, name)

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leave variables out of weight decay; to be called before the first step.

        Args:
            var_list: the variables.
            var_names: regular expressions searched for in names, such as `"bias"`.
        """
        if self.built:
            raise ValueError("exclude_from_weight_decay() must be called before the first step.")
        excluded = {id(variable) for variable in var_list or ()}
        pattern = re.compile("|".join(var_names)) if var_names else None
        self._undecayed = lambda variable: (
            id(variable) in excluded
            or (pattern is not None and pattern.search(variable.name) is not None)
        )

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set `variables`, given in their order."""
        if not self.built:
            raise ValueError(f"{self.name} has no variables to set before build() was called.")
        for variable, value in zip(self._variables, weights, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Write `variables` into a dictionary-like store, numbered."""
        for index, variable in enumerate(self._variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read what `save_own_variables` wrote; with a warning, nothing where counts differ."""
        if len(store) != len(self._variables):
            warnings.warn(
                f"The state of the optimizer {self.name} was not loaded: the file has "
                f"{len(store)} variables, the optimizer {len(self._variables)}.",
                stacklevel=2,
            )
            return
        for index, variable in enumerate(self._variables):
            variable.assign(store[str(index)])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": float(rate) if isinstance(rate, Variable) else rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> BaseOptimizer:
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = schedules.deserialize(config["learning_rate"], custom_objects)
        return cls(**config)
