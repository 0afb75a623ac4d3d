"""What a compiled model is made of, written down while its layers are looked at."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from leftfold.engine.kernels import kernel


class Slot:
    """A vector of known width that an operation writes for every session."""

    def __init__(self, width: int) -> None:
        self.width = width


@dataclasses.dataclass(frozen=True, eq=False)
class Value:
    """What flows between layers: one step of a sequence, or a vector about all steps so far.

    Attributes:
        slot: where it stands.
        shape: its sizes, without those of the batch and the timesteps.
        sequence: whether it is a step of a sequence.
        mask: the slot that says whether the step counts, if there is one.
        ids: whether it is the model's input and that is a token id.
    """

    slot: Slot
    shape: tuple[int, ...]
    sequence: bool
    mask: Slot | None = None
    ids: bool = False


class State(NamedTuple):
    """Columns `[start, start + size)` of the states of a session."""

    name: str
    start: int
    size: int


class Recording:
    """Operations in their order, and the states that they need.

    Args:
        width: of the input; 0 for token ids.
        dtype: of all numbers.
    """

    def __init__(self, width: int, dtype: np.dtype[Any]) -> None:
        self.input = Slot(width)
        self.dtype = dtype
        self.states: list[State] = []
        self.state_width = 0
        self.last_activation = ""
        self._slots = [self.input]
        self._operations: list[tuple[str, tuple[Any, ...]]] = []

    def slot(self, width: int) -> Slot:
        """A new slot."""
        self._slots.append(Slot(width))
        return self._slots[-1]

    def add(self, operation: str, *arguments: Any) -> None:
        """Write down a call of a method of `StreamProgram`.

        Args:
            operation: the method's name.
            arguments: its arguments, with slots in the place of their numbers.
        """
        self._operations.append((operation, arguments))

    def state(self, name: str, size: int) -> int:
        """Reserve columns of the states; the first of them."""
        taken = {state.name for state in self.states}
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        self.states.append(State(unique, self.state_width, size))
        self.state_width += size
        return self.state_width - size

    def array(self, values: Any) -> np.ndarray | None:
        """A copy of weights as operations take them."""
        if values is None:
            return None
        values = values if isinstance(values, np.ndarray) else values.data
        return np.array(values, self.dtype, order="C")

    def program(self, output: Slot) -> Any:
        """All of it as a `StreamProgram`."""
        slots = [slot for slot in self._slots if slot is not output]
        slots.append(output)
        numbers = {id(slot): number for number, slot in enumerate(slots)}

        def number(argument: Any) -> Any:
            if isinstance(argument, list):
                return [number(item) for item in argument]
            return numbers[id(argument)] if isinstance(argument, Slot) else argument

        program = kernel("StreamProgram", self.dtype)([slot.width for slot in slots])
        for operation, arguments in self._operations:
            getattr(program, operation)(*map(number, arguments))
        return program
