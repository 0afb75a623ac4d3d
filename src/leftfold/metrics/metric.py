"""What every metric is: state that batches add to, and a result."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from leftfold import initializers
from leftfold.engine import config
from leftfold.engine.naming import auto_name, to_snake_case
from leftfold.engine.stateless import given_state
from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import Variable


class Metric:
    """Base class of metrics.

    A metric of your own creates its state with `add_variable`, adds to it in `update_state`
    and returns a number from `result`. Nothing that metrics compute is recorded on a tape.

    Args:
        dtype: the float type of the result, `floatx()` by default.
        name: the metric's name; made from the class's by default.
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self._dtype = str(getattr(dtype, "name", dtype) or config.floatx())
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """The float type of the result."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The state, that of metrics kept as attributes included."""
        inner = [value for value in vars(self).values() if isinstance(value, Metric)]
        return [*self._variables, *(v for metric in inner for v in metric.variables)]

    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new piece of state.

        Args:
            shape: its shape.
            initializer: its first values, `"zeros"` by default.
            dtype: its type, that of the metric by default.
            aggregation: how copies on several machines would be joined.
            name: its name.
        """
        values = initializers.get(initializer or "zeros")(tuple(shape), dtype or self.dtype)
        name = name or auto_name("variable")
        variable = Variable(values, trainable=False, name=name, path=f"{self.name}/{name}")
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """`add_variable` under its older name."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def _counter(self, shape: Sequence[int], name: str) -> Variable:
        """State that counts: in float64, which is exact up to 2**53."""
        return self.add_variable(shape, "zeros", "float64", name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Add a batch: `update_state(y_true, y_pred, sample_weight=None)`."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state().")

    def result(self) -> Any:
        """The value over all batches since the last reset."""
        raise NotImplementedError(f"{type(self).__name__} must define result().")

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.data[...] = 0

    def stateless_update_state(self, metric_variables: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """The state that a batch makes of the given one; the metric's own stays.

        Args:
            metric_variables: a value for each of `self.variables`.
            args: what `update_state` takes.
            kwargs: what `update_state` takes.
        """
        with self._with_state(metric_variables):
            self.update_state(*args, **kwargs)
            return [Tensor(variable.numpy()) for variable in self.variables]

    def stateless_result(self, metric_variables: Any) -> Any:
        """The result that the given state has."""
        with self._with_state(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """The state that the metric begins with."""
        with self._with_state(self.variables):
            self.reset_state()
            return [Tensor(variable.numpy()) for variable in self.variables]

    @contextlib.contextmanager
    def _with_state(self, values: Any) -> Iterator[None]:
        """A `with` block in which the state is another one."""
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"Metric {self.name} expected a value for each of its {len(variables)} variables, "
                f"got {len(values)}."
            )
        with given_state(variables, values):
            yield

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a batch and return the value over all batches."""
        self.update_state(*args, **kwargs)
        return self.result()

    def _tensor(self, value: Any) -> Tensor:
        return Tensor(np.asarray(value, self._dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def ratio(numerator: Any, denominator: Any) -> np.ndarray:
    """`numerator / denominator`, 0 where the denominator is 0."""
    numerator, denominator = np.asarray(numerator), np.asarray(denominator)
    if numerator.ndim == denominator.ndim == 0:
        return np.asarray(numerator / denominator if denominator else 0.0)
    nothing = denominator == 0
    return np.where(nothing, 0.0, numerator / np.where(nothing, 1, denominator))
