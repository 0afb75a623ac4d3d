"""What a network must beat."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.tasks.forecasting import baselines as b

VALUES = np.array([1.0, 2.0, 3.0, 4.0, np.nan, 6.0])


@pytest.mark.parametrize("rule", [b.persistence, b.seasonal_naive, b.drift])
def test_nothing_behind_an_origin_is_used(rule: b.Baseline) -> None:
    changed = VALUES.copy()
    changed[4:] = 99.0
    origins = np.array([2, 3])
    np.testing.assert_array_equal(rule(VALUES, 3, origins, 3, 2), rule(changed, 3, origins, 3, 2))


def test_a_gap_at_an_origin_is_filled_by_the_value_before() -> None:
    assert b.persistence(VALUES, 3, np.array([4]), 1, 1).tolist() == [[4.0]]
    assert b.seasonal_naive(VALUES, 3, np.array([4]), 2, 2).tolist() == [[4.0, 3.0]]


def test_exponential_smoothing_goes_on_with_trend_and_season() -> None:
    pytest.importorskip("statsmodels")
    season = np.tile([3.0, -1.0, -2.0, 0.0], 12)
    values = 100 + season + 0.5 * np.arange(48) + np.random.default_rng(0).normal(size=48) * 0.1
    found = b.exponential_smoothing(values, 40, np.array([39, 43]), 4, 4)
    np.testing.assert_allclose(found, [values[40:44], values[44:48]], atol=0.6)
    changed = values.copy()
    changed[44:] = 0
    again = b.exponential_smoothing(changed, 40, np.array([39, 43]), 4, 4)
    np.testing.assert_array_equal(found, again)


def test_the_seasonal_baseline_needs_a_season() -> None:
    assert "seasonal naive" not in b.baselines(1)
    assert list(b.baselines(12))[:3] == ["persistence", "seasonal naive", "drift"]
