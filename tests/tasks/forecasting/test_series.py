"""Series from tables: which column is what, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold.tasks.errors import DataError
from leftfold.tasks.forecasting.inputs import as_panel
from leftfold.tasks.forecasting.series import Panel, find_roles, read_panel
from leftfold.tasks.tables import Table

DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]


def table(**columns: list[Any]) -> Table:
    rows = len(next(iter(columns.values())))
    return Table(columns, "sales.csv", list(range(2, rows + 2)))


def panel(given: Table, missing: str = "error", sort: bool = False, **named: Any) -> Panel:
    roles, _ = find_roles(given, **named)
    return read_panel(given, roles, missing, sort)


def test_a_long_table_has_one_series_for_each_name() -> None:
    found = panel(table(day=DAYS[:2] * 2, shop=["a", "a", "b", "b"], sold=["1", "2", "3", "4"]))
    assert {one.name: one.values.tolist() for one in found.series} == {"a": [1, 2], "b": [3, 4]}


def test_a_wide_table_has_one_series_for_each_column() -> None:
    given = table(date=DAYS, north=["1", "2", "3", "4"], south=["4", "3", "2", "1"])
    found = panel(given)
    assert [one.name for one in found.series] == ["north", "south"]
    assert found.frequency.name == "daily"
    assert find_roles(given)[1][-1].startswith("value: column 'north', 'south' (a wide table")


def test_a_value_column_is_known_by_its_name() -> None:
    roles, told = find_roles(table(DATE=DAYS, OPEN=["1"] * 4, CLOSE=["2"] * 4))
    assert (roles.time, roles.values) == ("DATE", ("CLOSE",))
    assert told[-1] == "value: column 'CLOSE' (another: --value NAME)"


@pytest.mark.parametrize("name", ["time", "value", "series"])
def test_a_missing_column_is_named(name: str) -> None:
    with pytest.raises(DataError, match=r"sales.csv has no column 'no'; it has 'day', 'sold'"):
        find_roles(table(day=DAYS, sold=["1"] * 4), **{name: "no"})


def test_no_numbers_are_an_error() -> None:
    with pytest.raises(DataError, match=r"sales.csv has no column of numbers to forecast"):
        find_roles(table(day=DAYS, sold=["many"] * 4))


def test_what_is_no_number_is_named_with_line_and_column() -> None:
    given = table(day=DAYS, value=["1", "2", "x", "4"])
    with pytest.raises(DataError, match=r"sales.csv, line 4, column 'value': expected a number"):
        panel(given, value="value")


def test_times_out_of_order_are_an_error_unless_sorted() -> None:
    given = table(day=[DAYS[0], DAYS[2], DAYS[1], DAYS[3]], sold=["1", "3", "2", "4"])
    with pytest.raises(
        DataError, match=r"line 4, column 'day': the times are not in order: 2024-01-02 after"
    ):
        panel(given)
    assert panel(given, sort=True).series[0].values.tolist() == [1, 2, 3, 4]


def test_a_time_given_twice_is_an_error() -> None:
    given = table(day=[DAYS[0], DAYS[1], DAYS[1], DAYS[2]], sold=["1", "3", "2", "4"])
    with pytest.raises(
        DataError, match=r"line 4, .* a second value for 2024-01-02, which line 3 has"
    ):
        panel(given)


def test_two_times_in_one_step_are_an_error() -> None:
    hours = ["2024-01-01T00:00", "2024-01-01T01:00", "2024-01-01T02:00", "2024-01-01T03:00"]
    given = table(time=[*hours, "2024-01-01T03:00:00.5"], value=["1"] * 5)
    with pytest.raises(DataError, match="a second value for one step; values are"):
        panel(given, time="time")


def test_missing_values_are_an_error_unless_skipped() -> None:
    given = table(day=DAYS, sold=["1", "", "nan", "4"])
    with pytest.raises(DataError, match=r"line 3, column 'sold': no value \(NaN\), the first of 2"):
        panel(given)
    found = panel(given, missing="skip")
    assert np.isnan(found.series[0].values).tolist() == [False, True, True, False]
    assert "2 of 4 values of 'sold' are missing" in found.notes[-1]


def test_infinite_values_are_an_error() -> None:
    with pytest.raises(DataError, match="line 3, column 'sold': expected a finite number, got inf"):
        panel(table(day=DAYS, sold=["1", "inf", "2", "4"]))


def test_missing_times_are_reported_and_become_gaps() -> None:
    days = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-06", "2024-01-07"]
    found = panel(table(day=days, sold=["1", "2", "3", "6", "7"]))
    assert np.isnan(found.series[0].values).tolist() == [False] * 3 + [True] * 2 + [False] * 2
    assert "lacks 2 of 7 times, first between 2024-01-03 and 2024-01-06" in found.notes[-1]


def test_holidays_on_working_days_are_no_gaps() -> None:
    days = np.arange("2024-01-01", "2024-02-10", dtype="datetime64[D]")
    days = days[np.is_busday(days) & (days != np.datetime64("2024-01-15"))]
    found = panel(table(day=days.astype(str).tolist(), sold=list(range(len(days)))))
    assert len(found.series[0]) == len(days)
    assert "lacks 1 weekdays" in found.notes[-1]


def test_covariates_known_ahead_go_on_behind_the_last_value() -> None:
    given = table(day=DAYS, sold=["1", "2", "3", ""], holiday=["0", "1", "0", "1"])
    one = panel(given, value="sold", future=["holiday"]).series[0]
    assert one.values.tolist() == [1, 2, 3]
    assert one.future[:, 0].tolist() == [0, 1, 0, 1]


def test_a_missing_covariate_is_an_error() -> None:
    given = table(day=DAYS, sold=["1", "2", "3", "4"], rain=["0", "", "0", "1"])
    with pytest.raises(DataError, match=r"line 3, column 'rain': a covariate expected a finite"):
        panel(given, value="sold", past=["rain"])


def test_arrays_dictionaries_and_frames_are_taken() -> None:
    assert len(as_panel([1.0, 2.0]).series[0]) == 2
    assert [s.name for s in as_panel(np.ones((3, 2)) * [1, 2]).series] == ["series 1", "series 2"]
    pandas = pytest.importorskip("pandas")
    index = pandas.date_range("2020-01-01", periods=3, freq="MS", name="month")
    found = as_panel(pandas.Series([1.0, 2.0, 3.0], index=index, name="sold"))
    assert (found.frequency.name, found.series[0].name) == ("monthly", "sold")


def test_arrays_that_are_no_series_are_refused() -> None:
    with pytest.raises(DataError, match="expected numbers"):
        as_panel(["a", "b"])
    with pytest.raises(DataError, match=r"expected covariates of shape \(2, covariates\)"):
        as_panel(np.ones((3, 1)), [1.0, 2.0])
    with pytest.raises(DataError, match=r"data, row 2, column 'value': no value"):
        as_panel([1.0, np.nan, 2.0])
