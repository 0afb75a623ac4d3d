"""What lies ahead of a fitted `Forecaster`: the end of its series, and values it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.forecasting import engine, settings, state
from leftfold.tasks.forecasting.series import Panel, Series

if TYPE_CHECKING:
    from leftfold.tasks.forecasting.forecaster import Forecaster

_MOST_ADAPTED = 400
_MOST_ORIGINS_ADAPTED = 100


def quantiles_at_the_end(forecaster: Forecaster, ahead: Any) -> np.ndarray:
    """Quantiles `levels_` of the steps behind the end, `(steps, Q)` or `(series, steps, Q)`.

    Args:
        forecaster: fitted.
        ahead: as `Forecaster.predict` takes it.

    Raises:
        DataError: for more steps than there are covariates for, or than were trained.
    """
    panel, steps = forecaster.panel_, forecaster.horizon
    if isinstance(ahead, int | np.integer) and not isinstance(ahead, bool):
        steps = int(ahead)
    elif ahead is not None:
        panel, steps = state.with_future(panel, ahead)
    if steps < 1:
        raise ValueError(f"predict expected at least 1 step, got {steps}.")
    if steps > forecaster.horizon and forecaster.method == "direct":
        raise DataError(
            f"predict expected at most {forecaster.horizon} steps, for which this forecaster was "
            f"trained, got {steps}. Fit with horizon={steps}, or with method='recursive'."
        )
    state.check_known_ahead(panel, steps)
    is_own = panel is forecaster.panel_
    ready = forecaster._ready if is_own and steps <= forecaster.horizon else None
    if ready is None:
        ready = forecaster.prepare(panel, [len(one) for one in panel.series], steps)
        if is_own:
            forecaster._ready = ready
    origins = [origins_since_training(forecaster, one) for one in panel.series]
    found = np.stack(
        [each[-1] for each in engine.quantile_forecasts(forecaster, ready, origins, steps)]
    )
    return found[0] if len(found) == 1 else found


def origins_since_training(forecaster: Forecaster, one: Series) -> np.ndarray:
    """The end of a series, and before it origins since training, from which intervals adapt."""
    last = len(one) - 1
    begin = last
    if forecaster.calibrate and one.name in forecaster.trained_until_:
        begin = max(seen(one, forecaster.trained_until_[one.name]) - 1, last - _MOST_ADAPTED, 1)
    step = -(-(last - begin + 1) // _MOST_ORIGINS_ADAPTED)
    return np.arange(last, min(begin, last) - 1, -step)[::-1]


def check_covariates(forecaster: Forecaster, panel: Panel) -> None:
    """Complain about series with other covariates than those of training."""
    expected = len(forecaster.past_.mean), len(forecaster.future_.mean)
    for one in panel.series:
        got = one.past.shape[1], one.future.shape[1]
        if got != expected:
            raise DataError(
                f"{panel.source}: expected {expected[0]} past and {expected[1]} future "
                f"covariates, as in training, got {got[0]} and {got[1]}."
            )


def unseen(forecaster: Forecaster, panel: Panel, begins: Sequence[int]) -> tuple[Panel, list[int]]:
    """The series that have values behind those of training, and where these begin."""
    kept, at = [], []
    for one, begin in zip(panel.series, begins, strict=True):
        until = forecaster.trained_until_.get(one.name)
        if until is not None:
            begin = max(begin, seen(one, until))
        if begin < len(one) and begin >= settings.SHORTEST:
            kept.append(one)
            at.append(begin)
    if not kept:
        raise DataError(
            f"{panel.source} has no values behind those that this forecaster was trained on: "
            "it cannot be judged on what it has seen."
        )
    return panel.with_series(kept), at


def seen(one: Series, until: float) -> int:
    """How many values of a series were there when training ended."""
    dated = one.times.dtype.kind == "M"
    return int(np.count_nonzero(one.times <= (np.datetime64(int(until), "ms") if dated else until)))


def gain_over_persistence(forecaster: Forecaster, grown: Panel, ends: Sequence[int]) -> float:
    """How much smaller errors are than those of persistence, from origins behind `ends` on."""
    errors, of_persistence = 0.0, 0.0
    middle = len(forecaster.levels_) // 2
    for one, end in zip(grown.series, ends, strict=True):
        origins = np.arange(end - 1, len(one) - 1)
        last = state.last_known(one.values)[origins]
        forecasts = forecaster.forecast_from(grown.with_series([one]), [origins], [end])[0]
        at = origins[:, None] + np.arange(1, forecaster.horizon + 1)
        truth = np.where(at < len(one), one.values[np.minimum(at, len(one) - 1)], np.nan)
        errors += float(np.nansum(np.abs(forecasts[..., middle] - truth)))
        of_persistence += float(np.nansum(np.abs(last[:, None] - truth)))
    if of_persistence == 0:
        return 0.0 if errors == 0 else -np.inf
    return 1 - errors / of_persistence


def between(found: np.ndarray, levels: Sequence[float], wanted: Sequence[float]) -> np.ndarray:
    """Quantiles between those found, by straight lines, `(..., len(wanted))`."""
    at = np.interp(wanted, levels, np.arange(len(levels)))
    low = np.minimum(np.floor(at + 1e-9).astype(int), len(levels) - 1)
    high = np.minimum(low + 1, len(levels) - 1)
    share = np.clip(at - low, 0, 1)
    return np.asarray(found[..., low] * (1 - share) + found[..., high] * share)
