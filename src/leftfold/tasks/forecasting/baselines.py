"""What a network must beat to be worth its name: simple forecasts on the same origins."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.tasks.extras import require
from leftfold.tasks.forecasting.state import last_known

Baseline = Callable[[np.ndarray, int, np.ndarray, int, int], np.ndarray]
"""`(values, known, origins, horizon, season_length)` to forecasts `(origins, horizon)`: values
`(n,)` up to each origin may be used, and the first `known` of them to choose parameters by."""

_LONGEST = 300
"""Values before an origin that smoothing walks over; older ones have no weight left."""

PERSISTENCE = "persistence"
SMOOTHING = "exponential smoothing"


def persistence(
    values: np.ndarray, known: int, origins: np.ndarray, horizon: int, season_length: int
) -> np.ndarray:
    """The last known value, again and again.

    Example:
        >>> persistence(np.array([1.0, 5.0, 3.0]), 2, np.array([1, 2]), 2, 1)
        array([[5., 5.],
               [3., 3.]])
    """
    return np.repeat(last_known(values)[origins, None], horizon, axis=1)


def seasonal_naive(
    values: np.ndarray, known: int, origins: np.ndarray, horizon: int, season_length: int
) -> np.ndarray:
    """The last known value of the same step in the season.

    Example:
        >>> seasonal_naive(np.array([1.0, 2.0, 3.0]), 3, np.array([2]), 3, 2)
        array([[2., 3., 2.]])
    """
    filled = last_known(values)
    for phase in range(season_length):
        if np.any(~np.isnan(values[phase::season_length])):
            filled[phase::season_length] = last_known(values[phase::season_length])
    back = season_length - np.arange(horizon) % season_length
    found: np.ndarray = filled[np.maximum(origins[:, None] + 1 - back, 0)]
    return found


def drift(
    values: np.ndarray, known: int, origins: np.ndarray, horizon: int, season_length: int
) -> np.ndarray:
    """The line from the first known value through the last one.

    Example:
        >>> drift(np.array([1.0, 2.0, 3.0]), 3, np.array([2]), 2, 1)
        array([[4., 5.]])
    """
    last = last_known(values)[origins]
    first = int(np.argmax(~np.isnan(values)))
    slope = (last - values[first]) / np.maximum(origins - first, 1)
    found: np.ndarray = last[:, None] + slope[:, None] * np.arange(1, horizon + 1)
    return found


def has_statsmodels() -> bool:
    """Whether `exponential_smoothing` can run."""
    return importlib.util.find_spec("statsmodels") is not None


def exponential_smoothing(
    values: np.ndarray, known: int, origins: np.ndarray, horizon: int, season_length: int
) -> np.ndarray:
    """Exponential smoothing of statsmodels, its kind chosen by AICc (Hyndman et al., 2002).

    Errors, trend and season are additive or multiplicative, the trend damped or not or absent.
    Weights are estimated on the known part once, and the states go on from there to each origin.

    Raises:
        MissingExtraError: without statsmodels.
    """
    ets = require(
        "statsmodels.tsa.exponential_smoothing.ets", "forecast", "The baseline's smoothing"
    )
    filled = last_known(values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen, parameters = _chosen(ets.ETSModel, filled[:known], season_length)
        if chosen is None:
            return persistence(values, known, origins, horizon, season_length)
        found = np.empty((len(origins), horizon))
        for row, origin in enumerate(origins):
            begin = max(0, origin + 1 - max(_LONGEST, 10 * season_length))
            model = ets.ETSModel(filled[begin : origin + 1], **chosen)
            found[row] = model.smooth(parameters).forecast(horizon)
    return found


def _chosen(kind: Any, values: np.ndarray, season_length: int) -> tuple[dict[str, Any] | None, Any]:
    """The model's arguments with the smallest AICc, and its parameters."""
    best: tuple[float, dict[str, Any] | None, Any] = (np.inf, None, None)
    positive = bool(np.all(values > 0))
    seasons: list[str | None] = [None]
    if season_length > 1 and len(values) >= 2 * season_length + 5:
        seasons += ["add", "mul"] if positive else ["add"]
    for error in ("add", "mul") if positive else ("add",):
        for season in seasons:
            if error == "add" and season == "mul":
                continue  # numerically unstable, and left out by others as well
            for trend, damped in ((None, False), ("add", True), ("add", False)):
                arguments = {
                    "error": error, "trend": trend, "damped_trend": damped, "seasonal": season,
                    "seasonal_periods": season_length if season else None,
                    "initialization_method": "heuristic" if len(values) >= 10 else "known",
                }  # fmt: skip
                try:
                    fitted = kind(values, **arguments).fit(disp=False)
                    quality = float(fitted.aicc)
                except Exception:  # a kind that cannot be fitted is no candidate
                    continue
                if quality < best[0]:
                    best = (quality, arguments, fitted.params)
    return best[1], best[2]


def baselines(season_length: int) -> dict[str, Baseline]:
    """The baselines that can run here, by name."""
    found: dict[str, Baseline] = {PERSISTENCE: persistence}
    if season_length > 1:
        found["seasonal naive"] = seasonal_naive
    found["drift"] = drift
    if has_statsmodels():
        found[SMOOTHING] = exponential_smoothing
    return found
