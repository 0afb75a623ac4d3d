"""`Forecaster`: what a network makes of the past of one series or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from leftfold import streaming
from leftfold.callbacks import Callback
from leftfold.tasks.errors import DataError
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.files import TaskFile
from leftfold.tasks.forecasting import fitting, state
from leftfold.tasks.forecasting.backtest import Backtest, run_backtest, split_begins
from leftfold.tasks.forecasting.base import KINDS, fit_base
from leftfold.tasks.forecasting.inputs import as_panel
from leftfold.tasks.forecasting.network import (
    CELLS,
    METHODS,
    adapted_margins,
    conformal_margins,
    pinball,
    shrunk,
)
from leftfold.tasks.forecasting.paths import Drawing, simulate
from leftfold.tasks.forecasting.series import Panel, Series
from leftfold.tasks.forecasting.smoothing import season_strength
from leftfold.tasks.forecasting.windows import Prepared, Scaler, make_windows, prepare

_SHORTEST = 8
_CYCLES = (4, 5, 7, 12, 24, 52)
_CLEAR_SEASON = 0.4
_MOST_ADAPTED = 400
_MOST_ORIGINS_ADAPTED = 100
_MOST_SIMULATED = 150


class Forecaster(TaskEstimator):
    """Forecasts of one series or many, with intervals, from one network for all of them.

    Of each series, level, trend and season are taken out by exponential smoothing or by
    differences, as its training part suggests (`differencing`); a recurrent network learns what is
    left, in units of the series' own surprises. How much of the network is used is decided on the
    validation part, on which the intervals are calibrated, too.

    Args:
        horizon: steps to forecast.
        cell: `"gru"`, `"lstm"` or `"simple_rnn"`.
        units: of the network.
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
        time_limit: seconds of training at most.
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
        self._check_settings()
        panel = as_panel(X, y, missing=self.missing, **columns)
        panel = self._usable(panel)
        self.notes_ = list(panel.notes)
        self.levels_ = _symmetric(self.quantiles)
        ends = [self._train_end(len(series)) for series in panel.series]
        self.season_length_ = self._season(panel, ends)
        self.window_ = self._window(ends)
        self.past_ = Scaler.of([s.past[:end] for s, end in zip(panel.series, ends, strict=True)])
        self.future_ = Scaler.of(
            [s.future[:end] for s, end in zip(panel.series, ends, strict=True)]
        )
        prepared = self._prepare(panel, ends)
        trained = self._train(prepared, ends, callbacks)
        self.model_ = trained.model
        self.spread_, self.resting_ = trained.spread, trained.resting
        self.share_, self.trainings_ = trained.share, trained.trainings
        self.windows_ = trained.windows
        self.bases_ = {p.series.name: p.base.told for p in prepared}
        self.margins_ = np.zeros(len(self.levels_))
        self._compiled: Any = None
        if self.method == "recursive":
            self.share_ = self._best_share(prepared, ends)
        if self.calibrate:
            self.margins_ = self._calibrated(prepared, ends)
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
        self._check_covariates(panel)
        self.panel_ = panel
        self._ready: list[Prepared] | None = None
        return self

    def predict(self, X: Any = None) -> np.ndarray:
        """Medians of the steps behind the end of each series.

        Args:
            X: how many steps, by default `horizon`; or the covariates `(steps, F)` that are known
                of them, which a data frame's rows without a value can give as well.

        Returns:
            `(steps,)` for one series, `(series, steps)` for several.

        Raises:
            NotFittedError: before `fit`.
            DataError: for more steps than there are covariates for, or than were trained.
        """
        found = self._forecast_end(X)
        return found[..., len(self.levels_) // 2]

    def predict_quantiles(
        self,
        X: Any = None,
        quantiles: Sequence[float] | None = None,
    ) -> np.ndarray:
        """Quantiles of the steps behind the end of each series.

        Args:
            X: as in `predict`.
            quantiles: others than those trained, between the smallest and the largest of them.

        Returns:
            `(steps, Q)` for one series, `(series, steps, Q)` for several.
        """
        found = self._forecast_end(X)
        wanted = list(self.quantiles if quantiles is None else quantiles)
        low, high = self.levels_[0], self.levels_[-1]
        if any(not low <= q <= high for q in wanted):
            raise ValueError(f"quantiles expected numbers from {low:g} to {high:g}, got {wanted}.")
        return between(found, self.levels_, wanted)

    def predict_interval(self, X: Any = None, coverage: float = 0.8) -> np.ndarray:
        """Intervals that cover the truth with a probability, `(..., steps, 2)`.

        Args:
            X: as in `predict`.
            coverage: such as 0.8; intervals lie around the median.
        """
        return self.predict_quantiles(X, [(1 - coverage) / 2, (1 + coverage) / 2])

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
        errors, of_persistence = 0.0, 0.0
        for one, end in zip(grown.series, ends, strict=True):
            origins = np.arange(end - 1, len(one) - 1)
            last = state.last_known(one.values)[origins]
            forecasts = self.forecast_from(grown.with_series([one]), [origins], [end])[0]
            at = origins[:, None] + np.arange(1, self.horizon + 1)
            truth = np.where(at < len(one), one.values[np.minimum(at, len(one) - 1)], np.nan)
            errors += float(np.nansum(np.abs(forecasts[..., len(self.levels_) // 2] - truth)))
            of_persistence += float(np.nansum(np.abs(last[:, None] - truth)))
        if of_persistence == 0:
            return 0.0 if errors == 0 else -np.inf
        return 1 - errors / of_persistence

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
        return self._quantiles(self._prepare(panel, known, horizon), origins, horizon, share)

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
        self._check_covariates(panel)
        panel, begins = self._unseen(panel, begins)
        return run_backtest(self, panel, begins)

    def _unseen(self, panel: Panel, begins: Sequence[int]) -> tuple[Panel, list[int]]:
        """The series that have values behind those of training, and where these begin."""
        kept, at = [], []
        for one, begin in zip(panel.series, begins, strict=True):
            until = self.trained_until_.get(one.name)
            if until is not None:
                begin = max(begin, _seen(one, until))
            if begin < len(one) and begin >= _SHORTEST:
                kept.append(one)
                at.append(begin)
        if not kept:
            raise DataError(
                f"{panel.source} has no values behind those that this forecaster was trained on: "
                "it cannot be judged on what it has seen."
            )
        return panel.with_series(kept), at

    def _check_settings(self) -> None:
        whole = {"horizon": self.horizon, "units": self.units, "ensemble": self.ensemble,
                 "epochs": self.epochs, "paths": self.paths, "patience": self.patience}  # fmt: skip
        for name in ("window", "season_length", "batch_size"):
            if getattr(self, name) != "auto":
                whole[name] = getattr(self, name)
        for name, number in whole.items():
            if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
                raise ValueError(f"{name} expected a whole number of at least 1, got {number!r}.")
        chosen = {"cell": (self.cell, tuple(CELLS)), "method": (self.method, METHODS),
                  "differencing": (self.differencing, ("auto", *KINDS)),
                  "log": (self.log, ("auto", True, False))}  # fmt: skip
        for name, (value, allowed) in chosen.items():
            if value not in allowed:
                raise ValueError(f"{name} expected one of {allowed}, got {value!r}.")
        if not 0 < self.validation < 0.8:
            raise ValueError(f"validation expected a share below 0.8, got {self.validation!r}.")
        if not len(self.quantiles) or any(not 0 < q < 1 for q in self.quantiles):
            raise ValueError(f"quantiles expected numbers between 0 and 1, got {self.quantiles!r}.")

    def _usable(self, panel: Panel) -> Panel:
        """The series that are long enough and change; the others are left out with a note.

        Raises:
            DataError: when none is left.
        """
        shortest = self.horizon + _SHORTEST
        reasons: dict[str, str] = {}
        for one in panel.series:
            known = one.values[~np.isnan(one.values)]
            if len(known) <= self.horizon:
                reasons[one.name] = (
                    f"the horizon of {self.horizon} steps is longer than the data: {one.name!r} "
                    f"has {len(known)} values"
                )
            elif len(known) < shortest:
                reasons[one.name] = (
                    f"{one.name!r} has {len(known)} values, a horizon of {self.horizon} needs "
                    f"{shortest} at least"
                )
            elif np.ptp(known[: self._train_end(len(known))]) == 0:
                reasons[one.name] = f"{one.name!r} is constant: all its values are {known[0]:g}"
        kept = [one for one in panel.series if one.name not in reasons]
        if not kept:
            raise DataError(f"{panel.source}: {next(iter(reasons.values()))}.")
        if reasons:
            some = "; ".join(list(reasons.values())[:3])
            panel.notes.append(f"{len(reasons)} of {len(panel)} series are left out: {some}.")
        return panel.with_series(kept)

    def _train_end(self, length: int) -> int:
        """Where the validation part of a series of this length begins."""
        return length - min(max(self.horizon, round(self.validation * length)), round(0.4 * length))

    def _season(self, panel: Panel, ends: Sequence[int]) -> int:
        if self.season_length != "auto":
            return int(self.season_length)
        if panel.frequency.unit not in ("row", "number"):
            return panel.frequency.season_length
        strengths = {
            m: float(
                np.mean(
                    [
                        season_strength(s.values[:end], m)
                        for s, end in zip(panel.series, ends, strict=True)
                    ]
                )
            )
            for m in _CYCLES
        }
        best = max(strengths, key=lambda m: strengths[m])
        return best if strengths[best] > _CLEAR_SEASON else 1

    def _window(self, ends: Sequence[int]) -> int:
        if self.window != "auto":
            return int(self.window)
        wanted = max(2 * self.season_length_, self.horizon, 24)
        return int(max(4, min(wanted, 120, max(ends) // 2)))

    def _prepare(
        self, panel: Panel, known: Sequence[int], horizon: int | None = None
    ) -> list[Prepared]:
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

    def _train(
        self,
        prepared: Sequence[Prepared],
        ends: Sequence[int],
        callbacks: Callable[[int], Sequence[Callback]],
    ) -> fitting.Trained:
        count = sum(ends)
        batch = int(np.clip(count // 40, 16, 256)) if self.batch_size == "auto" else self.batch_size
        plan = fitting.Plan(
            prepared, ends, self.window_, self.horizon, self.levels_, self.cell, self.units,
            int(self.random_state), self.ensemble, self.epochs, int(batch), self.learning_rate,
            self.patience, self.time_limit, callbacks,
        )  # fmt: skip
        return fitting.fit_direct(plan) if self.method == "direct" else fitting.fit_recursive(plan)

    def _best_share(self, prepared: Sequence[Prepared], ends: Sequence[int]) -> float:
        """The share of the network that did best over all steps, one taken for true in the next."""
        origins = fitting.thinned(fitting.validation_origins(prepared, ends), _MOST_SIMULATED)
        losses = []
        for share in fitting.SHARES:
            each = [
                pinball(one.errors(mine, self.horizon) / self.spread_,
                        self._outputs(one, mine, self.horizon, share) / self.spread_[:, None],
                        self.levels_)
                for one, mine in zip(prepared, origins, strict=True) if len(mine)
            ]  # fmt: skip
            losses.append(float(np.mean(each)))
        return fitting.SHARES[int(np.argmin(losses))]

    def _calibrated(self, prepared: Sequence[Prepared], ends: Sequence[int]) -> np.ndarray:
        origins = fitting.validation_origins(prepared, ends)
        origins = fitting.thinned(origins, 400 if self.method == "recursive" else 10_000)
        truths, found = [], []
        for one, mine in zip(prepared, origins, strict=True):
            if not len(mine):
                continue
            truths.append(one.errors(mine, self.horizon))
            found.append(self._outputs(one, mine, self.horizon, self.share_))
        cases = sum(len(one.series) - end for one, end in zip(prepared, ends, strict=True))
        return conformal_margins(
            np.concatenate(truths) / self.spread_,
            np.concatenate(found) / self.spread_[:, None],
            self.levels_,
            cases,
        )

    def _outputs(
        self, one: Prepared, origins: np.ndarray, horizon: int, share: float
    ) -> np.ndarray:
        """Quantiles beyond the base's forecast in units of its scale, `(origins, horizon, Q)`."""
        if self.method == "direct":
            windows = make_windows([one], [origins], [len(one.series)], self.window_, self.horizon)
            given = [windows.history, windows.ahead]
            outputs = self.model_.predict(given, batch_size=512, verbose=0)
            direct: np.ndarray = shrunk(outputs, self.resting_, share) * self.spread_[:, None]
            return direct[:, :horizon]
        if self._compiled is None:
            self._compiled = streaming.compile(self.model_)
        drawing = Drawing(self.levels_, self.resting_, share, float(self.spread_[0]))
        paths = simulate(
            self._compiled, one, origins, horizon, self.window_, drawing, self.paths,
            int(self.random_state),
        )  # fmt: skip
        values = np.moveaxis(np.quantile(paths, self.levels_, axis=1), 0, -1)
        expected = one.states.forecast(origins, horizon)[:, :, None]
        recursive: np.ndarray = (values - expected) / one.base.scale
        return recursive

    def _quantiles(
        self,
        prepared: Sequence[Prepared],
        origins: Sequence[np.ndarray],
        horizon: int | None = None,
        share: float | None = None,
    ) -> list[np.ndarray]:
        steps = self.horizon if horizon is None else horizon
        spread = self.spread_[:steps]
        more = np.sqrt(np.arange(len(spread) + 1, steps + 1) / len(spread)) * spread[-1]
        units = np.r_[spread, more][:, None]
        found = []
        for one, mine in zip(prepared, origins, strict=True):
            outputs = self._outputs(one, mine, steps, self.share_ if share is None else share)
            margins = self._margins(one, mine, outputs / units)
            outputs = np.sort(outputs + margins[:, None, :] * units, axis=2)
            expected = one.states.forecast(mine, steps)[:, :, None]
            found.append(one.base.restore(expected + one.base.scale * outputs))
        return found

    def _margins(self, one: Prepared, origins: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """What to add to each quantile at each origin, in units of `spread_`, `(origins, Q)`."""
        if not self.calibrate or len(origins) < 2:
            return np.repeat(self.margins_[None], len(origins), axis=0)
        steps = min(outputs.shape[1], self.horizon)
        units = self.spread_[:steps]
        return adapted_margins(
            one.errors(origins, steps) / units, outputs[:, :steps], self.levels_, origins,
            self.margins_,
        )  # fmt: skip

    def _forecast_end(self, X: Any) -> np.ndarray:
        """Quantiles `levels_` behind the end, `(steps, Q)` or `(series, steps, Q)`."""
        self._check_fitted()
        panel, steps = self.panel_, self.horizon
        if isinstance(X, int | np.integer) and not isinstance(X, bool):
            steps = int(X)
        elif X is not None:
            panel, steps = state.with_future(panel, X)
        if steps < 1:
            raise ValueError(f"predict expected at least 1 step, got {steps}.")
        if steps > self.horizon and self.method == "direct":
            raise DataError(
                f"predict expected at most {self.horizon} steps, for which this forecaster was "
                f"trained, got {steps}. Fit with horizon={steps}, or with method='recursive'."
            )
        state.check_known_ahead(panel, steps)
        if panel is not self.panel_ or self._ready is None or steps > self.horizon:
            ready = self._prepare(panel, [len(one) for one in panel.series], steps)
            if panel is self.panel_:
                self._ready = ready
        else:
            ready = self._ready
        origins = [self._origins_since(one) for one in panel.series]
        found = np.stack([each[-1] for each in self._quantiles(ready, origins, steps)])
        return found[0] if len(found) == 1 else found

    def _origins_since(self, one: Series) -> np.ndarray:
        """The end of a series, and before it origins since training, from which intervals adapt."""
        last = len(one) - 1
        begin = last
        if self.calibrate and one.name in self.trained_until_:
            begin = max(_seen(one, self.trained_until_[one.name]) - 1, last - _MOST_ADAPTED, 1)
        step = -(-(last - begin + 1) // _MOST_ORIGINS_ADAPTED)
        return np.arange(last, min(begin, last) - 1, -step)[::-1]

    def _check_covariates(self, panel: Panel) -> None:
        expected = len(self.past_.mean), len(self.future_.mean)
        for one in panel.series:
            got = one.past.shape[1], one.future.shape[1]
            if got != expected:
                raise DataError(
                    f"{panel.source}: expected {expected[0]} past and {expected[1]} future "
                    f"covariates, as in training, got {got[0]} and {got[1]}."
                )

    def _state(self) -> TaskFile:
        return state.packed(self)

    def _set_state(self, content: TaskFile) -> None:
        state.unpack(self, content)


def _seen(one: Series, until: float) -> int:
    """How many values of a series were there when training ended."""
    dated = one.times.dtype.kind == "M"
    return int(np.count_nonzero(one.times <= (np.datetime64(int(until), "ms") if dated else until)))


def _symmetric(quantiles: Sequence[float]) -> list[float]:
    """The quantiles with 0.5 and their mirror images, ascending."""
    every = {round(float(q), 6) for q in quantiles}
    return sorted(every | {0.5} | {round(1 - q, 6) for q in every})


def between(found: np.ndarray, levels: Sequence[float], wanted: Sequence[float]) -> np.ndarray:
    """Quantiles between those found, by straight lines, `(..., len(wanted))`."""
    at = np.interp(wanted, levels, np.arange(len(levels)))
    low = np.minimum(np.floor(at + 1e-9).astype(int), len(levels) - 1)
    high = np.minimum(low + 1, len(levels) - 1)
    share = np.clip(at - low, 0, 1)
    return np.asarray(found[..., low] * (1 - share) + found[..., high] * share)
