"""`Sessions`: which sequences there are, and what each of them remembers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from leftfold.streaming.recording import State

_PLACES = 0xFFFFFFFF
_NEXT = 1 << 32


class Sessions:
    """A table with a place for every session.

    The lower half of a session's number is its place, the upper half how often that place was
    given away before: numbers are never used twice, and finding a place takes no search. A free
    place holds the complement of the next number there.

    Args:
        layout: the states.
        width: how many numbers a session remembers.
        dtype: of them.
    """

    def __init__(self, layout: list[State], width: int, dtype: np.dtype[Any]) -> None:
        self.layout = layout
        self.states = np.zeros((1, width), dtype)
        self.numbers = np.zeros(1, np.int64)
        self._free: list[int] = []

    def all(self) -> list[int]:
        """The numbers of those that exist."""
        return [number for number in self.numbers.tolist() if number >= 0]

    def add(self, count: int) -> np.ndarray:
        """Begin so many sessions; their numbers."""
        missing = count - len(self._free)
        if missing > 0:
            self._grow(len(self.numbers) + max(missing, len(self.numbers)))
        places = [self._free.pop() for _ in range(count)]
        self.numbers[places] = ~self.numbers[places]
        self.states[places] = 0
        return self.numbers[places]

    def _grow(self, size: int) -> None:
        old = len(self.numbers)
        if size > _PLACES:
            raise ValueError(f"A stepper holds at most {_PLACES} sessions, got {size}.")
        states = np.zeros((size, self.states.shape[1]), self.states.dtype)
        states[:old] = self.states
        self.states = states
        self.numbers = np.concatenate([self.numbers, ~np.arange(old, size)])
        self._free[:0] = range(size - 1, old - 1, -1)

    def place(self, session: int) -> int:
        """Where a session is.

        Raises:
            ValueError: when it does not exist.
        """
        place = int(session) & _PLACES
        if session < 0 or place >= len(self.numbers) or self.numbers[place] != session:
            raise ValueError(f"There is no session {session}: it was never added, or dropped.")
        return place

    def drop(self, session: int) -> None:
        """End a session."""
        place = self.place(session)
        self.numbers[place] = ~(self.numbers[place] + _NEXT)
        self._free.append(place)

    def row(self, session: int) -> np.ndarray:
        """All that a session remembers, in one vector."""
        return self.states[self.place(session)]

    def get(self, session: int) -> dict[str, np.ndarray]:
        """The same by name, copied."""
        row = self.row(session)
        return {s.name: row[s.start : s.start + s.size].copy() for s in self.layout}

    def set(self, session: int, state: Mapping[str, Any]) -> None:
        """Replace what a session remembers."""
        row = self.row(session)
        wanted = {s.name: (s.size,) for s in self.layout}
        arrays = {name: np.asarray(value) for name, value in dict(state).items()}
        found = {name: array.shape for name, array in arrays.items()}
        if found != wanted:
            raise ValueError(f"set_state expected states of shapes {wanted}, got {found}.")
        for name, array in arrays.items():
            if array.dtype.kind not in "fiu":
                raise ValueError(f"set_state expected numbers for {name}, got {array.dtype}.")
        for s in self.layout:
            row[s.start : s.start + s.size] = arrays[s.name]

    def copy(self, sources: list[int], targets: list[int]) -> None:
        """Give sessions the states that others have."""
        if len(sources) != len(targets):
            raise ValueError(
                f"copy expected as many sources as targets, got {len(sources)} and {len(targets)}."
            )
        places = [self.place(session) for session in targets]
        self.states[places] = self.states[[self.place(session) for session in sources]]

    def replace(self, numbers: np.ndarray, states: np.ndarray) -> None:
        """Another table in the place of this one."""
        self.numbers, self.states = numbers, states
        self._free = np.flatnonzero(numbers < 0)[::-1].tolist()
