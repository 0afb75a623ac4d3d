"""Times as people write them, and frequencies."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from leftfold.tasks.errors import DataError
from leftfold.tasks.forecasting.times import DAY, Frequency, infer_frequency, read_times, told


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2020-01-31", "2020-02-29"], ["2020-01-31", "2020-02-29"]),
        (["2020-01", "2020-02"], ["2020-01-01", "2020-02-01"]),
        (["2020Q1", "2020Q4"], ["2020-01-01", "2020-10-01"]),
        (["2020M01", "2020M12"], ["2020-01-01", "2020-12-01"]),
        (["19580329", "19580405"], ["1958-03-29", "1958-04-05"]),
        (["1700", "1701"], ["1700-01-01", "1701-01-01"]),
        ([1990.0, 1990.25], ["1990-01-01", "1990-04-01"]),
        (["Jan 1 2000", "Feb 1 2000"], ["2000-01-01", "2000-02-01"]),
        (["01.02.2020", "02.02.2020"], ["2020-02-01", "2020-02-02"]),
        (["12/31/2019", "1/1/2020"], ["2019-12-31", "2020-01-01"]),
        (["31/12/2019", "01/01/2020"], ["2019-12-31", "2020-01-01"]),
        (["2020-01-01T12:00:00Z", "2020-01-01T14:00:00+01:00"],
         ["2020-01-01T12:00", "2020-01-01T13:00"]),
        ([1577836800, 1577840400], ["2020-01-01T00:00", "2020-01-01T01:00"]),
        ([datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 2, 3)],
         ["2020-01-01", "2020-01-02T03:00"]),
    ],
)  # fmt: skip
def test_dates_in_many_forms_are_understood(values: list[object], expected: list[str]) -> None:
    assert read_times(values, str).tolist() == np.array(expected, "datetime64[ms]").tolist()


def test_of_two_readings_the_one_in_order_is_taken() -> None:
    found = read_times(["01/02/2020", "01/03/2020", "01/04/2020"], str)
    assert told(found[-1]) == "2020-01-04"
    found = read_times(["01/11/2020", "01/12/2020", "01/01/2021"], str)
    assert told(found[0]) in ("2020-01-11", "2020-11-01")
    found = read_times(["01/11/2020", "01/12/2020", "01/01/2021", "01/02/2021", "13/02/2021"], str)
    assert told(found[0]) == "2020-11-01"


def test_plain_numbers_stay_numbers() -> None:
    assert read_times([1, 2, 3], str).tolist() == [1.0, 2.0, 3.0]


def test_what_is_no_time_is_named_with_its_place() -> None:
    with pytest.raises(DataError, match=r"row 1: expected a time like '2020-01-01', got 'soon'"):
        read_times(["2020-01-01", "soon"], lambda row: f"row {row}")
    with pytest.raises(DataError, match="row 1: no time"):
        read_times(["2020-01-01", ""], lambda row: f"row {row}")


def dates(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[ms]")


@pytest.mark.parametrize(
    ("times", "name", "season", "following"),
    [
        (dates("2020-01-01", "2020-02-01", "2020-03-01"), "monthly", 12, "2020-04-01"),
        (dates("2020-01-31", "2020-02-29", "2020-03-31"), "monthly", 12, "2020-04-30"),
        (dates("2020-01-01", "2020-04-01", "2020-07-01"), "quarterly", 4, "2020-10-01"),
        (dates("2020-01-01", "2021-01-01", "2022-01-01"), "yearly", 1, "2023-01-01"),
        (dates("2020-01-01", "2020-01-08", "2020-01-15"), "weekly", 52, "2020-01-22"),
        (dates("2020-01-01", "2020-01-02", "2020-01-03"), "daily", 7, "2020-01-04"),
        (dates("2020-01-01T00", "2020-01-01T01", "2020-01-01T02"), "hourly", 24,
         "2020-01-01T03:00:00"),
        (np.array([1.0, 2.0, 3.0]), "every 1", 1, "4"),
    ],
)  # fmt: skip
def test_a_frequency_is_found_and_goes_on(
    times: np.ndarray, name: str, season: int, following: str
) -> None:
    frequency, regular = infer_frequency([times])
    assert regular
    assert (frequency.name, frequency.season_length) == (name, season)
    assert told(frequency.at(times[-1], np.array([1]))[0]) == following
    assert frequency.positions(times).tolist() == [0, 1, 2]


def test_days_without_weekends_are_working_days() -> None:
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")
    frequency, _ = infer_frequency([days[np.is_busday(days)].astype("datetime64[ms]")])
    assert frequency == Frequency("business day")
    friday = np.datetime64("2024-03-01", "ms")
    assert told(frequency.at(friday, np.array([1]))[0]) == "2024-03-04"


def test_a_gap_does_not_hide_the_frequency() -> None:
    frequency, regular = infer_frequency(
        [dates("2020-01-01", "2020-01-02", "2020-01-03", "2020-01-09")]
    )
    assert regular
    assert frequency == Frequency("ms", DAY)


def test_irregular_times_are_taken_row_by_row() -> None:
    times = np.cumsum(np.random.default_rng(0).exponential(1, 50))
    assert infer_frequency([times]) == (Frequency("row"), False)
