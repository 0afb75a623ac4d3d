"""Dates are written as they should be, the same every time, and no date is in both parts."""

from __future__ import annotations

import datetime
import re

import pytest

from leftfold.datasets import written_dates


def test_no_date_is_in_both_parts_and_all_are_dates() -> None:
    train, test = written_dates.load_data(2000, 300)
    assert len(train[0]) == len(train[1]) == 2000 and len(test[1]) == 300
    assert not set(train[1]) & set(test[1])
    for text, standard in zip(*train, strict=True):
        date = datetime.date.fromisoformat(standard)
        digits = [int(part) for part in re.findall(r"\d+", text)]
        assert date.year in digits or text == f"{date:%Y%m%d}"


def test_the_seed_fixes_everything() -> None:
    assert written_dates.load_data(50, 5) == written_dates.load_data(50, 5)
    assert written_dates.load_data(50, 5) != written_dates.load_data(50, 5, seed=1)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("{en_day}, {en} {th}, {y}", "Tuesday, November 11th, 1980"),
        ("{de_day}, den {d}. {de} {y}", "Dienstag, den 11. November 1980"),
        ("{fr_day} {d} {fr} {y}", "mardi 11 novembre 1980"),
        ("{m:02}/{d:02}/{y}", "11/11/1980"),
    ],
)
def test_a_date_is_written_in_many_ways(form: str, text: str) -> None:
    assert written_dates._write(datetime.date(1980, 11, 11), form) == text


@pytest.mark.parametrize("sizes", [(0, 5), (5, 0), (73_000, 500)])
def test_sizes_that_cannot_be_are_named(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"got {sizes[0]} and {sizes[1]}"):
        written_dates.load_data(*sizes)
