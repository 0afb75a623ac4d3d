"""Backtests: honest, and plain about it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from leftfold.tasks import Forecaster
from leftfold.tasks.errors import DataError
from leftfold.tasks.forecasting import metrics
from leftfold.tasks.forecasting.backtest import Backtest, SeriesResult
from leftfold.tasks.report.forecast import cautions, forecast_page

QUICK: dict[str, Any] = dict(ensemble=1, epochs=6, units=8, season_length=1)


def walk(n: int = 300) -> np.ndarray:
    return 100 + np.cumsum(np.random.default_rng(3).normal(size=n))


def result(network_error: float, other_error: float, spread: float, n: int = 60) -> Backtest:
    """A backtest of one step, the errors of which are known."""
    generator = np.random.default_rng(0)
    truth = np.cumsum(generator.normal(size=n + 1))[1:, None]
    signs = generator.choice([-1.0, 1.0], (n, 1))
    noise = generator.normal(size=(n, 1)) * spread
    forecasts = {
        "network": truth + signs * (network_error + noise),
        "without the network": truth + other_error,
        "persistence": truth + other_error,
    }
    quantiles = forecasts["network"][..., None] + np.array([-1.0, 0.0, 1.0])
    values = np.r_[np.zeros(10), truth[:, 0]]
    origins = np.arange(9, 9 + n)
    times = np.arange(float(len(values)))
    one = SeriesResult("x", values, times, 10, origins, truth, forecasts, quantiles, 2.0)
    return Backtest([one], [0.1, 0.5, 0.9], 1, "10")


def test_verdicts_say_plainly_who_beats_whom() -> None:
    assert result(0.5, 1.0, 0.05).verdicts == [result(0.5, 1.0, 0.05).verdict("persistence")]
    assert result(0.5, 1.0, 0.05).verdicts[0].startswith("The network beats persistence")
    assert result(2.0, 1.0, 0.05).verdicts[0].startswith("The network loses to persistence")
    assert result(0.97, 1.0, 0.8).verdicts[0].startswith("The network does not beat persistence")


def test_a_win_by_absolute_errors_alone_is_called_that() -> None:
    found = result(0.5, 1.0, 0.0)
    assert "squared" not in found.verdict("persistence")
    found.series[0].forecasts["network"][5] += 8.0
    told = found.verdict("persistence")
    assert told.startswith("The network beats persistence")
    assert told.endswith("Its squared errors are not, as large ones weigh there.")


def test_the_table_holds_the_metrics_of_every_model() -> None:
    found = result(0.5, 1.0, 0.0)
    table = found.table
    assert table["model"] == ["network", "without the network", "persistence"]
    assert table["MAE"] == pytest.approx([0.5, 1.0, 1.0])
    assert table["MASE"] == pytest.approx([0.25, 0.5, 0.5])
    assert table["coverage 80%"] == [1.0, None, None]
    assert found.gain("persistence").value == pytest.approx(0.5)


def test_a_random_walk_is_not_beaten_and_its_plot_is_warned_of() -> None:
    found = Forecaster(horizon=1, **QUICK).backtest(walk())
    assert "beats" not in found.verdict("persistence")
    assert "One-step-ahead plots look better than they are" in found.one_step_warning
    assert "but so does saying that nothing changes" in found.one_step_warning


def test_origins_begin_where_training_ended() -> None:
    forecaster = Forecaster(horizon=5, **QUICK).fit(walk()[:200])
    (one,) = forecaster.backtest(walk()).series
    assert (one.begin, one.origins[0], one.origins[-1]) == (240, 239, 294)
    (one,) = forecaster.backtest(walk(), test=0.5).series
    assert one.begin == 200
    with pytest.raises(DataError, match="has no values behind those that this forecaster was"):
        forecaster.backtest(walk()[:200])


def test_the_truth_of_each_origin_is_what_came_after_it() -> None:
    forecaster = Forecaster(horizon=5, **QUICK)
    (one,) = forecaster.backtest(walk()).series
    for row in (0, 7, -1):
        origin = one.origins[row]
        np.testing.assert_array_equal(one.truth[row], walk()[origin + 1 : origin + 6])
        assert one.forecasts["persistence"][row, 0] == walk()[origin]


def test_intervals_of_the_test_part_cover_what_they_say() -> None:
    values = 10 + np.random.default_rng(0).normal(size=400)
    found = Forecaster(horizon=3, **QUICK).backtest(values)
    for share, covered in found.coverages.items():
        assert covered == pytest.approx(share, abs=0.07)


def test_few_origins_and_missing_intervals_are_cautioned_about() -> None:
    assert "only 1 origin " in cautions(result(1, 1, 0.1, n=1))[0]
    assert any("80% intervals covered 100.0%" in line for line in cautions(result(0.1, 1, 0.0)))


def test_a_test_part_must_be_a_share_or_a_number() -> None:
    with pytest.raises(ValueError, match="test expected a share below 1 or a number"):
        Forecaster(horizon=1, **QUICK).backtest(walk(), test=1.5)


@pytest.mark.parametrize("horizon", [1, 4])
def test_the_report_is_complete(horizon: int) -> None:
    pytest.importorskip("matplotlib")
    forecaster = Forecaster(horizon=horizon, **{**QUICK, "ensemble": 2})
    found = forecaster.backtest(walk(150))
    html = forecast_page(forecaster, found, {"Command": "leftfold <x>"}).html()
    for part in ("Forecasts over the truth", "persistence", "Residuals", "Training", "Settings",
                 "leftfold &lt;x&gt;", "95 % interval", found.verdicts[0]):  # fmt: skip
        assert part in html, part
    assert not re.search(r"(src|href)=\"(?!#)", html)


def test_metrics_of_known_errors() -> None:
    truth, forecast = np.array([2.0, 4.0, np.nan]), np.array([1.0, 6.0, 0.0])
    assert metrics.mae(truth, forecast) == 1.5
    assert metrics.rmse(truth, forecast) == pytest.approx(np.sqrt(2.5))
    assert metrics.smape(truth, forecast) == pytest.approx(100 * (2 / 3 + 4 / 10) / 2)
    assert metrics.mase(truth, forecast, 3.0) == 0.5
    assert metrics.naive_scale(np.array([1.0, 2.0, 4.0, 8.0]), 2) == 4.5
    assert metrics.naive_scale(np.array([5.0, 5.0]), 1) == 1.0
