"""Tokens and vectors as they come out of a file, block by block, each checked once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.vectors.faults import Faults

MOST_DIMENSIONS = 10_000


class Rows:
    """What has been read so far.

    Args:
        name: of the file, for messages.
        faults: told of every row that is not as it should be.
        unit: what rows are called: `"line"` or `"vector"`.
    """

    def __init__(self, name: str, faults: Faults, unit: str) -> None:
        self.name = name
        self.faults = faults
        self.unit = unit
        self.tokens: list[str] = []
        self.dimensions = 0
        self._said_by = ""
        self._numbers: dict[str, int] = {}
        self._blocks: list[np.ndarray] = []

    def expect(self, dimensions: int, said_by: str) -> None:
        """Fix the number of dimensions.

        Raises:
            DataError: for none, or more than any vectors have.
        """
        if not 1 <= dimensions <= MOST_DIMENSIONS:
            raise DataError(
                f"{self.name}, {said_by}: expected a token and 1 to {MOST_DIMENSIONS:,} numbers, "
                f"got {dimensions:,} numbers."
            )
        self.dimensions, self._said_by = dimensions, said_by

    def ragged(self, number: int, line: bytes) -> None:
        """Report a row that is no token with the right count of numbers."""
        self.faults.report(
            f"{self.name}, {self.unit} {number}: expected a token and {self.dimensions} numbers, "
            f"as {self._said_by} has it, got {line[:40].decode('utf-8', 'replace')!r}"
            + ("..." if len(line) > 40 else ".")
        )

    def add(self, tokens: Sequence[bytes], values: np.ndarray, numbers: Sequence[int]) -> None:
        """Take over some rows.

        Args:
            tokens: as the file writes them.
            values: float32 `(rows, dimensions)`.
            numbers: where the rows stand in the file.
        """
        names = self._decoded(tokens, numbers)
        good = np.isfinite(values).all(1)
        seen = self._numbers
        fresh = dict(zip(names, numbers, strict=True))
        sound = good.all() and len(fresh) == len(names) and "" not in fresh and None not in fresh
        if sound and seen.keys().isdisjoint(fresh):
            seen.update(fresh)  # type: ignore[arg-type]
            self.tokens += names  # type: ignore[arg-type]
            self._blocks.append(values)
            return
        kept = [
            row
            for row, (name, number) in enumerate(zip(names, numbers, strict=True))
            if self._sound(name, number, bool(good[row]))
        ]
        self.tokens += [names[row] for row in kept]  # type: ignore[misc]
        self._blocks.append(values[kept])

    def _sound(self, name: str | None, number: int, finite: bool) -> bool:
        place = f"{self.name}, {self.unit} {number}"
        if name is None:
            return False
        if not name:
            self.faults.report(f"{place}: the token is empty.")
        elif not finite:
            self.faults.report(f"{place}: the vector of {name!r:.60} is not finite.")
        elif name in self._numbers:
            first = self._numbers[name]
            self.faults.report(f"{place}: {name!r:.60} stands on {self.unit} {first} already.")
        else:
            self._numbers[name] = number
            return True
        return False

    def _decoded(self, tokens: Sequence[bytes], numbers: Sequence[int]) -> list[str | None]:
        try:
            names = b"\n".join(tokens).decode().split("\n")
        except UnicodeDecodeError:
            names = []
        if len(names) == len(tokens):
            return list(names)
        return [self._name(token, n) for token, n in zip(tokens, numbers, strict=True)]

    def _name(self, token: bytes, number: int) -> str | None:
        try:
            return token.decode()
        except UnicodeDecodeError:
            shown = token[:60].decode("utf-8", "backslashreplace")
            self.faults.report(
                f"{self.name}, {self.unit} {number}: the token is not UTF-8: {shown!r}."
            )
            return None

    def finish(self) -> tuple[list[str], np.ndarray]:
        """All tokens, and their vectors.

        Raises:
            DataError: when there are none.
        """
        if not self.tokens:
            raise DataError(f"{self.name} holds no vectors.")
        values = self._blocks[0] if len(self._blocks) == 1 else np.concatenate(self._blocks)
        self._blocks = []
        return self.tokens, values
