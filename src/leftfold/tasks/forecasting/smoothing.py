"""Exponential smoothing with a damped trend and a season: what the network's forecasts start from.

A left fold as well: level, trend and season are the state, and a value changes them by its
surprise (the error correction form of Holt-Winters; Hyndman, Koehler, Ord and Snyder,
"Forecasting with Exponential Smoothing", 2008, model AAdA):

    surprise[t] = z[t] - (level + damping * trend + season[t - m])
    level  = level + damping * trend + a * surprise
    trend  = damping * trend + b * surprise
    season[t] = season[t - m] + g * surprise

Persistence (`a = 1`), seasonal persistence (`g = 1`) and a constant mean (all 0) are special
cases, so one fold serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Smoothing:
    """The weights and the initial state of one smoothing.

    Attributes:
        level_weight: `a`, how much of a surprise the level takes.
        trend_weight: `b`, how much the trend takes.
        season_weight: `g`, how much the season takes.
        damping: what a step leaves of the trend; 1 for a straight line.
        level: before the first value.
        trend: before the first value, per step.
        season: of the steps before the first value, `(m,)`; `(1,)` zeros without a season.
    """

    level_weight: float
    trend_weight: float
    season_weight: float
    damping: float
    level: float
    trend: float
    season: np.ndarray

    def run(self, values: np.ndarray) -> States:
        """The states after each value.

        Args:
            values: `(n,)`; a value that is missing (NaN) is no surprise.
        """
        n, m = len(values), len(self.season)
        levels, trends, surprises = np.empty(n), np.empty(n), np.zeros(n)
        seasons = np.concatenate([self.season, np.empty(n)])
        level, trend = float(self.level), float(self.trend)
        a, b, g = self.level_weight, self.trend_weight, self.season_weight
        season = seasons.tolist()
        for t, value in enumerate(values.tolist()):
            trend *= self.damping
            expected = level + trend + season[t]
            surprise = value - expected if value == value else 0.0
            level += trend + a * surprise
            trend += b * surprise
            season[t + m] = season[t] + g * surprise
            levels[t], trends[t], surprises[t] = level, trend, surprise
        return States(levels, trends, np.asarray(season), surprises, self.damping, m)


@dataclass(frozen=True)
class States:
    """What a smoothing knows after each of `n` values.

    Attributes:
        levels: `(n,)`.
        trends: `(n,)`.
        seasons: `(m + n,)`; that of step `t` is at `m + t`.
        surprises: `(n,)`, what each value was beyond its forecast.
        damping: of the trend.
        season_length: `m`.
    """

    levels: np.ndarray
    trends: np.ndarray
    seasons: np.ndarray
    surprises: np.ndarray
    damping: float
    season_length: int

    def future_seasons(self, origins: np.ndarray, horizon: int) -> np.ndarray:
        """The season that the `horizon` steps after each origin have, `(origins, horizon)`."""
        steps = np.arange(horizon) % self.season_length
        known: np.ndarray = self.seasons[origins[:, None] + 1 + steps]
        return known

    def forecast(self, origins: np.ndarray, horizon: int) -> np.ndarray:
        """Forecasts of the `horizon` steps after each origin, `(origins, horizon)`.

        Args:
            origins: positions `(origins,)` of last known values.
            horizon: number of steps.
        """
        growth = np.cumsum(self.damping ** np.arange(1, horizon + 1))
        line = self.levels[origins, None] + growth * self.trends[origins, None]
        forecast: np.ndarray = line + self.future_seasons(origins, horizon)
        return forecast


def seasonal_indices(values: np.ndarray, season_length: int) -> np.ndarray:
    """Average distance of each step of a cycle from the moving average, `(season_length,)`.

    Args:
        values: `(n,)`, missing ones as NaN; two full cycles at least.
        season_length: steps in a cycle.

    Returns:
        Indices that sum to 0; the first belongs to `values[0]`.
    """
    cycles = _cycles(_detrended(values, season_length), season_length)
    counts = np.maximum(np.count_nonzero(~np.isnan(cycles), axis=0), 1)
    indices: np.ndarray = np.nansum(cycles, axis=0) / counts
    return indices - indices.mean()


def season_strength(values: np.ndarray, season_length: int) -> float:
    """The share of the variation around the trend that a season predicts in cycles left out.

    Each value's distance from the moving average is compared with the mean of the same step in
    all other cycles. 1 is a perfect season; chance is at 0 or below.

    Args:
        values: `(n,)`, missing ones as NaN.
        season_length: steps in a cycle.
    """
    if season_length < 2 or len(values) < 2.5 * season_length:
        return 0.0
    cycles = _cycles(_detrended(values, season_length), season_length)
    counts = np.count_nonzero(~np.isnan(cycles), axis=0)
    others = (np.nansum(cycles, axis=0) - cycles) / np.maximum(counts - 1, 1)
    counted = ~np.isnan(cycles) & (counts > 1)
    total = np.sum(cycles[counted] ** 2)
    return float(1 - np.sum((cycles - others)[counted] ** 2) / total) if total > 0 else 0.0


def _detrended(values: np.ndarray, season_length: int) -> np.ndarray:
    """Distances from the centred moving average over a cycle; NaN at both ends."""
    m = season_length
    weights = np.ones(m) if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5]
    present = ~np.isnan(values)
    sums = np.convolve(np.where(present, values, 0.0), weights, "valid")
    counts = np.convolve(present, weights, "valid")
    half = len(weights) // 2
    average = np.full(len(values), np.nan)
    average[half : half + len(sums)] = np.where(
        counts > m / 2, sums / np.maximum(counts, 1), np.nan
    )
    return values - average


def _cycles(values: np.ndarray, season_length: int) -> np.ndarray:
    """Values as rows of one cycle each, the last filled with NaN."""
    missing = -len(values) % season_length
    return np.r_[values, np.full(missing, np.nan)].reshape(-1, season_length)


LEVEL_WEIGHTS = (0.02, 0.06, 0.12, 0.2, 0.3, 0.42, 0.55, 0.7, 0.85, 1.0)
TREND_SHARES = (0.0, 0.03, 0.08, 0.16, 0.3)
"""Of the level's weight."""
SEASON_WEIGHTS = (0.0, 0.05, 0.12, 0.25)
DAMPINGS = (0.8, 0.9, 0.95, 0.98)


