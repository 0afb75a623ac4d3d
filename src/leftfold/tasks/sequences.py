"""Numeric sequences of different lengths: taken in any form, scaled, padded."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold.tasks.columns import is_date
from leftfold.tasks.errors import DataError
from leftfold.tasks.tables import Table
from leftfold.tasks.texts import Cut, choose_cut

PADDING_VALUE = -1e4
"""What padding consists of; scaled values never get near."""

ALL_STEPS = 2**31 - 1
"""A length to cut at that cuts nothing."""

_MOST_STEPS = 2000
_LARGEST_SCALED = 1e3


def as_sequences(x: Any, mask: Any = None) -> list[np.ndarray]:
    """Sequences in any form as a list of float64 arrays `(steps, features)`.

    Args:
        x: a list of arrays `(steps, features)` or `(steps,)`; or one padded array
            `(rows, steps, features)` or `(rows, steps)`.
        mask: for a padded array, True where there is something, `(rows, steps)`.

    Raises:
        DataError: for what is no number, infinite, empty, or has other features, by row.

    Example:
        >>> [s.shape for s in as_sequences([[1, 2, 3], [4]])]
        [(3, 1), (1, 1)]
    """
    if isinstance(x, np.ndarray) and x.dtype != object and x.ndim not in (2, 3):
        raise DataError(
            f"x expected sequences (rows, steps) or (rows, steps, features), got shape {x.shape}."
        )
    if mask is not None:
        mask = np.asarray(mask, bool)
        if mask.shape != np.shape(x)[:2]:
            raise DataError(f"mask expected shape {np.shape(x)[:2]}, got {mask.shape}.")
    found: list[np.ndarray] = []
    for row, values in enumerate(x):
        try:
            sequence = np.asarray(values, np.float64)
        except (TypeError, ValueError):
            raise DataError(
                f"x expected numbers, got in row {row + 1}: {str(values)[:60]!r}."
            ) from None
        sequence = sequence[:, None] if sequence.ndim == 1 else sequence
        if sequence.ndim != 2:
            raise DataError(f"row {row + 1}: expected (steps, features), got {sequence.shape}.")
        if mask is not None:
            sequence = sequence[mask[row]]
        _check(sequence, row, found[0].shape[1] if found else sequence.shape[1])
        found.append(sequence)
    if not found:
        raise DataError("x expected at least one sequence, got none.")
    return found


def _check(sequence: np.ndarray, row: int, features: int) -> None:
    if not sequence.size:
        raise DataError(f"row {row + 1}: the sequence is empty.")
    if sequence.shape[1] != features:
        raise DataError(
            f"row {row + 1}: expected {features} features as in the first, got {sequence.shape[1]}."
        )
    if np.isinf(sequence).any():
        step = int(np.argwhere(np.isinf(sequence))[0, 0])
        raise DataError(f"row {row + 1}, step {step + 1}: the value is infinite.")


@dataclass
class SequenceEncoder:
    """Scales each feature by the training part's mean and deviation, fills gaps, pads.

    Args:
        longest: steps to cut at, the last ones stay; `None` to choose.

    Attributes:
        mean: of each feature, `(features,)`.
        deviation: of each feature; 1 for a constant one.
        cut: where sequences are cut.

    Example:
        >>> encoder = SequenceEncoder().fit(as_sequences([[0, 2], [2, 0, 1]]))
        >>> encoder.encode(as_sequences([[1]]))["steps"].shape
        (1, 1, 1)
    """

    longest: int | None = None
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    deviation: np.ndarray = field(default_factory=lambda: np.ones(0))
    cut: Cut = field(default_factory=lambda: Cut(0, 0.0, ""))

    def fit(self, sequences: Sequence[np.ndarray]) -> SequenceEncoder:
        """Learn scale and length from the training sequences, and only those."""
        together = np.concatenate(list(sequences))
        known = ~np.isnan(together)
        counts = np.maximum(known.sum(0), 1)
        self.mean = np.where(known, together, 0).sum(0) / counts
        spread = np.sqrt((np.where(known, together - self.mean, 0) ** 2).sum(0) / counts)
        self.deviation = np.where(spread > 1e-12, spread, 1.0)
        lengths = np.array([len(sequence) for sequence in sequences])
        self.cut = choose_cut(lengths, _MOST_STEPS, self.longest)
        return self

    def scaled(self, sequence: np.ndarray) -> np.ndarray:
        """One sequence in deviations from the mean; gaps take the value before, or the mean."""
        if sequence.shape[1] != len(self.mean):
            raise DataError(f"x expected {len(self.mean)} features, got {sequence.shape[1]}.")
        scaled = (sequence[-self.cut.longest :] - self.mean) / self.deviation
        return np.clip(filled(scaled), -_LARGEST_SCALED, _LARGEST_SCALED)

    def encode(self, sequences: Sequence[np.ndarray], whole: bool = False) -> dict[str, np.ndarray]:
        """Padded arrays for a network's input.

        Args:
            sequences: `(steps, features)` each.
            whole: whether every row has all steps and zeros for padding, for networks without
                masks.

        Returns:
            `"steps"`, float32 `(rows, steps, features)`, with `PADDING_VALUE` behind a short one.
        """
        scaled = [self.scaled(sequence) for sequence in sequences]
        steps = self.cut.longest if whole else max(len(s) for s in scaled)
        shape = len(scaled), steps, len(self.mean)
        padded = np.full(shape, 0.0 if whole else PADDING_VALUE, np.float32)
        for row, sequence in enumerate(scaled):
            padded[row, : len(sequence)] = sequence
        return {"steps": padded}

    def lengths(self, sequences: Sequence[np.ndarray]) -> np.ndarray:
        """Steps of each sequence, `(rows,)`."""
        return np.array([len(sequence) for sequence in sequences], int)


def filled(sequence: np.ndarray) -> np.ndarray:
    """NaN replaced by the last value before it, or 0 where there is none.

    Example:
        >>> filled(np.array([[np.nan], [2.0], [np.nan]])).ravel().tolist()
        [0.0, 2.0, 2.0]
    """
    known = ~np.isnan(sequence)
    if known.all():
        return sequence
    last = np.maximum.accumulate(np.where(known, np.arange(len(sequence))[:, None], -1), axis=0)
    return np.where(last >= 0, np.take_along_axis(sequence, np.maximum(last, 0), 0), 0.0)


@dataclass
class LabelledSequences:
    """Sequences out of a table.

    Attributes:
        sequences: `(steps, features)` each.
        labels: one for each, if the table has them.
        names: what the id column calls them.
        features: the columns with the values.
        unsorted: how many sequences were not in the order of time.
    """

    sequences: list[np.ndarray]
    labels: list[Any] | None
    names: list[str]
    features: list[str]
    unsorted: int = 0


def sequences_from_table(
    table: Table,
    id_column: str,
    time_column: str | None = None,
    label_column: str | None = None,
    features: Sequence[str] | None = None,
) -> LabelledSequences:
    """One sequence for each value of `id_column`, out of a table with one row for each step.

    Args:
        table: the rows.
        id_column: tells the sequences apart.
        time_column: the order of steps, numbers or dates; that of the rows by default.
        label_column: the class, the same in all rows of a sequence.
        features: columns with numbers; by default all others that hold nothing else.

    Raises:
        DataError: for missing columns, labels that differ within a sequence, two rows of one
            sequence at the same time, or values that are no numbers, by line.
    """
    named = {id_column, time_column, label_column}
    if features is None:
        features = [name for name in table.names if name not in named and table.is_numeric(name)]
    if not features:
        raise DataError(f"{table.source} has no column of numbers besides {id_column!r}.")
    values = np.stack([table.numbers(name) for name in features], axis=1)
    rows, unsorted = rows_by_sequence(table, id_column, time_column)
    labels = _labels(table, label_column, rows) if label_column else None
    sequences = [values[mine] for mine in rows.values()]
    return LabelledSequences(sequences, labels, list(rows), list(features), unsorted)


def rows_by_sequence(
    table: Table, id_column: str, time_column: str | None = None
) -> tuple[dict[str, list[int]], int]:
    """The rows of each sequence, in the order of its steps.

    Args:
        table: one row for each step.
        id_column: tells the sequences apart.
        time_column: the order of steps, numbers or dates; that of the rows by default.

    Returns:
        Rows by id, in the order in which ids first appear; and how many sequences were not in the
        order of time.

    Raises:
        DataError: for two rows of one sequence at the same time, by line.
    """
    rows: dict[str, list[int]] = {}
    for row, key in enumerate(table.texts(id_column)):
        rows.setdefault(key, []).append(row)
    if time_column is None:
        return rows, 0
    times, unsorted = _times(table, time_column), 0
    for key, mine in rows.items():
        ordered = sorted(mine, key=lambda row: times[row])
        unsorted += ordered != mine
        for before, after in itertools.pairwise(ordered):
            if times[before] == times[after]:
                raise DataError(
                    f"{table.where(after, time_column)}: {key!r} has this time twice, first "
                    f"in {table.where(before)}."
                )
        rows[key] = ordered
    return rows, unsorted


def _times(table: Table, name: str) -> list[Any]:
    """Times as numbers, or as texts of dates, which sort as they are."""
    if table.is_numeric(name):
        return list(table.numbers(name))
    values = table.column(name)
    for row, value in enumerate(values):
        if not is_date(value):
            raise DataError(f"{table.where(row, name)}: expected a time, got {value!r}.")
    return [str(value).strip().replace("T", " ") for value in values]


def _labels(table: Table, name: str, rows: dict[str, list[int]]) -> list[Any]:
    column = table.column(name)
    labels = []
    for key, mine in rows.items():
        for row in mine:
            if column[row] != column[mine[0]]:
                raise DataError(
                    f"{table.where(row, name)}: {key!r} has the label {column[row]!r} here and "
                    f"{column[mine[0]]!r} in {table.where(mine[0])}."
                )
        labels.append(column[mine[0]])
    return labels
