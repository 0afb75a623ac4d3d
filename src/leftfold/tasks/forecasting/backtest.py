"""Rolling-origin backtesting: forecasts as they would have been made, beside the baselines'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.evaluation import Interval, bootstrap_interval
from leftfold.tasks.forecasting import engine, metrics
from leftfold.tasks.forecasting.baselines import PERSISTENCE, baselines, persistence
from leftfold.tasks.forecasting.series import Panel
from leftfold.tasks.forecasting.times import told

if TYPE_CHECKING:
    from leftfold.tasks.forecasting.forecaster import Forecaster

NETWORK = "network"
WITHOUT = "without the network"
MOST_ORIGINS = 2000
_MANY_SERIES = 10


@dataclass(frozen=True)
class SeriesResult:
    """Forecasts of one series.

    Attributes:
        name: of the series.
        values: the whole series, `(n,)`.
        times: `(n,)`.
        begin: where the test part begins; nothing from there on was fitted to.
        origins: `(O,)`, positions of last known values.
        truth: `(O, H)`, NaN where not known.
        forecasts: medians and baselines by name, each `(O, H)`.
        quantiles: of the network, `(O, H, Q)`.
        scale: by which MASE divides.
    """

    name: str
    values: np.ndarray
    times: np.ndarray
    begin: int
    origins: np.ndarray
    truth: np.ndarray
    forecasts: dict[str, np.ndarray]
    quantiles: np.ndarray
    scale: float


@dataclass(frozen=True)
class Backtest:
    """What a backtest found.

    Attributes:
        series: the forecasts.
        levels: of the quantiles.
        season_length: of the panel.
        test_begins: the earliest time of the test part.
    """

    series: list[SeriesResult]
    levels: list[float]
    season_length: int
    test_begins: str

    @property
    def models(self) -> list[str]:
        """The network, what there is without it, and the baselines."""
        return list(self.series[0].forecasts)

    @property
    def table(self) -> dict[str, list[Any]]:
        """Metrics by name, one value for each of `models`; intervals for the network only."""
        rows = [self._row(model) for model in self.models]
        return {"model": self.models, **{key: [row[key] for row in rows] for key in rows[0]}}

    def _row(self, model: str) -> dict[str, Any]:
        truth = np.concatenate([one.truth.ravel() for one in self.series])
        forecast = np.concatenate([one.forecasts[model].ravel() for one in self.series])
        each = [metrics.mase(one.truth, one.forecasts[model], one.scale) for one in self.series]
        row: dict[str, Any] = {
            "MAE": metrics.mae(truth, forecast),
            "RMSE": metrics.rmse(truth, forecast),
            "MASE": float(np.mean(each)),
            "sMAPE": metrics.smape(truth, forecast),
        }
        row["pinball"] = self.pinball if model == NETWORK else None
        for share, found in self.coverages.items():
            row[f"coverage {share:.0%}"] = found if model == NETWORK else None
        return row

    @property
    def pinball(self) -> float:
        """Of the network, the mean over its quantiles."""
        truth = np.concatenate([one.truth.ravel() for one in self.series])
        found = np.concatenate([one.quantiles.reshape(-1, len(self.levels)) for one in self.series])
        return metrics.pinball(truth, found, self.levels)

    @property
    def coverages(self) -> dict[float, float]:
        """By what each interval should cover, what it covered."""
        truth = np.concatenate([one.truth.ravel() for one in self.series])
        found = np.concatenate([one.quantiles.reshape(-1, len(self.levels)) for one in self.series])
        return {
            share: metrics.coverage(truth, found[:, low], found[:, high])
            for low, high, share in metrics.pairs(self.levels)
        }

    @property
    def best_baseline(self) -> str:
        """The baseline with the smallest MASE."""
        table = self.table
        errors = {m: e for m, e in zip(table["model"], table["MASE"], strict=True)}
        return min((m for m in errors if m not in (NETWORK, WITHOUT)), key=lambda m: errors[m])

    def gain(self, baseline: str) -> Interval:
        """By which share the network's errors are smaller than a baseline's.

        Errors of a series are measured in its own scale. The interval comes from drawing whole
        series, or, where there are few, blocks of consecutive origins.
        """
        network: list[np.ndarray] = []
        other: list[np.ndarray] = []
        groups: list[np.ndarray] = []
        many = len(self.series) >= _MANY_SERIES
        for number, one in enumerate(self.series):
            horizon = one.truth.shape[1]
            known = ~np.all(np.isnan(one.truth), axis=1)
            for model, errors in ((NETWORK, network), (baseline, other)):
                wrong = np.abs(one.truth - one.forecasts[model])[known]
                errors.append(np.nanmean(wrong, axis=1) / one.scale)
            length = (
                max(1, round(horizon / max(1, float(np.median(np.diff(one.origins))))))
                if len(one.origins) > 1
                else 1
            )
            length = max(length, round(len(one.origins) ** (1 / 3)))
            block = (
                np.zeros(len(one.origins), int) if many else np.arange(len(one.origins)) // length
            )
            groups.append((block + number * 1_000_000)[known])

        def gain(first: np.ndarray, second: np.ndarray) -> float:
            return float(1 - first.mean() / second.mean()) if second.mean() > 0 else 0.0

        return bootstrap_interval(
            gain, np.concatenate(network), np.concatenate(other), groups=np.concatenate(groups)
        )

    def verdict(self, baseline: str) -> str:
        """In a sentence, whether the network beats a baseline."""
        found = self.gain(baseline)
        bounds = f"95 % interval {_percent(found.low)} to {_percent(found.high)}"
        size = f"{abs(found.value) * 100:.1f} % {'smaller' if found.value >= 0 else 'larger'}"
        if len(set(_rows(self.series))) < 2:
            return (
                f"Compared with {baseline}, the network's errors are {size}, from a single origin: "
                "no judgement."
            )
        if found.low > 0:
            squared = self._squared(NETWORK) / self._squared(baseline)
            limit = "" if squared < 1 else " Its squared errors are not, as large ones weigh there."
            return f"The network beats {baseline}: its errors are {size} ({bounds}).{limit}"
        if found.high < 0:
            return f"The network loses to {baseline}: its errors are {size} ({bounds})."
        return (
            f"The network does not beat {baseline}: its errors are {size}, which may be chance "
            f"({bounds})."
        )

    def _squared(self, model: str) -> float:
        """Mean squared error in the series' own scales."""
        wrong = [((s.truth - s.forecasts[model]) / s.scale).ravel() for s in self.series]
        return float(np.nanmean(np.concatenate(wrong) ** 2))

    @property
    def verdicts(self) -> list[str]:
        """Against persistence, and against the best baseline where that is another."""
        best = self.best_baseline
        return [self.verdict(name) for name in dict.fromkeys([PERSISTENCE, best])]

    @property
    def one_step_warning(self) -> str:
        """Why a plot of forecasts one step ahead deceives here; empty where it does not.

        A forecast that repeats the last value lies close to the truth wherever values change
        little from step to step, and a plot of both looks excellent.
        """
        parts = [
            (one.truth[:, 0], one.forecasts[NETWORK][:, 0],
             persistence(one.values, len(one.values), one.origins, 1, 1)[:, 0])
            for one in self.series
            if len(one.origins) >= 10
        ]  # fmt: skip
        if not parts:
            return ""
        of_network = float(np.median([_r2(truth, network) for truth, network, _ in parts]))
        of_last = float(np.median([_r2(truth, last) for truth, _, last in parts]))
        if of_last < 0.5 or 1 - of_network < 0.8 * (1 - of_last):
            return ""
        alike = float(np.median([_correlation(network, last) for _, network, last in parts]))
        return (
            "One-step-ahead plots look better than they are: the forecasts follow the truth with "
            f"R2 {of_network:.3f}, but so does saying that nothing changes, R2 {of_last:.3f}. "
            f"The forecasts resemble the value just before (correlation {alike:.3f}): what looks "
            "like foresight is the truth one step late."
        )


