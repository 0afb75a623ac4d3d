"""Smoothings and bases: what a series has of level, trend and season."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.tasks.forecasting.base import fit_base
from leftfold.tasks.forecasting.smoothing import Smoothing, season_strength, seasonal_indices

SEASON = np.array([3.0, -1.0, -2.0, 0.0])


def test_one_step_of_the_recurrence_is_that_of_the_formula() -> None:
    smoothing = Smoothing(0.5, 0.2, 0.1, 0.9, 10.0, 1.0, np.array([2.0, -2.0]))
    states = smoothing.run(np.array([15.0]))
    surprise = 15 - (10 + 0.9 + 2)
    assert states.surprises[0] == pytest.approx(surprise)
    assert states.levels[0] == pytest.approx(10.9 + 0.5 * surprise)
    assert states.trends[0] == pytest.approx(0.9 + 0.2 * surprise)
    forecast = states.forecast(np.array([0]), 2)[0]
    level, trend = states.levels[0], states.trends[0]
    assert forecast[0] == pytest.approx(level + 0.9 * trend - 2)
    assert forecast[1] == pytest.approx(level + (0.9 + 0.81) * trend + 2 + 0.1 * surprise)


def test_a_missing_value_changes_nothing_but_time() -> None:
    smoothing = Smoothing(0.5, 0.2, 0.1, 1.0, 10.0, 1.0, np.zeros(1))
    states = smoothing.run(np.array([np.nan, np.nan]))
    assert states.levels.tolist() == [11.0, 12.0]


def test_persistence_and_seasonal_persistence_are_special_cases() -> None:
    values = np.array([3.0, 5.0, 4.0, 8.0])
    last = Smoothing(1.0, 0.0, 0.0, 1.0, 0.0, 0.0, np.zeros(1)).run(values)
    assert last.forecast(np.array([1, 3]), 2).tolist() == [[5, 5], [8, 8]]
    season = Smoothing(0.0, 0.0, 1.0, 1.0, 0.0, 0.0, np.zeros(2)).run(values)
    assert season.forecast(np.array([3]), 3).tolist() == [[4, 8, 4]]


def test_seasonal_indices_are_found_under_a_trend() -> None:
    values = np.tile(SEASON, 10) + 2.0 * np.arange(40)
    np.testing.assert_allclose(seasonal_indices(values, 4), SEASON, atol=1e-9)


def test_the_strength_of_a_season_tells_it_from_chance() -> None:
    chance = np.random.default_rng(0).normal(size=120)
    assert season_strength(np.tile(SEASON, 30) + 0.1 * chance, 4) > 0.9
    assert season_strength(chance, 4) < 0.1
    assert season_strength(np.cumsum(chance), 12) < 0.1


def test_a_base_forecasts_a_line_with_a_season_without_error() -> None:
    values = 50 + np.tile(SEASON, 12) + 0.5 * np.arange(48)
    base = fit_base(values[:40], 8, 4)
    forecast = base.restore(base.run(values[:40]).forecast(np.array([39]), 8)[0])
    np.testing.assert_allclose(forecast, values[40:], rtol=0.02)


def test_logarithms_are_taken_where_growth_is_by_a_share() -> None:
    growing = 100 * 1.05 ** np.arange(60) * np.tile(1 + SEASON / 20, 15)
    assert fit_base(growing, 8, 4).log
    assert not fit_base(growing - growing.mean(), 8, 4).log


def test_a_base_does_not_see_behind_its_training_part() -> None:
    values = np.cumsum(np.random.default_rng(1).normal(size=80))
    one, other = values.copy(), values.copy()
    other[60:] = 1e6
    assert repr(fit_base(one[:60], 5, 4)) == repr(fit_base(other[:60], 5, 4))


def test_differences_are_named() -> None:
    values = np.cumsum(np.ones(30))
    assert fit_base(values, 3, 1, "first", False).told == "differences from the last value"
    with pytest.raises(ValueError, match="log=True expected values above 0, got 0"):
        fit_base(values - 1, 3, 1, "auto", True)