def fit_smoothing(
    values: np.ndarray, season: np.ndarray, horizon: int, kind: str, longest: int = 2000
) -> tuple[Smoothing, float]:
    """The smoothing whose forecasts of 1 to `horizon` steps had the smallest absolute errors.

    Args:
        values: the training part `(n,)`, missing ones as NaN.
        season: its seasonal indices, as of `seasonal_indices`; `(1,)` zeros without a season.
        horizon: steps that will be forecast.
        kind: `"level"` for no trend, `"damped"`, `"line"`, or `"half"` for half the slope of all
            values, which never changes (the Theta method as Hyndman and Billah, 2003, explain it).
        longest: values, the last ones, by which weights are chosen.

    Returns:
        The smoothing, and its mean absolute error over all steps and origins.
    """
    trending = kind in ("damped", "line")
    shares = TREND_SHARES if trending else (0.0,)
    dampings = DAMPINGS if kind == "damped" else (1.0,)
    gammas = SEASON_WEIGHTS if len(season) > 1 else (0.0,)
    grid = np.stack(
        [g.ravel() for g in np.meshgrid(LEVEL_WEIGHTS, shares, gammas, dampings, indexing="ij")]
    )
    alphas, gammas_, dampings_ = grid[0], grid[2], grid[3]
    betas = grid[0] * grid[1]
    recent = values[-longest:]
    turned = np.roll(season, -((len(values) - len(recent)) % len(season)))
    weights = alphas, betas, gammas_, dampings_
    errors = _errors(recent, turned, horizon, weights, _start(recent, turned, kind))
    best = int(np.argmin(errors))
    alpha, beta, gamma, damping = (
        float(each[best]) for each in (alphas, betas, gammas_, dampings_)
    )
    found = Smoothing(alpha, beta, gamma, damping, *_start(values, season, kind), season)
    return found, float(errors[best])


def _start(values: np.ndarray, season: np.ndarray, kind: str) -> tuple[float, float]:
    """Level and trend before the first value: those of a line through the first values."""
    m = len(season)
    n = len(values) if kind == "half" else min(len(values), max(10, m))
    first = values[:n] - np.resize(season, n)
    known = np.flatnonzero(~np.isnan(first))
    if len(known) < 2:
        return float(np.nanmean(values)), 0.0
    if kind == "level":
        return float(first[known[:5]].mean()), 0.0
    trend, level = np.polyfit(known + 1.0, first[known], 1)
    if kind == "half":
        return float(first[known[:5]].mean()), float(trend) / 2
    return float(level), float(trend)


def _errors(
    values: np.ndarray,
    season: np.ndarray,
    horizon: int,
    weights: tuple[np.ndarray, ...],
    start: tuple[float, float],
) -> np.ndarray:
    """Mean absolute error of every combination of weights, `(combinations,)`."""
    alphas, betas, gammas, dampings = weights
    count, m, n = len(alphas), len(season), len(values)
    level, trend = np.full(count, start[0]), np.full(count, start[1])
    seasons = np.tile(season[:, None], (1, count))
    steps = np.unique(np.linspace(1, horizon, min(horizon, 6)).round().astype(int))
    powers = dampings ** np.arange(1, horizon + 1)[:, None]
    growth = np.cumsum(powers, axis=0)[steps - 1]
    total, counted = np.zeros(count), 0
    warm_up = min(max(m, 5), n // 3)
    for t in range(n):
        phase = t % m
        trend = trend * dampings
        expected = level + trend + seasons[phase]
        surprise = values[t] - expected if values[t] == values[t] else np.zeros(count)
        level = level + trend + alphas * surprise
        trend = trend + betas * surprise
        seasons[phase] += gammas * surprise
        ahead = steps[steps + t < n]
        if t < warm_up - 1 or not len(ahead):
            continue
        future = values[t + ahead]
        known = ~np.isnan(future)
        if known.any():
            ahead, future = ahead[known], future[known]
            forecasts = level + growth[: len(steps)][np.isin(steps, ahead)] * trend
            forecasts += seasons[(t + ahead) % m]
            total += np.abs(forecasts - future[:, None]).sum(axis=0)
            counted += len(ahead)
    return total / max(counted, 1)
