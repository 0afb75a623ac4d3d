"""`Forecaster`: what a network makes of the past of one series or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from leftfold.callbacks import Callback
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.files import TaskFile
from leftfold.tasks.forecasting import ahead, choosing, engine, settings, state
from leftfold.tasks.forecasting.backtest import Backtest, run_backtest, split_begins
from leftfold.tasks.forecasting.base import fit_base
from leftfold.tasks.forecasting.inputs import as_panel
from leftfold.tasks.forecasting.series import Panel
from leftfold.tasks.forecasting.windows import Prepared, Scaler, prepare


class Forecaster(TaskEstimator):
    """Forecasts of one series or many, with intervals, from one network for all of them.

    Of each series, level, trend and season are taken out by exponential smoothing or by
    differences, as its training part suggests (`differencing`); a recurrent network learns what is
    left, in units of the series' own surprises. How much of the network is used is decided on the
    validation part, on which the intervals are calibrated, too.

    Args:
        horizon: steps to forecast.
        cell: `"gru"`, `"lstm"`, `"simple_rnn"`, or `"convolution"` and `"dense"`, which are no
            recurrences and forecast by the direct method only; `"auto"` trains each within its
            share of `time_limit` and takes the one that does best on the validation part.
        units: of the network.
        dropout: share of the network's inputs and states that are hidden in training.
        method: `"direct"` for all steps at once, or `"recursive"` for one step after the other,
            each taken for true in the next; a recursive forecast may go beyond the horizon.
        window: steps of history that the network reads; `"auto"` for two seasons or more.
        season_length: steps in a season, 1 for none; `"auto"` by the frequency of the times, or
            without times by what the values show.
        differencing: `"smoothing"`, `"first"`, `"seasonal"`, `"none"`, or `"auto"` for the one
            that forecasts the training part of a series best.
        log: whether to work on logarithms; `"auto"` where that forecasts the training part better.
        quantiles: to forecast, beside the median; their mirror images are added.
        calibrate: whether to widen or narrow intervals so that they cover the validation part.
        ensemble: networks, from different random weights, whose forecasts are averaged.
        validation: share of each series, its end, that only decides when to stop.
        epochs: at most, for each network.
        patience: epochs without improvement before a network's training ends.
        batch_size: windows in a step; `"auto"` by how many there are.
        learning_rate: of Adam.
        time_limit: seconds of training at most, all networks together.
        missing: `"error"` to refuse missing values, `"skip"` to pass over them.
        paths: of a recursive forecast.
        random_state: seed of weights, order and paths.

    Example:
        >>> months = np.arange(120)
        >>> sales = 100 + months + 20 * np.sin(months * np.pi / 6)
        >>> forecaster = Forecaster(horizon=12, season_length=12, ensemble=1, epochs=2)
        >>> forecaster.fit(sales).predict(3).round()
        array([220., 231., 239.])
    """

    _estimator_type = "regressor"

    def __init__(
        self,
        horizon: int = 12,
        *,
        cell: str = "gru",
        units: int = 24,
        dropout: float = 0.0,
        method: str = "direct",
        window: int | str = "auto",
        season_length: int | str = "auto",
        differencing: str = "auto",
        log: bool | str = "auto",
        quantiles: Sequence[float] = (0.025, 0.1, 0.5, 0.9, 0.975),
        calibrate: bool = True,
        ensemble: int = 3,
        validation: float = 0.2,
        epochs: int = 60,
        patience: int = 8,
        batch_size: int | str = "auto",
        learning_rate: float = 2e-3,
        time_limit: float | None = None,
        missing: str = "error",
        paths: int = 100,
        random_state: int = 0,
    ) -> None:
        self.horizon = horizon
        self.cell = cell
        self.units = units
        self.dropout = dropout
        self.method = method
        self.window = window
        self.season_length = season_length
        self.differencing = differencing
        self.log = log
        self.quantiles = quantiles
        self.calibrate = calibrate
        self.ensemble = ensemble
        self.validation = validation
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.time_limit = time_limit
        self.missing = missing
        self.paths = paths
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        callbacks: Callable[[int], Sequence[Callback]] = lambda member: (),
        **columns: Any,
    ) -> Forecaster:
        """Train on series; the last part of each only validates.

        Args:
            X: the series: an array `(n,)` or `(n, series)`, a dictionary of arrays, a data frame,
                a `Table` or a `Panel`. Or, with `y`, covariates `(n, F)` that are known ahead.
            y: the values `(n,)` of one series.
            callbacks: for the number of a network in the ensemble, callbacks for its training.
            **columns: of a data frame or table: `time`, `value`, `series`, `past`, `future`;
                `sort=True` for rows out of order.

        Raises:
            DataError: for series that cannot be used, in a sentence that says which and why.
            ValueError: for a setting that makes no sense.
        """
        settings.check_settings(self)
        panel = as_panel(X, y, missing=self.missing, **columns)
        panel = settings.usable(self, panel)
        self.notes_ = list(panel.notes)
        self.levels_ = _symmetric(self.quantiles)
        ends = [settings.train_end(self, len(series)) for series in panel.series]
        self.season_length_ = settings.season_of(self, panel, ends)
        self.window_ = settings.window_of(self, ends)
        self.past_ = Scaler.of([s.past[:end] for s, end in zip(panel.series, ends, strict=True)])
        self.future_ = Scaler.of(
            [s.future[:end] for s, end in zip(panel.series, ends, strict=True)]
        )
        prepared = self.prepare(panel, ends)
        trained, self.candidates_ = choosing.trained(self, prepared, ends, callbacks)
        self.model_ = trained.model
        self.spread_, self.resting_ = trained.spread, trained.resting
        self.share_, self.trainings_ = trained.share, trained.trainings
        self.windows_ = trained.windows
        self.bases_ = {p.series.name: p.base.told for p in prepared}
        self.margins_ = np.zeros(len(self.levels_))
        self.compiled_: Any = None
        if self.method == "recursive":
            self.share_ = engine.best_share(self, prepared, ends)
        if self.calibrate:
            self.margins_ = engine.calibrated_margins(self, prepared, ends)
        self.trained_until_ = {
            one.name: float(
                np.asarray(one.times[-1]).astype(np.int64 if one.times.dtype.kind == "M" else float)
            )
            for one in panel.series
        }
        self.update(panel)
        return self

    def update(self, data: Any, y: Any = None, **columns: Any) -> Forecaster:
        """Take new values of the series, or other series, to forecast from; nothing is trained.

        Level, trend and season are estimated again from all their values, the network stays.

        Args:
            data: as `fit` takes it.
            y: as `fit` takes it.
            **columns: as `fit` takes them.
        """
        self._check_fitted()
        panel = as_panel(data, y, missing=self.missing, **columns)
        ahead.check_covariates(self, panel)
        self.panel_ = panel
        self._ready: list[Prepared] | None = None
        return self

    def predict(self, horizon: Any = None) -> np.ndarray:
        """Medians of the steps behind the end of each series.

        Args:
            horizon: how many steps, by default those of training; or the covariates `(steps, F)`
                that are known of them, which a data frame's rows without a value can give, too.

        Returns:
            `(steps,)` for one series, `(series, steps)` for several.

        Raises:
            NotFittedError: before `fit`.
            DataError: for more steps than there are covariates for, or than were trained.
        """
        self._check_fitted()
        found = ahead.quantiles_at_the_end(self, horizon)
        return found[..., len(self.levels_) // 2]

    def predict_quantiles(
        self,
        horizon: Any = None,
        quantiles: Sequence[float] | None = None,
    ) -> np.ndarray:
        """Quantiles of the steps behind the end of each series.

        Args:
            horizon: as in `predict`.
            quantiles: others than those trained, between the smallest and the largest of them.

        Returns:
            `(steps, Q)` for one series, `(series, steps, Q)` for several.
        """
        self._check_fitted()
        found = ahead.quantiles_at_the_end(self, horizon)
        wanted = list(self.quantiles if quantiles is None else quantiles)
        low, high = self.levels_[0], self.levels_[-1]
        if any(not low <= q <= high for q in wanted):
            raise ValueError(f"quantiles expected numbers from {low:g} to {high:g}, got {wanted}.")
        return ahead.between(found, self.levels_, wanted)

    def predict_interval(self, horizon: Any = None, coverage: float = 0.8) -> np.ndarray:
        """Intervals that cover the truth with a probability, `(..., steps, 2)`.

        Args:
            horizon: as in `predict`.
            coverage: such as 0.8; intervals lie around the median.
        """
        return self.predict_quantiles(horizon, [(1 - coverage) / 2, (1 + coverage) / 2])

    def score(self, X: Any, y: Any = None) -> float:
        """How much smaller errors are than those of persistence on values that come next.

        From the end of the series, and then from each of the new values, `horizon` steps are
        forecast. 1 is perfect, 0 no better than saying that nothing changes, below 0 worse.

        Args:
            X: values `(n,)` that follow on the series (several: `(n, series)`); with `y`,
                covariates `(n, F)`.
            y: values `(n,)` that follow.
        """
        self._check_fitted()
        grown, ends = state.extended(self.panel_, X, y)
        return ahead.gain_over_persistence(self, grown, ends)

    def future_times(self, steps: int | None = None) -> list[np.ndarray]:
        """The times of the steps behind the end of each series."""
        self._check_fitted()
        count = np.arange(1, (steps or self.horizon) + 1)
        return [self.panel_.frequency.at(s.times[-1], count) for s in self.panel_.series]

    def forecast_from(
        self,
        panel: Panel,
        origins: Sequence[np.ndarray],
        known: Sequence[int],
        horizon: int | None = None,
        share: float | None = None,
    ) -> list[np.ndarray]:
        """Forecasts from within series, as they would have been made there.

        Args:
            panel: the series.
            origins: of each, the positions of last known values.
            known: of each, how many values its base may be chosen on.
            horizon: steps ahead; the trained ones by default.
            share: of the network; 0 for what there is without it.

        Returns:
            For each series `(origins, horizon, Q)`, of the quantiles `levels_`.
        """
        self._check_fitted()
        return engine.quantile_forecasts(
            self, self.prepare(panel, known, horizon), origins, horizon, share
        )

    def backtest(
        self, data: Any, y: Any = None, *, test: int | float | None = None, **columns: Any
    ) -> Backtest:
        """Judge forecasts from a rolling origin, beside those of the baselines.

        A forecaster that is not fitted yet is fitted first, on what comes before the test part.
        One that is fitted is judged on the values behind those it was trained on; series that it
        does not know are judged on their last part.

        Args:
            data: whole series, as `fit` takes them.
            y: as `fit` takes it.
            test: values at the end of each series to judge on, or their share; by default a fifth,
                and `horizon` at least.
            **columns: as `fit` takes them.

        Raises:
            DataError: when nothing is left to judge on.
        """
        panel = as_panel(data, y, missing=self.missing, **columns)
        begins = split_begins(panel, self.horizon, test)
        if not self.__sklearn_is_fitted__():
            self.fit(panel.until(begins))
            fitted = {one.name for one in self.panel_.series}
            kept = [i for i, one in enumerate(panel.series) if one.name in fitted]
            panel = panel.with_series([panel.series[i] for i in kept])
            return run_backtest(self, panel, [begins[i] for i in kept])
        ahead.check_covariates(self, panel)
        panel, begins = ahead.unseen(self, panel, begins)
        return run_backtest(self, panel, begins)

    def prepare(
        self, panel: Panel, known: Sequence[int], horizon: int | None = None
    ) -> list[Prepared]:
        """Series with their bases and what the network reads of each step.

        Args:
            panel: the series.
            known: of each, how many values its base may be chosen on.
            horizon: steps ahead; the trained ones by default.
        """
        return [
            prepare(
                one,
                fit_base(
                    one.values[:end], self.horizon, self.season_length_, self.differencing, self.log
                ),
                panel.frequency,
                self.season_length_,
                self.past_,
                self.future_,
                horizon or self.horizon,
            )
            for one, end in zip(panel.series, known, strict=True)
        ]

    def _state(self) -> TaskFile:
        return state.packed(self)

    def _set_state(self, content: TaskFile) -> None:
        state.unpack(self, content)


def _symmetric(quantiles: Sequence[float]) -> list[float]:
    """The quantiles with 0.5 and their mirror images, ascending."""
    every = {round(float(q), 6) for q in quantiles}
    return sorted(every | {0.5} | {round(1 - q, 6) for q in every})
