"""Where the network's forecasts start from: a transformation and a few smoothings, by series.

What a series has of level, trend, season and skewness is taken out by rules chosen on its training
part alone; the network learns what is left. That is differencing in its general form: persistence
is first differencing, seasonal persistence seasonal differencing, exponential smoothing either
with weights that fit the series.

The mixture of smoothings without trend, with a damped one and with a straight one is that of the
"Comb" benchmark of the M3 competition (Makridakis and Hibon, 2000), joined by Theta, which won it,
and weighted by squared errors; to let a network work on top of smoothed levels and seasons is due
to Smyl ("A hybrid method of exponential smoothing and recurrent neural networks", 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leftfold.tasks.forecasting.smoothing import (
    Smoothing,
    States,
    fit_smoothing,
    season_strength,
    seasonal_indices,
)

MIXTURE = ("level", "damped", "line", "half")
"""The smoothings that are mixed."""
KINDS = ("smoothing", "first", "seasonal", "none")
WEAKEST_SEASON = 0.1
"""Of `season_strength`; below it a series counts as without season."""
HANDICAPS = {"smoothing": 0.8, "first": 1.0, "seasonal": 1.0, "none": 1.0}
"""Factors of errors on the training part when kinds are compared. Smoothing, of which the others
are special cases, forecasts what comes next better where it seemed a little worse."""
_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True)
class Base:
    """What was chosen for a series on its training part.

    Attributes:
        kind: one of `KINDS`.
        log: whether values are taken by their logarithm.
        smoothings: one or several.
        weights: of their forecasts, with the sum 1.
        scale: the mean absolute surprise of a step; all distances are measured in it.
        mean: of the transformed values.
        spread: their standard deviation.
        error: mean absolute error of its forecasts on the training part, in units of the values.
    """

    kind: str
    log: bool
    smoothings: tuple[Smoothing, ...]
    weights: np.ndarray
    scale: float
    mean: float
    spread: float
    error: float

    @property
    def season_length(self) -> int:
        """Of the smoothings; 1 without a season."""
        return len(self.smoothings[0].season)

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Values as the smoothings see them."""
        return np.log(values) if self.log else values

    def restore(self, transformed: np.ndarray) -> np.ndarray:
        """The opposite of `transform`."""
        return np.exp(np.minimum(transformed, _LARGEST_EXPONENT)) if self.log else transformed

    def run(self, values: np.ndarray) -> BaseStates:
        """Everything that is known after each value `(n,)`; those missing are NaN."""
        transformed = self.transform(values)
        return BaseStates(self, transformed, [s.run(transformed) for s in self.smoothings])

    @property
    def told(self) -> str:
        """In words."""
        names = {
            "smoothing": "exponential smoothing",
            "first": "differences from the last value",
            "seasonal": "differences from a season before",
            "none": "distances from the mean",
        }
        season = f", season of {self.season_length}" if self.season_length > 1 else ""
        return names[self.kind] + (" of logarithms" if self.log else "") + season


