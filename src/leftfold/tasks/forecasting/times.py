"""Timestamps as people write them, and the frequency behind them."""

from __future__ import annotations

import datetime
import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.tables import to_number

DAY = 86_400_000
"""In milliseconds, the unit of all times here."""

_FORMATS = (
    "%Y-%m", "%Y/%m", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y",
    "%b %d %Y", "%b %d, %Y", "%d %b %Y", "%b %Y", "%B %Y", "%b-%Y", "%Y-%b", "%b-%y", "%d-%b-%y",
    "%d-%b-%Y", "%m/%d/%y", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M", "%Y%m%dT%H%M%S",
)  # fmt: skip
_PERIOD = re.compile(r"(\d{4})[-_ ]?([QqMm])(\d{1,2})")
_EPOCH = datetime.datetime(1970, 1, 1)
_MOST_CYCLE = 400
"""Steps in a season at most; a longer one is not looked for."""

Reader = Callable[[str], datetime.datetime]


def read_times(values: Sequence[Any], where: Callable[[int], str]) -> np.ndarray:
    """Times from a column: `datetime64[ms]`, or float64 where they are plain numbers.

    Dates in ISO 8601 and in some twenty other forms are understood, months and quarters
    (`1990-01`, `1990Q1`), years, `19900131`, years with a fraction (`1990.25`) and seconds since
    1970. Times with a zone become UTC.

    Args:
        values: texts, numbers or dates.
        where: the place of a row, for messages.

    Raises:
        DataError: for a value that is missing or no time.

    Example:
        >>> read_times(["1990-01", "1990-02"], str)
        array(['1990-01-01T00:00:00.000', '1990-02-01T00:00:00.000'],
              dtype='datetime64[ms]')
    """
    for row, value in enumerate(values):
        if value is None or (isinstance(value, str) and not value.strip()):
            raise DataError(f"{where(row)}: no time.")
    numbers = [None if isinstance(v, bool) else to_number(v) for v in values]
    if all(number is not None and math.isfinite(number) for number in numbers):
        return _from_numbers(np.array(numbers, float))
    found = _read_all(values, where)
    try:
        return np.array(found, "datetime64[ms]")
    except (ValueError, OverflowError):
        raise DataError(f"{where(0)}: times lie outside what can be computed with.") from None


