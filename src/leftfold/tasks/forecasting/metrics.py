"""How good forecasts are: errors, quantiles and coverage.

Source: R. Hyndman and A. Koehler, "Another look at measures of forecast accuracy" (2006) for MASE
and sMAPE, with sMAPE between 0 and 200 as in the M3 and M4 competitions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leftfold.tasks.forecasting.network import pinball


def mae(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Mean absolute error; truths that are missing (NaN) do not count.

    Example:
        >>> mae(np.array([1.0, 2.0, np.nan]), np.array([2.0, 2.0, 2.0]))
        0.5
    """
    return float(np.nanmean(np.abs(truth - forecast)))


def rmse(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Root of the mean squared error.

    Example:
        >>> rmse(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == 2**0.5
        True
    """
    return float(np.sqrt(np.nanmean((truth - forecast) ** 2)))


def smape(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Symmetric mean absolute percentage error, 0 to 200; 0 / 0 counts as 0.

    Example:
        >>> round(smape(np.array([100.0]), np.array([150.0])), 6)
        40.0
    """
    size = np.abs(truth) + np.abs(forecast)
    shares = np.divide(np.abs(truth - forecast), size, out=np.zeros_like(size), where=size != 0)
    return float(200 * np.nanmean(np.where(np.isnan(truth), np.nan, shares)))


def naive_scale(values: np.ndarray, season_length: int) -> float:
    """Mean absolute change over a season in training values, by which MASE divides.

    Without a change there, and in series shorter than a season, over one step; 1 for a constant
    series.

    Example:
        >>> naive_scale(np.array([1.0, 3.0, 2.0]), 1)
        1.5
    """
    for lag in (season_length, 1):
        if len(values) > lag:
            changes = np.abs(values[lag:] - values[:-lag])
            if np.any(changes > 0):
                return float(np.nanmean(changes))
    return 1.0


def mase(truth: np.ndarray, forecast: np.ndarray, scale: float) -> float:
    """Mean absolute error in units of `naive_scale`; above 1 is worse than naive in training.

    Example:
        >>> mase(np.array([4.0]), np.array([1.0]), 1.5)
        2.0
    """
    return mae(truth, forecast) / scale


def coverage(truth: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """The share of truths inside an interval.

    Example:
        >>> coverage(np.array([1.0, 5.0]), np.array([0.0, 0.0]), np.array([2.0, 2.0]))
        0.5
    """
    known = ~np.isnan(truth)
    inside = (truth >= low) & (truth <= high)
    return float(np.mean(inside[known])) if known.any() else float("nan")


def pairs(levels: Sequence[float]) -> list[tuple[int, int, float]]:
    """The intervals that quantiles make: two positions, and what lies between, widest last.

    Example:
        >>> pairs([0.1, 0.5, 0.9])
        [(0, 2, 0.8)]
    """
    count = len(levels)
    found = [(i, count - 1 - i, levels[count - 1 - i] - levels[i]) for i in range(count // 2)]
    return [(i, j, round(share, 6)) for i, j, share in reversed(found)]


__all__ = ["coverage", "mae", "mase", "naive_scale", "pairs", "pinball", "rmse", "smape"]
