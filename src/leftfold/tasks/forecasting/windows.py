"""What the network reads: windows of a series before an origin, and what is known ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leftfold.tasks.forecasting.base import Base, BaseStates
from leftfold.tasks.forecasting.series import Series
from leftfold.tasks.forecasting.times import Frequency


@dataclass(frozen=True)
class Scaler:
    """Means and standard deviations of covariates, from the training part.

    Attributes:
        mean: `(covariates,)`.
        spread: `(covariates,)`, 1 for a covariate that never changes.
    """

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, parts: Sequence[np.ndarray]) -> Scaler:
        """The scaler of rows `(n, covariates)` from several series."""
        rows = np.concatenate(parts)
        spread = rows.std(axis=0)
        return cls(rows.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (rows - self.mean) / self.spread
        return scaled


@dataclass(frozen=True)
class Prepared:
    """A series with its base, and what the network reads of each step.

    Attributes:
        series: the series.
        base: chosen on its training part.
        states: of the base, along the whole series.
        steps: `(n, features)`, known after each step.
        ahead: `(n + more, covariates)`, known ahead of each step: place in the season, covariates.
    """

    series: Series
    base: Base
    states: BaseStates
    steps: np.ndarray
    ahead: np.ndarray

    def errors(self, origins: np.ndarray, horizon: int) -> np.ndarray:
        """The truth beyond the base's forecasts in units of its scale, NaN where not known.

        Args:
            origins: positions of last known values, `(origins,)`.
            horizon: steps ahead.

        Returns:
            `(origins, horizon)`.
        """
        at = origins[:, None] + np.arange(1, horizon + 1)
        n = len(self.series)
        truth = np.where(at < n, self.states.values[np.minimum(at, n - 1)], np.nan)
        errors: np.ndarray = (truth - self.states.forecast(origins, horizon)) / self.base.scale
        return errors


def prepare(
    series: Series,
    base: Base,
    frequency: Frequency,
    season_length: int,
    past: Scaler,
    future: Scaler,
    horizon: int,
) -> Prepared:
    """Run a base along a series and write down the features of each step.

    Args:
        series: the series.
        base: of the series.
        frequency: of its steps.
        season_length: of the calendar's season; 1 for none.
        past: for covariates that are known up to the present.
        future: for covariates known ahead.
        horizon: steps behind the end of which the place in the season will be needed.
    """
    n = len(series)
    states = base.run(series.values)
    ahead = [phases(series, frequency, season_length, n + horizon)]
    if series.future.shape[1]:
        ahead = [a[: len(series.future)] for a in ahead] + [future(series.future)[: n + horizon]]
    known = np.concatenate(ahead, axis=1)
    next_season = states.future_seasons(np.arange(n), 1)[:, 0]
    own = step_features(
        base,
        states.surprises,
        states.values - states.seasons,
        np.r_[np.nan, (states.values - states.seasons)[:-1]],
        states.values,
        next_season,
        states.trends,
    )
    following = np.minimum(np.arange(1, n + 1), len(known) - 1)
    steps = np.concatenate([own, past(series.past), known[:n], known[following]], axis=1)
    return Prepared(series, base, states, steps, known)


def step_features(
    base: Base,
    surprise: np.ndarray,
    adjusted: np.ndarray,
    adjusted_before: np.ndarray,
    value: np.ndarray,
    next_season: np.ndarray,
    trend: np.ndarray,
) -> np.ndarray:
    """What the network reads of values that just became known, `(steps, 6)`.

    Distances are in units of the base's scale, and large ones compressed by `arcsinh`.

    Args:
        base: of the series.
        surprise: beyond the base's forecast.
        adjusted: the transformed value without its season; NaN where missing.
        adjusted_before: that of the step before.
        value: transformed.
        next_season: of the step that follows.
        trend: of the base.
    """
    change = np.nan_to_num((adjusted - adjusted_before) / base.scale)
    place = np.clip(np.nan_to_num((value - base.mean) / base.spread), -3, 3)
    features = [
        np.arcsinh(surprise / base.scale),
        np.arcsinh(change),
        place,
        np.arcsinh(next_season / base.scale) / 2,
        np.arcsinh(trend / base.scale),
        np.isnan(value).astype(float),
    ]
    return np.stack(features, axis=-1)


def phases(series: Series, frequency: Frequency, season_length: int, count: int) -> np.ndarray:
    """Places in the season as sine and cosine, `(count, 2)`; `(count, 0)` without a season."""
    if season_length < 2:
        return np.zeros((count, 0))
    first = series.times[0]
    if frequency.unit == "business day" and season_length == 5:
        more = frequency.at(series.times[-1], np.arange(1, max(0, count - len(series)) + 1))
        days = np.concatenate([series.times, more])[:count].astype("datetime64[D]")
        place = (days.astype(np.int64) + 3) % 7
    else:
        begin = 0
        if frequency.unit == "month":
            begin = int(np.datetime64(first, "M").astype(np.int64)) // int(frequency.step)
        elif frequency.unit == "ms":
            begin = int(np.datetime64(first, "ms").astype(np.int64) // int(frequency.step))
        place = np.arange(begin, begin + count)
    angle = 2 * np.pi * (place % season_length) / season_length
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


@dataclass(frozen=True)
class Windows:
    """Windows as the direct network reads them.

    Attributes:
        history: `(windows, window, features)` float32, zeros before the beginning of a series.
        ahead: `(windows, horizon, features)` float32.
        target: `(windows, horizon)`: what the truth is beyond the base's forecast, in units of
            the series' scale; NaN where it is not known.
        owner: `(windows,)`, the number of each window's series.
    """

    history: np.ndarray
    ahead: np.ndarray
    target: np.ndarray
    owner: np.ndarray


def make_windows(
    prepared: Sequence[Prepared],
    origins: Sequence[np.ndarray],
    ends: Sequence[int],
    window: int,
    horizon: int,
) -> Windows:
    """Windows that end at origins.

    Args:
        prepared: the series.
        origins: for each series, positions of last known values.
        ends: for each series, the position from which on targets are not to be looked at.
        window: steps of history.
        horizon: steps ahead.
    """
    parts = [
        _windows_of(number, one, at, end, window, horizon)
        for number, (one, at, end) in enumerate(zip(prepared, origins, ends, strict=True))
    ]
    return Windows(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _windows_of(
    number: int, one: Prepared, origins: np.ndarray, end: int, window: int, horizon: int
) -> tuple[np.ndarray, ...]:
    scale = one.base.scale
    at = origins[:, None] + np.arange(1 - window, 1)
    inside = at >= 0
    at = np.maximum(at, 0)
    adjusted = (one.states.values - one.states.seasons)[at] - one.states.levels[origins, None]
    relative = np.arcsinh(np.nan_to_num(adjusted / scale))
    history = np.concatenate([one.steps[at], relative[:, :, None]], axis=2)
    history *= inside[:, :, None]
    following = origins[:, None] + np.arange(1, horizon + 1)
    known = one.ahead[np.minimum(following, len(one.ahead) - 1)]
    season = np.arcsinh(one.states.future_seasons(origins, horizon) / scale) / 2
    share = np.broadcast_to(np.arange(1, horizon + 1) / horizon, season.shape)
    ahead = np.concatenate([season[:, :, None], share[:, :, None], known], axis=2)
    target = np.where(following < end, one.errors(origins, horizon), np.nan)
    owner = np.full(len(origins), number)
    return history.astype(np.float32), ahead.astype(np.float32), target, owner