@dataclass(frozen=True)
class BaseStates:
    """The states of a base along a series of `n` values.

    Attributes:
        base: whose states.
        values: transformed, `(n,)`.
        states: those of each smoothing.
    """

    base: Base
    values: np.ndarray
    states: list[States]

    def _mixed(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        mixed: np.ndarray = np.tensordot(self.base.weights, np.stack(arrays), 1)
        return mixed

    @property
    def levels(self) -> np.ndarray:
        """`(n,)`."""
        return self._mixed([s.levels for s in self.states])

    @property
    def trends(self) -> np.ndarray:
        """`(n,)`."""
        return self._mixed([s.trends for s in self.states])

    @property
    def surprises(self) -> np.ndarray:
        """`(n,)`, of each value, 0 where it is missing."""
        return self._mixed([s.surprises for s in self.states])

    @property
    def seasons(self) -> np.ndarray:
        """`(n,)`, of each step before its value was known."""
        return self._mixed([s.seasons[: len(self.values)] for s in self.states])

    def future_seasons(self, origins: np.ndarray, horizon: int) -> np.ndarray:
        """`(origins, horizon)`."""
        return self._mixed([s.future_seasons(origins, horizon) for s in self.states])

    def forecast(self, origins: np.ndarray, horizon: int) -> np.ndarray:
        """Transformed forecasts from each origin, `(origins, horizon)`."""
        return self._mixed([s.forecast(origins, horizon) for s in self.states])


def fit_base(
    values: np.ndarray,
    horizon: int,
    season_length: int,
    differencing: str = "auto",
    log: bool | str = "auto",
) -> Base:
    """Choose a base by its errors on a training part.

    Args:
        values: the training part, `(n,)`, missing values as NaN.
        horizon: steps that will be forecast.
        season_length: of the season to look for; 1 for none.
        differencing: one of `KINDS`, or `"auto"` for the one with the smallest errors; smoothing
            where none of the others has clearly smaller ones.
        log: whether to take logarithms, or `"auto"` for the better of both where all values are
            above 0.

    Raises:
        ValueError: for logarithms of values that are not above 0.
    """
    positive = bool(np.nanmin(values) > 0)
    if log is True and not positive:
        raise ValueError(f"log=True expected values above 0, got {np.nanmin(values):g}.")
    logs = [False, True] if log == "auto" and positive else [log is True]
    kinds = KINDS if differencing == "auto" else (differencing,)
    found = [
        base
        for kind in kinds
        for taken in logs
        if (base := _fit(values, horizon, season_length, kind, taken)) is not None
    ]
    return min(found, key=lambda base: base.error * HANDICAPS[base.kind])


def _fit(values: np.ndarray, horizon: int, season_length: int, kind: str, log: bool) -> Base | None:
    transformed = np.log(values) if log else values
    mean, spread = float(np.nanmean(transformed)), float(np.nanstd(transformed))
    none = np.zeros(1)
    weights = np.ones(1)
    first = float(transformed[~np.isnan(transformed)][0])
    if kind == "first":
        smoothings = [Smoothing(1.0, 0.0, 0.0, 1.0, first, 0.0, none)]
    elif kind == "none":
        smoothings = [Smoothing(0.0, 0.0, 0.0, 1.0, mean, 0.0, none)]
    elif kind == "seasonal":
        if season_length < 2 or len(values) < 2 * season_length:
            return None if season_length < 2 else _fit(values, horizon, 1, "first", log)
        season = transformed[:season_length]
        season = np.where(np.isnan(season), mean, season) - mean
        smoothings = [Smoothing(0.0, 0.0, 1.0, 1.0, mean, 0.0, season)]
    else:
        smoothings, weights = _mixture(transformed, horizon, season_length)
    floor = max(spread, abs(mean) * 1e-6, 1e-12)
    base = Base(kind, log, tuple(smoothings), weights, floor, mean, floor, np.inf)
    states = base.run(values)
    scale = max(float(np.mean(np.abs(_known(states)))), 1e-4 * floor)
    error = _error(states, values, horizon)
    return Base(kind, log, base.smoothings, weights, scale, mean, floor, error)


def _mixture(
    transformed: np.ndarray, horizon: int, season_length: int
) -> tuple[list[Smoothing], np.ndarray]:
    season = np.zeros(1)
    if season_strength(transformed, season_length) > WEAKEST_SEASON:
        season = seasonal_indices(transformed, season_length)
    found = [fit_smoothing(transformed, season, horizon, k) for k in MIXTURE]
    errors = np.array([error for _, error in found])
    weights = 1 / np.maximum(errors, errors.max() * 1e-3 + 1e-300) ** 2
    return [smoothing for smoothing, _ in found], weights / weights.sum()


def _known(states: BaseStates) -> np.ndarray:
    """Surprises of the later two thirds that are not missing; all of a short series."""
    surprises = states.surprises[~np.isnan(states.values)]
    return surprises[len(surprises) // 3 :]


def _error(states: BaseStates, values: np.ndarray, horizon: int) -> float:
    """Mean absolute error of forecasts from origins in the later two thirds, up to 500 of them."""
    n = len(values)
    origins = np.arange(n // 3, n - 1)
    origins = origins[:: max(1, len(origins) // 500)]
    at = origins[:, None] + np.arange(1, horizon + 1)
    truth = np.where(at < n, values[np.minimum(at, n - 1)], np.nan)
    errors = np.abs(states.base.restore(states.forecast(origins, horizon)) - truth)
    return float(np.nanmean(errors)) if np.any(~np.isnan(errors)) else np.inf
