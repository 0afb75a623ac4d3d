"""Series from tables and arrays: checked, in order, one value a step, gaps as NaN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from leftfold.tasks.columns import is_date, series_column, time_column
from leftfold.tasks.errors import DataError
from leftfold.tasks.forecasting.times import Frequency, infer_frequency, read_times, told
from leftfold.tasks.tables import Table

_VALUE_NAMES = (
    "value", "y", "target", "close", "price", "sales", "demand", "volume", "count", "quantity",
)  # fmt: skip


@dataclass(frozen=True)
class Series:
    """One series, one value a step.

    Attributes:
        name: tells it from others.
        values: `(n,)` float64, NaN in gaps.
        times: `(n,)`, `datetime64[ms]` or numbers.
        past: `(n, P)`, covariates that are known up to the present.
        future: `(n + more, F)`, covariates that are known ahead; rows behind the `n`-th belong to
            steps after the end.
    """

    name: str
    values: np.ndarray
    times: np.ndarray
    past: np.ndarray
    future: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def until(self, end: int) -> Series:
        """The first `end` steps; covariates known ahead stay."""
        return replace(self, values=self.values[:end], times=self.times[:end], past=self.past[:end])


@dataclass(frozen=True)
class Panel:
    """Series that belong together.

    Attributes:
        series: all of one frequency, with the same covariates.
        frequency: of their steps.
        value_name: what the values are called.
        past_names: of the covariates known up to the present.
        future_names: of those known ahead.
        notes: what was found and decided on reading, a sentence each.
        source: the file's name.
    """

    series: list[Series]
    frequency: Frequency
    value_name: str = "value"
    past_names: tuple[str, ...] = ()
    future_names: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    source: str = "data"

    def __len__(self) -> int:
        return len(self.series)

    def with_series(self, series: Sequence[Series]) -> Panel:
        """The same about other series."""
        return replace(self, series=list(series))

    def until(self, ends: Sequence[int]) -> Panel:
        """Each series up to an end of its own."""
        return self.with_series([s.until(end) for s, end in zip(self.series, ends, strict=True)])


@dataclass(frozen=True)
class Roles:
    """Which column is what.

    Attributes:
        time: the column of times; `None` where rows follow each other.
        values: one column, or, in a wide table, one for each series.
        series: the column that tells series apart.
        past: covariates known up to the present.
        future: covariates known ahead.
    """

    time: str | None
    values: tuple[str, ...]
    series: str | None = None
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()


def find_roles(
    table: Table,
    time: str | None = None,
    value: str | Sequence[str] | None = None,
    series: str | None = None,
    past: Sequence[str] = (),
    future: Sequence[str] = (),
) -> tuple[Roles, list[str]]:
    """Which column is what: as named, the rest guessed by names and contents.

    Returns:
        The roles, and an announcement of each guess.

    Raises:
        DataError: for a column that is missing, or when there is nothing to forecast.
    """
    named = (value,) if isinstance(value, str) else tuple(value or ())
    for name in (*named, *past, *future):
        table.column(name)
    taken = [*named, *past, *future]
    told_ = []
    found_time = time_column(table, time, taken) or _written_time(table, taken)
    if found_time is not None:
        taken.append(found_time if isinstance(found_time, str) else found_time.column)
    time_name = taken[-1] if found_time is not None else None
    found_series = series_column(table, series, taken)
    series_name = found_series.column if found_series else _telling_apart(table, time_name, taken)
    if series_name is not None:
        taken.append(series_name)
    if not named:
        free = [n for n in table.names if n not in taken and table.is_numeric(n)]
        named = _values(table, free, series_name)
        several = " (a wide table: one series each)" if len(named) > 1 else ""
        names = ", ".join(map(repr, named))
        told_.append(f"value: column {names}{several} (another: --value NAME)")
    if time_name is None:
        told_.insert(0, "time: no column; rows follow each other (name one: --time NAME)")
    else:
        told_.insert(0, f"time: column {time_name!r} (another: --time NAME)")
    if series_name is not None:
        if len(named) > 1:
            raise DataError(
                f"value expected one column where {series_name!r} tells the series apart, got "
                f"{', '.join(map(repr, named))}."
            )
        told_.insert(1, f"series: column {series_name!r} (another: --series NAME)")
    return Roles(time_name, named, series_name, tuple(past), tuple(future)), told_


def _written_time(table: Table, taken: Sequence[str]) -> str | None:
    """The first column whose texts are times of some kind."""
    for name in table.names:
        if name in taken or table.is_numeric(name):
            continue
        some = table.column(name)[:50]
        if all(map(is_date, some)):
            return name
        try:
            read_times(some, str)
        except DataError:
            continue
        return name
    return None


def _telling_apart(table: Table, time: str | None, taken: Sequence[str]) -> str | None:
    """A column of texts that tells apart rows of one time."""
    if time is None:
        return None
    times = table.texts(time)
    if len(set(times)) == len(times):
        return None
    for name in table.names:
        if name not in taken and not table.is_numeric(name):
            pairs = set(zip(times, table.texts(name), strict=True))
            if len(pairs) == len(times):
                return name
    return None


def _values(table: Table, free: Sequence[str], series: str | None) -> tuple[str, ...]:
    by_name = {name.lower(): name for name in reversed(free)}
    for known in _VALUE_NAMES:
        if known in by_name:
            return (by_name[known],)
    if not free:
        raise DataError(f"{table.source} has no column of numbers to forecast.")
    return tuple(free[-1:]) if series is not None else tuple(free)


def read_panel(table: Table, roles: Roles, missing: str = "error", sort: bool = False) -> Panel:
    """The series of a table.

    Args:
        table: long, with one row for each series and time, or wide, with one column a series.
        roles: which column is what.
        missing: `"error"` to refuse values that are missing, `"skip"` to leave gaps.
        sort: whether rows may be out of order, and are sorted.

    Raises:
        DataError: for missing or duplicate values and times, times out of order, with their line.
    """
    if missing not in ("error", "skip"):
        raise DataError(f"missing expected 'error' or 'skip', got {missing!r}.")
    rows = _rows_of(table, roles.series)
    covariates = {name: table.numbers(name) for name in (*roles.past, *roles.future)}
    times = _times(table, roles)
    values = {name: table.numbers(name) for name in roles.values}
    ordered = {
        name: _in_order(table, roles, times, mine, name, sort) for name, mine in rows.items()
    }
    frequency, regular = infer_frequency([times[mine] for mine in ordered.values()])
    notes = []
    if not regular:
        notes.append("The times are irregular: rows are taken as equally spaced.")
    series = []
    for name, mine in ordered.items():
        for column in roles.values:
            label = column if len(roles.values) > 1 else name or column
            reader = _Reader(table, frequency, column, label, missing, notes)
            series.append(reader.read(mine, times, values[column], covariates, roles))
    notes.insert(0, _summary(series, frequency))
    return Panel(series, frequency, roles.values[0] if len(roles.values) == 1 else "value",
                 roles.past, roles.future, notes, table.source)  # fmt: skip


def _summary(series: Sequence[Series], frequency: Frequency) -> str:
    lengths = [len(s) for s in series]
    first = min(s.times[0] for s in series)
    last = max(s.times[-1] for s in series)
    count = "1 series" if len(series) == 1 else f"{len(series):,} series"
    length = (
        f"{lengths[0]:,}"
        if min(lengths) == max(lengths)
        else f"{min(lengths):,} to {max(lengths):,}"
    )
    return f"{count} of {length} values, {frequency.name}, from {told(first)} to {told(last)}."


def _rows_of(table: Table, series: str | None) -> dict[str, np.ndarray]:
    if series is None:
        return {"": np.arange(len(table))}
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(table.texts(series)):
        if not name.strip():
            raise DataError(f"{table.where(row, series)}: no name of a series.")
        rows.setdefault(name, []).append(row)
    return {name: np.array(mine) for name, mine in rows.items()}


def _times(table: Table, roles: Roles) -> np.ndarray:
    if roles.time is None:
        times = np.empty(len(table))
        for mine in _rows_of(table, roles.series).values():
            times[mine] = np.arange(1, len(mine) + 1)
        return times
    name = roles.time
    return read_times(table.column(name), lambda row: table.where(row, name))


def _in_order(
    table: Table, roles: Roles, times: np.ndarray, rows: np.ndarray, name: str, sort: bool
) -> np.ndarray:
    """The rows of a series by time.

    Raises:
        DataError: when they are not in order and may not be sorted, or two have one time.
    """
    of = f" of series {name!r}" if name else ""
    order = np.argsort(times[rows], kind="stable")
    if not sort and np.any(np.diff(times[rows]) < np.zeros(1, np.diff(times[rows]).dtype)):
        at = int(np.flatnonzero(times[rows][1:] < times[rows][:-1])[0]) + 1
        raise DataError(
            f"{table.where(int(rows[at]), roles.time)}: the times{of} are not in order: "
            f"{told(times[rows[at]])} after {told(times[rows[at - 1]])}. Sort them, or let "
            "them be sorted (--sort, sort=True)."
        )
    rows = rows[order]
    same = np.flatnonzero(times[rows][1:] == times[rows][:-1])
    if len(same):
        first, second = int(rows[same[0]]), int(rows[same[0] + 1])
        line = table.lines[first] if len(table.lines) else first + 1
        kind = "line" if len(table.lines) else "row"
        hint = "" if roles.series else " If there are several series, name their column: --series."
        raise DataError(
            f"{table.where(second, roles.time)}: a second value{of} for {told(times[second])}, "
            f"which {kind} {line} has already.{hint}"
        )
    return rows


@dataclass(frozen=True)
class _Reader:
    """Makes one series of rows in order."""

    table: Table
    frequency: Frequency
    column: str
    name: str
    missing: str
    notes: list[str]

    def read(
        self,
        rows: np.ndarray,
        times: np.ndarray,
        values: np.ndarray,
        covariates: Mapping[str, np.ndarray],
        roles: Roles,
    ) -> Series:
        ahead = len(rows) - 1 - np.flatnonzero(~np.isnan(values[rows]))[-1:]
        known = len(rows) - int(ahead[0]) if len(ahead) else 0
        if not known:
            raise DataError(
                f"{self.table.where(int(rows[0]), self.column)}: {self.name!r} has no values."
            )
        end = known if roles.future else len(rows)
        self._check(rows, values, end)
        self._check_covariates(rows, end, covariates, roles)
        at = self.frequency.positions(times[rows])
        twice = np.flatnonzero(np.diff(at) == 0)
        if len(twice):
            row = int(rows[twice[0] + 1])
            raise DataError(
                f"{self.table.where(row, roles.time)}: a second value for one step; values are "
                f"{self.frequency.name}."
            )
        size = int(at[end - 1]) + 1
        self._note_gaps(size, at[:end], times[rows])
        grid = np.full(size, np.nan)
        grid[at[:end]] = values[rows[:end]]
        past = self._spread(covariates, roles.past, rows[:end], at[:end], size)
        future = self._spread(covariates, roles.future, rows, at, int(at[-1]) + 1)
        if self.frequency.unit in ("row", "business day"):
            stamps = times[rows[:end]]
        else:
            stamps = self.frequency.at(times[rows[0]], np.arange(size))
        return Series(self.name, grid, stamps, past, future)

    def _check(self, rows: np.ndarray, values: np.ndarray, end: int) -> None:
        mine = values[rows[:end]]
        infinite = np.flatnonzero(np.isinf(mine))
        if len(infinite):
            place = self.table.where(int(rows[infinite[0]]), self.column)
            raise DataError(f"{place}: expected a finite number, got {mine[infinite[0]]}.")
        gaps = np.flatnonzero(np.isnan(mine))
        if not len(gaps):
            return
        place = self.table.where(int(rows[gaps[0]]), self.column)
        if self.missing == "error":
            count = "" if len(gaps) == 1 else f", the first of {len(gaps):,}"
            raise DataError(
                f"{place}: no value (NaN){count}. Fill the gaps, or let them be passed over "
                "(--missing skip, missing='skip')."
            )
        self.notes.append(f"{len(gaps):,} of {len(mine):,} values of {self.name!r} are missing, "
                          f"the first in {place}.")  # fmt: skip

    def _check_covariates(
        self, rows: np.ndarray, end: int, covariates: Mapping[str, np.ndarray], roles: Roles
    ) -> None:
        for name in (*roles.past, *roles.future):
            mine = rows if name in roles.future else rows[:end]
            bad = np.flatnonzero(~np.isfinite(covariates[name][mine]))
            if len(bad):
                place = self.table.where(int(mine[bad[0]]), name)
                raise DataError(f"{place}: a covariate expected a finite number, got none.")

    def _note_gaps(self, size: int, at: np.ndarray, times: np.ndarray) -> None:
        absent = size - len(at)
        if absent:
            where = int(np.flatnonzero(np.diff(at) > 1)[0])
            self.notes.append(
                f"{self.name!r} lacks {absent:,} of {size:,} times, first between "
                f"{told(times[where])} and {told(times[where + 1])}: they are gaps."
            )
        elif self.frequency.unit == "business day":
            days = times.astype("datetime64[D]")
            closed = int(np.busday_count(days[0], days[-1])) + 1 - len(days)
            if closed:
                self.notes.append(
                    f"{self.name!r} lacks {closed:,} weekdays, taken as holidays: rows follow "
                    "each other."
                )

    def _spread(
        self,
        covariates: Mapping[str, np.ndarray],
        names: Sequence[str],
        rows: np.ndarray,
        at: np.ndarray,
        size: int,
    ) -> np.ndarray:
        """Covariates by step; in a gap the last known ones go on."""
        last = np.searchsorted(at, np.arange(size), side="right") - 1
        columns = [covariates[name][rows][last] for name in names]
        return np.stack(columns, axis=1) if columns else np.zeros((size, 0))
