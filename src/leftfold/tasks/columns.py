"""Which column is what: guesses that are announced and can be overridden."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leftfold.tasks.errors import DataError
from leftfold.tasks.tables import Table, to_number

_TEXT_NAMES = (
    "text", "review", "sentence", "comment", "content", "body", "message", "tweet", "description",
)  # fmt: skip
_LABEL_NAMES = (
    "label", "sentiment", "class", "target", "category", "y", "stars", "rating", "type", "topic",
)  # fmt: skip
_TIME_NAMES = (
    "time", "date", "datetime", "timestamp", "ds", "day", "month", "week", "year", "step", "t",
)  # fmt: skip
_SERIES_NAMES = (
    "series", "unique_id", "id", "sequence", "series_id", "sequence_id", "item", "key", "sentence",
    "sentence_id",
)  # fmt: skip
_MOST_CLASSES = 200


@dataclass(frozen=True)
class Guess:
    """A column, and what speaks for it.

    Attributes:
        column: its name.
        why: the end of a sentence; empty where the user named it.
    """

    column: str
    why: str = ""

    def announcement(self, role: str, option: str) -> str:
        """`"text: column 'review', by its name (another: --text NAME)"`."""
        if not self.why:
            return f"{role}: column {self.column!r}"
        return f"{role}: column {self.column!r}, {self.why} (another: {option} NAME)"


def text_column(table: Table, named: str | None = None, taken: Sequence[str] = ()) -> Guess:
    """The column with the texts: the user's, or by name, or the one with the longest values.

    Raises:
        DataError: when the named one is missing, or nothing fits.
    """
    if named is not None:
        table.column(named)
        return Guess(named)
    free = [name for name in table.names if name not in taken]
    texts = [name for name in free if not table.is_numeric(name)]
    by_name = _by_name(texts, _TEXT_NAMES)
    if by_name:
        return Guess(by_name, "by its name")
    texts = [name for name in texts if not all(map(is_date, table.column(name)[:100]))] or texts
    lengths = {name: _mean_length(table.column(name)) for name in texts}
    if not lengths:
        raise DataError(f"{table.source} has no column of texts among {', '.join(free) or 'none'}.")
    return Guess(max(lengths, key=lambda name: lengths[name]), "the one with the longest texts")


def label_column(table: Table, named: str | None = None, taken: Sequence[str] = ()) -> Guess:
    """The column with the classes: the user's, or by name, or the one with fewest values.

    Raises:
        DataError: when the named one is missing, or nothing fits.
    """
    if named is not None:
        table.column(named)
        return Guess(named)
    free = [name for name in table.names if name not in taken]
    by_name = _by_name(free, _LABEL_NAMES)
    if by_name:
        return Guess(by_name, "by its name")
    counts = {name: len(set(map(str, table.column(name)))) for name in free}
    few = {n: c for n, c in counts.items() if 2 <= c <= min(_MOST_CLASSES, max(2, len(table) // 2))}
    if not few:
        raise DataError(
            f"{table.source}: no column looks like labels among {', '.join(free) or 'none'}; name "
            "it (label)."
        )
    return Guess(min(few, key=lambda name: few[name]), "the one with the fewest values")


def time_column(table: Table, named: str | None = None, taken: Sequence[str] = ()) -> Guess | None:
    """The column with the times: the user's, or by name, or the first whose values are dates.

    Raises:
        DataError: when the named one is missing.
    """
    if named is not None:
        table.column(named)
        return Guess(named)
    free = [name for name in table.names if name not in taken]
    by_name = _by_name(free, _TIME_NAMES)
    if by_name:
        return Guess(by_name, "by its name")
    dates = [name for name in free if all(map(is_date, table.column(name)[:100]))]
    return Guess(dates[0], "its values are dates") if dates else None


def series_column(
    table: Table, named: str | None = None, taken: Sequence[str] = ()
) -> Guess | None:
    """The column that tells one series or sequence from another: the user's, or by name.

    Raises:
        DataError: when the named one is missing.
    """
    if named is not None:
        table.column(named)
        return Guess(named)
    by_name = _by_name([name for name in table.names if name not in taken], _SERIES_NAMES)
    return Guess(by_name, "by its name") if by_name else None


def is_date(value: Any) -> bool:
    """Whether a value is a date or time, in ISO 8601 where it is a text.

    Example:
        >>> is_date("2024-02-29"), is_date("12.5")
        (True, False)
    """
    if isinstance(value, datetime.date):
        return True
    if not isinstance(value, str) or to_number(value) is not None:
        return False
    try:
        datetime.datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def _by_name(names: Sequence[str], known: Sequence[str]) -> str | None:
    """The column with the earliest of the known names, in any case."""
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in known if name in lower), None)


def _mean_length(values: Sequence[Any]) -> float:
    return sum(len(str(value)) for value in values) / max(1, len(values))