def split_begins(panel: Panel, horizon: int, test: int | float | None) -> list[int]:
    """Where the test part of each series begins.

    Args:
        panel: the series.
        horizon: steps ahead.
        test: values of each series, or their share; by default a fifth, `horizon` at least.

    Raises:
        ValueError: for a test part that is no share and no number.
    """
    if test is not None and not (isinstance(test, int) and test >= 1) and not 0 < test < 1:
        raise ValueError(f"test expected a share below 1 or a number of values, got {test!r}.")
    begins = []
    for one in panel.series:
        n = len(one)
        wanted = max(horizon, round(0.2 * n)) if test is None else test
        size = round(wanted * n) if isinstance(wanted, float) else wanted
        begins.append(max(n - max(1, size), 0))
    return begins


def run_backtest(
    forecaster: Forecaster, panel: Panel, begins: Sequence[int], most_origins: int = MOST_ORIGINS
) -> Backtest:
    """Forecast from the end of the known part of each series, and from each origin behind it.

    Bases and baselines choose their parameters on the values before `begins`; from there on,
    values become known one after the other. Nothing is fitted to them, but intervals grow and
    shrink with how those of earlier origins covered what has become known.

    Args:
        forecaster: fitted.
        panel: whole series.
        begins: where the test part of each begins.
        most_origins: of one series; others are left out evenly. With many series, fewer each.
    """
    horizon = forecaster.horizon
    most = max(1, min(most_origins, 10 * most_origins // len(panel)))
    origins = []
    for one, begin in zip(panel.series, begins, strict=True):
        every = np.arange(begin - 1, max(begin, len(one) - horizon))
        step = -(-len(every) // most)
        origins.append(every[(len(every) - 1) % step :: step])
    prepared = forecaster.prepare(panel, begins)
    quantiles = engine.quantile_forecasts(forecaster, prepared, origins)
    without = engine.quantile_forecasts(forecaster, prepared, origins, share=0.0)
    middle = len(forecaster.levels_) // 2
    m = forecaster.season_length_
    found = []
    for one, begin, mine, network, base in zip(
        panel.series, begins, origins, quantiles, without, strict=True
    ):
        at = mine[:, None] + np.arange(1, horizon + 1)
        truth = np.where(at < len(one), one.values[np.minimum(at, len(one) - 1)], np.nan)
        forecasts = {NETWORK: network[..., middle], WITHOUT: base[..., middle]}
        for name, rule in baselines(m).items():
            forecasts[name] = rule(one.values, begin, mine, horizon, m)
        scale = metrics.naive_scale(one.values[:begin], m)
        found.append(
            SeriesResult(
                one.name, one.values, one.times, begin, mine, truth, forecasts, network, scale
            )
        )
    found = [one for one in found if not np.all(np.isnan(one.truth))]
    if not found:
        raise DataError(f"{panel.source} has no values to test on.")
    first = min(one.times[one.begin] for one in found)
    return Backtest(found, list(forecaster.levels_), m, told(first))


def _rows(series: Sequence[SeriesResult]) -> list[tuple[str, int]]:
    return [(one.name, int(origin)) for one in series for origin in one.origins]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _r2(truth: np.ndarray, forecast: np.ndarray) -> float:
    known = ~np.isnan(truth)
    around = np.sum((truth[known] - truth[known].mean()) ** 2)
    return float(1 - np.sum((truth[known] - forecast[known]) ** 2) / around) if around > 0 else 0.0


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