def _from_numbers(numbers: np.ndarray) -> np.ndarray:
    """Numbers that stand for dates as dates, others as they are."""
    whole = bool(np.all(numbers == np.round(numbers)))
    low, high = float(numbers.min()), float(numbers.max())
    if whole and low >= 15_000_101 and high <= 22_001_231:
        days = [_date(int(n) // 10_000, int(n) // 100 % 100, int(n) % 100) for n in numbers]
        if None not in days:
            return np.array(days, "datetime64[ms]")
    if whole and low >= 150_001 and high <= 220_012 and np.all(numbers % 100 <= 12):
        days = [_date(int(n) // 100, int(n) % 100, 1) for n in numbers]
        if None not in days:
            return np.array(days, "datetime64[ms]")
    if low >= 1500 and high <= 2200 and len(numbers) > 1:
        months = numbers * 12
        near = np.round(months)
        if np.all(np.abs(months - near) < 0.05) and len(np.unique(near)) == len(np.unique(numbers)):
            count = (near - 1970 * 12).astype(np.int64)
            return count.astype("datetime64[M]").astype("datetime64[ms]")
    if whole and low >= 10**8 and high < 10**11:
        return (numbers * 1000).astype(np.int64).astype("datetime64[ms]")
    if whole and low >= 10**11 and high < 10**14:
        return numbers.astype(np.int64).astype("datetime64[ms]")
    return numbers


def _date(year: int, month: int, day: int) -> datetime.datetime | None:
    try:
        return datetime.datetime(year, month, day)
    except ValueError:
        return None


def _read_all(values: Sequence[Any], where: Callable[[int], str]) -> list[datetime.datetime]:
    """Every value by one reader that understands them all, best one that has them in order."""
    readers = [_dated, _iso, _period, *(_by_format(form) for form in _FORMATS)]
    for row, value in enumerate(values):
        left = [reader for reader in readers if _tried(reader, value) is not None]
        if not left:
            like = f" like {values[0]!r}" if row else ""
            raise DataError(f"{where(row)}: expected a time{like}, got {value!r}.")
        readers = left
    read = [[reader(value) for value in values] for reader in readers]
    ascending = [times for times in read if all(a <= b for a, b in itertools.pairwise(times))]
    return (ascending or read)[0]


def _tried(reader: Reader, value: Any) -> datetime.datetime | None:
    try:
        return reader(value)
    except (ValueError, TypeError, OverflowError, AttributeError):
        return None


def _dated(value: Any) -> datetime.datetime:
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, datetime.datetime):
        return _without_zone(value)
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day)
    raise TypeError("no date")


def _iso(value: str) -> datetime.datetime:
    return _without_zone(datetime.datetime.fromisoformat(value.strip().replace("Z", "+00:00")))


def _without_zone(time: datetime.datetime) -> datetime.datetime:
    if time.tzinfo is None:
        return time
    return time.astimezone(datetime.timezone.utc).replace(tzinfo=None)


def _period(value: str) -> datetime.datetime:
    match = _PERIOD.fullmatch(value.strip())
    if match is None:
        raise ValueError("no period")
    number = int(match[3])
    month = 3 * number - 2 if match[2] in "Qq" else number
    return datetime.datetime(int(match[1]), month, 1)


def _by_format(form: str) -> Reader:
    return lambda value: datetime.datetime.strptime(value.strip(), form)


@dataclass(frozen=True)
class Frequency:
    """How far apart the steps of a series are.

    Attributes:
        unit: `"month"`, `"business day"`, `"ms"` (milliseconds) or `"number"`; `"row"` where
            times are irregular or not given and the rows follow each other.
        step: so many units.
    """

    unit: str
    step: float = 1

    @property
    def name(self) -> str:
        """In words."""
        names: dict[tuple[str, float], str] = {
            ("month", 1): "monthly", ("month", 3): "quarterly", ("month", 12): "yearly",
            ("ms", DAY): "daily", ("ms", 7 * DAY): "weekly", ("ms", DAY // 24): "hourly",
            ("ms", 60_000): "every minute",
        }  # fmt: skip
        if (self.unit, self.step) in names:
            return names[self.unit, self.step]
        if self.unit == "business day":
            return "on working days"
        if self.unit == "row":
            return "row by row"
        if self.unit == "ms":
            return f"every {datetime.timedelta(milliseconds=self.step)}"
        return f"every {self.step:g} {self.unit + 's' if self.unit == 'month' else ''}".rstrip()

    @property
    def season_length(self) -> int:
        """Steps in the natural cycle of this frequency; 1 where it has none."""
        if self.unit == "month":
            return 12 // int(self.step) if 12 % self.step == 0 else 1
        if self.unit == "business day":
            return 5
        if self.unit == "ms":
            if self.step == 7 * DAY:
                return 52
            for cycle in (DAY, DAY // 24):
                if (
                    self.step < cycle
                    and cycle % self.step == 0
                    and cycle // self.step <= _MOST_CYCLE
                ):
                    return int(cycle // self.step)
            return 7 if self.step == DAY else 1
        return 1

    def positions(self, times: np.ndarray) -> np.ndarray:
        """The step at which each time lies, from 0 at the first, `(n,)`."""
        if self.unit in ("row", "business day"):
            return np.arange(len(times))
        if self.unit == "month":
            months = times.astype("datetime64[M]").astype(np.int64)
            return np.round((months - months[0]) / self.step).astype(np.int64)
        since = (times - times[0]) / (np.timedelta64(1, "ms") if self.unit == "ms" else 1)
        return np.round(since / self.step).astype(np.int64)

    def at(self, first: Any, positions: np.ndarray) -> np.ndarray:
        """The times of steps after a first one."""
        if self.unit == "business day":
            day = np.datetime64(first, "D")
            moved = np.busday_offset(day, positions, roll="forward")
            return np.asarray(moved).astype("datetime64[ms]")
        if self.unit == "month":
            month = np.datetime64(first, "M")
            day = np.datetime64(first, "D") - month.astype("datetime64[D]")
            ends = np.datetime64(first, "D") + 1 == (month + 1).astype("datetime64[D]")
            months = month + (positions * int(self.step)).astype("timedelta64[M]")
            last = (months + 1).astype("datetime64[D]") - 1
            same = months.astype("datetime64[D]") + day
            return np.where(ends | (same > last), last, same).astype("datetime64[ms]")
        if self.unit == "ms":
            steps = (positions * self.step).astype("timedelta64[ms]")
            return np.asarray(np.datetime64(first, "ms") + steps)
        if np.issubdtype(np.asarray(first).dtype, np.datetime64):
            return np.full(len(positions), np.datetime64("NaT", "ms"))
        return np.asarray(first + positions * self.step)


def infer_frequency(series: Sequence[np.ndarray]) -> tuple[Frequency, bool]:
    """The frequency of series, from the distances between their times.

    Args:
        series: the times of each, ascending.

    Returns:
        The frequency, and whether most distances are whole multiples of its step; if not, the
        rows are taken as equally spaced.

    Example:
        >>> days = np.arange("2024-01-31", "2024-07-01", dtype="datetime64[D]")
        >>> infer_frequency([days.astype("datetime64[ms]")])[0].name
        'daily'
    """
    series = [times for times in series if len(times) > 1]
    if not series:
        return Frequency("row"), True
    every = np.concatenate(series)
    if every.dtype.kind == "M":
        monthly = _months_apart(series, every)
        if monthly is not None:
            return monthly, True
        distances = np.concatenate([np.diff(t).astype(np.int64) for t in series]).astype(float)
        unit = "ms"
        weekdays = (every.astype("datetime64[D]").astype(np.int64) + 3) % 7
        if _mode(distances) == DAY and len(every) > 10 and weekdays.max() < 5:
            return Frequency("business day"), True
    else:
        distances = np.concatenate([np.diff(times) for times in series])
        unit = "number"
    step = _mode(distances)
    steps = distances / step if step > 0 else distances
    fitting = float(np.mean(np.abs(steps - np.round(steps)) < 0.01))
    regular = step > 0 and fitting > 0.9 and float(np.sum(steps)) < 20 * len(every) + 100
    return (Frequency(unit, step), True) if regular else (Frequency("row"), False)


def _months_apart(series: Sequence[np.ndarray], every: np.ndarray) -> Frequency | None:
    """A frequency in months, where all times stand on one day of the month, or on its end."""
    days = every.astype("datetime64[D]")
    months = every.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64)
    ends = np.all(days + 1 == (months + 1).astype("datetime64[D]"))
    if not ends and np.any(of_month != of_month[0]):
        return None
    distances = np.concatenate(
        [np.diff(t.astype("datetime64[M]")).astype(np.int64) for t in series]
    )
    step = _mode(distances.astype(float))
    return Frequency("month", int(step)) if step >= 1 and np.all(distances > 0) else None


def _mode(distances: np.ndarray) -> float:
    """The most frequent distance above 0; the smaller one of two."""
    values, counts = np.unique(np.round(distances[distances > 0], 9), return_counts=True)
    return float(values[np.argmax(counts)]) if len(values) else 0.0


def told(time: Any) -> str:
    """A time as a text, without what is zero at its end.

    Example:
        >>> told(np.datetime64("2024-05-01T00:00:00.000")), told(3.0)
        ('2024-05-01', '3')
    """
    if isinstance(time, np.datetime64):
        if np.isnat(time):
            return ""
        text = str(np.datetime_as_string(time.astype("datetime64[ms]")))
        return text.removesuffix(".000").removesuffix("T00:00:00")
    return f"{time:.15g}"
