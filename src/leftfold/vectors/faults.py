"""What is wrong with a file of vectors: one clear line, or lines that are left out and counted."""

from __future__ import annotations

from collections.abc import Sequence

from leftfold.datasets.errors import DataError

_MOST_KEPT = 1_000


class Faults:
    """Collects the faults of one file.

    Args:
        skip: whether faulty lines are left out; otherwise the first one is an error.

    Attributes:
        count: how many lines were left out.
        messages: what was wrong with the first thousand of them.
    """

    def __init__(self, skip: bool = False) -> None:
        self.skip = skip
        self.count = 0
        self.messages: list[str] = []

    def report(self, message: str) -> None:
        """Note a fault.

        Raises:
            DataError: unless faults are skipped.
        """
        if not self.skip:
            raise DataError(message)
        self.count += 1
        if len(self.messages) < _MOST_KEPT:
            self.messages.append(message)


class UnknownTokenError(DataError):
    """A token that was asked for has no vector; the message offers the nearest spellings."""

    def __init__(self, token: str, nearest: Sequence[str], source: str) -> None:
        offer = f"; did you mean {', '.join(map(repr, nearest))}?" if nearest else "."
        super().__init__(f"{source}: no vector for {token!r}{offer}")
        self.token = token
        self.nearest = tuple(nearest)
