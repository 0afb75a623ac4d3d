"""`Variable`: a tensor that stays, and the flat buffers in which a model's variables live."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine.changes import note_change
from leftfold.engine.naming import auto_name
from leftfold.engine.recording import spoil_trace
from leftfold.engine.tensor import ArrayLike, Tensor, as_array


class Variable(Tensor):
    """A named tensor whose values change in place: a weight, or a state.

    Args:
        initial_value: the first values; copied.
        trainable: whether training changes it, and so whether tapes follow it.
        dtype: element type; that of `initial_value` by default.
        name: such as `"kernel"`.
        path: `name` with the names of the layers around it, such as `"lstm/lstm_cell/kernel"`.
    """

    __slots__ = ("_regularizer", "_trainable", "constraint", "name", "path", "quantization")

    def __init__(
        self,
        initial_value: ArrayLike,
        trainable: bool = True,
        dtype: str | None = None,
        name: str | None = None,
        path: str | None = None,
    ) -> None:
        super().__init__(np.array(initial_value, dtype=dtype, order="C"))
        self.name = name or auto_name("variable")
        self.path = path or self.name
        self._regularizer: Any = None
        self.constraint: Any = None
        self.quantization: Any = None
        """How files store it, a `leftfold.engine.quantization.Quantization`; `None`: as it is."""
        self._set_trainable(trainable)

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._set_trainable(value)
        note_change()

    def _set_trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        self.tracked = self._trainable and self.data.dtype.kind == "f"

    @property
    def regularizer(self) -> Any:
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Any) -> None:
        self._regularizer = value
        note_change()

    @property
    def value(self) -> Variable:
        """The variable itself: reading it reads the current values."""
        return self

    def numpy(self) -> np.ndarray:
        """A copy of the current values."""
        return self.data.copy()

    def assign(self, value: ArrayLike) -> Variable:
        """Replace the values; the shape must stay the same."""
        spoil_trace()
        value = np.asarray(as_array(value))
        if value.shape != self.shape:
            raise ValueError(
                f"Variable {self.path} expected a value of shape {self.shape}, got {value.shape}."
            )
        self.data[...] = value
        return self

    def assign_add(self, value: ArrayLike) -> Variable:
        spoil_trace()
        self.data += np.asarray(as_array(value)).astype(self.data.dtype, copy=False)
        return self

    def assign_sub(self, value: ArrayLike) -> Variable:
        spoil_trace()
        self.data -= np.asarray(as_array(value)).astype(self.data.dtype, copy=False)
        return self

    def __format__(self, spec: str) -> str:
        return super().__format__(spec) if spec else repr(self)

    def __repr__(self) -> str:
        about = f"path={self.path}, shape={self.shape}, dtype={self.dtype}"
        return f"<Variable {about}, value={self.data}>"


class FlatBuffer:
    """One contiguous array that holds several variables one behind the other.

    The variables become views of it, so that an optimiser, a norm or a checkpoint touches one
    array. A second buffer over the same variables takes them over from the first, which then
    is no longer `intact`.

    Args:
        variables: of one dtype. Each starts at a multiple of 16 elements.
    """

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.variables = tuple(variables)
        dtype = self.variables[0].data.dtype if self.variables else np.dtype("float32")
        starts, total = [], 0
        for variable in self.variables:
            starts.append(total)
            total += -(-variable.size // 16) * 16
        self.starts = starts
        self.values = np.zeros(total, dtype)
        self.views = self.split(self.values)
        for variable, view in zip(self.variables, self.views, strict=True):
            view[...] = variable.data
            variable.data = view

    def split(self, flat: np.ndarray) -> list[np.ndarray]:
        """Views of another flat array (gradients, moments), shaped as the variables."""
        return [
            flat[start : start + variable.size].reshape(variable.shape)
            for start, variable in zip(self.starts, self.variables, strict=True)
        ]

    @property
    def intact(self) -> bool:
        """Whether every variable still lives here."""
        return all(map(operator.is_, [v.data for v in self.variables], self.views))
