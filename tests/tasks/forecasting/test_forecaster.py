"""`Forecaster`: learning, forecasting, judging, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold.saving import SavingError
from leftfold.tasks import Forecaster
from leftfold.tasks.errors import DataError, NotFittedError
from leftfold.tasks.forecasting.choosing import describe_candidates
from leftfold.tasks.forecasting.series import find_roles, read_panel
from leftfold.tasks.tables import Table

QUICK: dict[str, Any] = dict(ensemble=1, epochs=8, units=8, season_length=1)


def wave(n: int = 160, noise: float = 0.05, seed: int = 0) -> np.ndarray:
    """A cycle of 9.5 steps, which no season of whole steps holds."""
    chance = np.random.default_rng(seed).normal(size=n)
    return 10 + np.sin(2 * np.pi * np.arange(n) / 9.5) + noise * chance


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return Forecaster(horizon=4, **{**QUICK, "epochs": 40, "units": 16}).fit(wave()[:-20])


def test_a_network_learns_what_no_smoothing_does(fitted: Forecaster) -> None:
    truth = wave()[-20:-16]
    assert np.abs(fitted.predict() - truth).mean() < 0.2
    found = fitted.backtest(wave())
    rows = dict(zip(found.table["model"], found.table["MAE"], strict=True))
    assert rows["network"] < 0.5 * rows["persistence"]
    assert found.verdicts[0].startswith("The network beats persistence: its errors are ")


def test_auto_tries_each_network_within_one_time_limit_and_keeps_the_best(tmp_path: Path) -> None:
    forecaster = Forecaster(horizon=4, cell="auto", time_limit=60, **QUICK).fit(wave())
    tried = forecaster.candidates_
    assert {one.cell for one in tried} == {
        "gru", "lstm", "simple_rnn", "convolution", "dense", "none"
    }  # fmt: skip
    assert [one.loss for one in tried] == sorted(one.loss for one in tried)
    best = next(one for one in tried if one.cell != "none")
    assert forecaster.model.count_params() == best.parameters
    forecaster.save(tmp_path / "f.leftfold")
    assert Forecaster.load(tmp_path / "f.leftfold").candidates_ == tried
    columns = describe_candidates(tried)
    assert list(columns) == [
        "network", "validation pinball", "share used", "seconds", "parameters", "ended by"
    ]  # fmt: skip


def test_auto_leaves_out_what_is_not_recursive() -> None:
    settings = {**QUICK, "epochs": 1}
    forecaster = Forecaster(horizon=2, cell="auto", method="recursive", **settings).fit(wave(60))
    assert {one.cell for one in forecaster.candidates_} == {"gru", "lstm", "simple_rnn", "none"}
    with pytest.raises(ValueError, match="cell expected one of"):
        Forecaster(cell="dense", method="recursive").fit(wave(60))


def test_the_score_is_the_gain_over_persistence(fitted: Forecaster) -> None:
    score = fitted.score(wave()[-20:])
    assert 0.5 < score < 1
    assert score == pytest.approx(fitted.score(None, wave()[-20:]))


def test_shapes_of_forecasts_for_one_series_and_for_many(fitted: Forecaster) -> None:
    assert fitted.predict().shape == (4,)
    assert fitted.predict(2).shape == (2,)
    assert fitted.predict_quantiles().shape == (4, 5)
    assert fitted.predict_interval(coverage=0.5).shape == (4, 2)
    many = Forecaster(horizon=3, **QUICK).fit({"a": wave(60), "b": wave(50) * 100})
    assert many.predict().shape == (2, 3)
    assert many.predict()[1].mean() > 500


def test_quantiles_ascend_and_intervals_nest(fitted: Forecaster) -> None:
    assert np.all(np.diff(fitted.predict_quantiles(4, [0.05, 0.3, 0.5, 0.7, 0.95])) >= 0)
    wide, narrow = fitted.predict_interval(coverage=0.95), fitted.predict_interval(coverage=0.5)
    assert np.all(wide[:, 0] <= narrow[:, 0])
    assert np.all(wide[:, 1] >= narrow[:, 1])
    np.testing.assert_allclose(fitted.predict(), fitted.predict_quantiles(4, [0.5])[:, 0])
    with pytest.raises(ValueError, match=r"quantiles expected numbers from 0.025 to 0.975"):
        fitted.predict_quantiles(4, [0.001])


def test_the_same_seed_gives_the_same_bits() -> None:
    first = Forecaster(horizon=3, **QUICK).fit(wave(60)).predict()
    second = Forecaster(horizon=3, **QUICK).fit(wave(60)).predict()
    np.testing.assert_array_equal(first, second)
    other = Forecaster(horizon=3, random_state=5, **QUICK).fit(wave(60)).predict()
    assert np.any(other != first)


@pytest.mark.parametrize(("method", "members"), [("direct", 1), ("direct", 2), ("recursive", 2)])
def test_saving_keeps_forecasts_bit_for_bit(method: str, members: int, tmp_path: Path) -> None:
    settings = {**QUICK, "epochs": 3, "ensemble": members}
    forecaster = Forecaster(horizon=3, method=method, **settings).fit(wave(60))
    path = tmp_path / "forecast.leftfold"
    forecaster.save(path)
    loaded = Forecaster.load(path)
    np.testing.assert_array_equal(loaded.predict_quantiles(), forecaster.predict_quantiles())
    assert loaded.get_params() == {
        **forecaster.get_params(),
        "quantiles": list(forecaster.quantiles),
    }
    assert loaded.model.count_params() == forecaster.model.count_params()


def test_a_corrupted_file_is_refused_in_a_line(tmp_path: Path, fitted: Forecaster) -> None:
    path = tmp_path / "forecast.leftfold"
    fitted.save(path)
    content = path.read_bytes()
    for cut in (content[: len(content) // 2], b"nonsense", b""):
        path.write_bytes(cut)
        with pytest.raises(SavingError) as caught:
            Forecaster.load(path)
        assert "\n" not in str(caught.value)


def test_a_recursive_forecast_goes_beyond_the_horizon() -> None:
    forecaster = Forecaster(horizon=4, method="recursive", **{**QUICK, "epochs": 40, "units": 16})
    forecaster.fit(wave()[:-20])
    truth = wave()[-20:]
    assert np.corrcoef(forecaster.predict(10), truth[:10])[0, 1] > 0.7
    intervals = forecaster.predict_interval(20, coverage=0.95)
    assert np.mean((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])) > 0.7


def test_a_direct_forecast_beyond_the_horizon_is_refused(fitted: Forecaster) -> None:
    with pytest.raises(DataError, match="expected at most 4 steps, for which this forecaster was"):
        fitted.predict(5)


def test_covariates_known_ahead_are_used() -> None:
    generator = np.random.default_rng(0)
    sale = (generator.random((240, 1)) < 0.3).astype(float)
    sold = 50 + 20 * sale[:, 0] + generator.normal(size=240)
    forecaster = Forecaster(
        horizon=6, **{**QUICK, "epochs": 60, "units": 16, "differencing": "none"}
    )
    forecaster.fit(sale[:-6], sold[:-6])
    with_sale = forecaster.predict(np.ones((6, 1)))
    without = forecaster.predict(np.zeros((6, 1)))
    assert with_sale.mean() - without.mean() == pytest.approx(20, abs=5)
    with pytest.raises(DataError, match="needs the covariates of 6 steps behind its end"):
        forecaster.predict(6)
    with pytest.raises(DataError, match="expected 1 covariates a step, got 2"):
        forecaster.predict(np.ones((6, 2)))


def test_covariates_of_the_past_need_no_future() -> None:
    generator = np.random.default_rng(0)
    hint = generator.normal(size=150)
    value = 10 + np.r_[0, hint[:-1]] + 0.05 * generator.normal(size=150)
    given = Table({"hint": hint.tolist(), "value": value.tolist()})
    panel = read_panel(given, find_roles(given, value="value", past=["hint"])[0])
    settings = {**QUICK, "epochs": 80, "units": 16, "differencing": "none"}
    found = Forecaster(horizon=1, **settings).backtest(panel)
    rows = dict(zip(found.table["model"], found.table["MAE"], strict=True))
    assert rows["network"] < 0.5 * rows["without the network"]


def test_gaps_are_passed_over() -> None:
    values = wave(120)
    values[[20, 21, 50, 90]] = np.nan
    forecaster = Forecaster(horizon=3, missing="skip", **QUICK).fit(values)
    assert np.isfinite(forecaster.predict()).all()
    with pytest.raises(DataError, match="row 21, column 'value': no value"):
        Forecaster(horizon=3, **QUICK).fit(values)


def test_a_constant_series_is_an_error_alone_and_left_out_among_others() -> None:
    with pytest.raises(DataError, match="'value' is constant: all its values are 3"):
        Forecaster(horizon=3, **QUICK).fit(np.full(50, 3.0))
    forecaster = Forecaster(horizon=3, **QUICK).fit({"flat": np.full(50, 3.0), "wave": wave(50)})
    assert [one.name for one in forecaster.panel_.series] == ["wave"]
    assert "1 of 2 series are left out: 'flat' is constant" in forecaster.notes_[-1]


def test_a_horizon_longer_than_the_data_is_an_error() -> None:
    with pytest.raises(
        DataError, match="the horizon of 30 steps is longer than the data: 'value' has 20"
    ):
        Forecaster(horizon=30, **QUICK).fit(wave(20))
    with pytest.raises(DataError, match="'value' has 20 values, a horizon of 15 needs 23 at least"):
        Forecaster(horizon=15, **QUICK).fit(wave(20))


def test_new_values_are_forecast_from_without_training(fitted: Forecaster) -> None:
    other = Forecaster(horizon=4, **QUICK).fit(wave()[:-20])
    weights = other.model.get_weights()
    before = other.predict()
    other.update(wave())
    assert np.any(other.predict() != before)
    for old, new in zip(weights, other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_values_behind_the_training_part_do_not_change_what_is_learnt() -> None:
    one, other = wave(80), wave(80)
    other[70:] += 100
    models = [Forecaster(horizon=3, **QUICK) for _ in range(2)]
    for model, values in zip(models, (one, other), strict=True):
        model.backtest(values, test=10)
    for old, new in zip(models[0].model.get_weights(), models[1].model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(horizon=0), "horizon expected a whole number of at least 1, got 0"),
        (dict(cell="rnn"), "cell expected one of"),
        (dict(method="both"), "method expected one of"),
        (dict(differencing="twice"), "differencing expected one of"),
        (dict(quantiles=[1.5]), "quantiles expected numbers between 0 and 1"),
        (dict(validation=0), "validation expected a share"),
        (dict(season_length="yes"), "season_length expected a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Forecaster(**settings).fit(wave(60))


def test_an_unfitted_forecaster_says_so(tmp_path: Path) -> None:
    for call in (Forecaster().predict, lambda: Forecaster().save(tmp_path / "x")):
        with pytest.raises(NotFittedError, match="This Forecaster is not fitted yet"):
            call()


def test_it_works_with_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn")
    from sklearn.model_selection import TimeSeriesSplit, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    forecaster = Forecaster(horizon=3, **QUICK)
    clone = sklearn.base.clone(forecaster)
    assert clone.get_params() == forecaster.get_params()
    assert clone is not forecaster
    y, x = wave(120), np.random.default_rng(0).normal(size=(120, 2))
    scores = cross_val_score(make_pipeline(StandardScaler(), clone), x, y, cv=TimeSeriesSplit(2))
    assert np.isfinite(scores).all()
