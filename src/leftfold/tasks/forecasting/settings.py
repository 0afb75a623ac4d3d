"""The settings of a `Forecaster`: checked, and where they are `"auto"`, chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.forecasting.base import KINDS
from leftfold.tasks.forecasting.network import CELLS, METHODS, RECURRENT
from leftfold.tasks.forecasting.series import Panel
from leftfold.tasks.forecasting.smoothing import season_strength

if TYPE_CHECKING:
    from leftfold.tasks.forecasting.forecaster import Forecaster

SHORTEST = 8
_CYCLES = (4, 5, 7, 12, 24, 52)
_CLEAR_SEASON = 0.4


def check_settings(forecaster: Forecaster) -> None:
    """Complain about settings that make no sense.

    Raises:
        ValueError: which names the setting, what was expected and what came.
    """
    names = ["horizon", "units", "ensemble", "epochs", "paths", "patience"]
    whole = {name: getattr(forecaster, name) for name in names}
    for name in ("window", "season_length", "batch_size"):
        if getattr(forecaster, name) != "auto":
            whole[name] = getattr(forecaster, name)
    for name, number in whole.items():
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise ValueError(f"{name} expected a whole number of at least 1, got {number!r}.")
    cells = CELLS if forecaster.method == "direct" else tuple(RECURRENT)
    chosen = {"cell": (forecaster.cell, (*cells, "auto")), "method": (forecaster.method, METHODS),
              "differencing": (forecaster.differencing, ("auto", *KINDS)),
              "log": (forecaster.log, ("auto", True, False))}  # fmt: skip
    for name, (value, allowed) in chosen.items():
        if value not in allowed:
            raise ValueError(f"{name} expected one of {allowed}, got {value!r}.")
    if not 0 <= forecaster.dropout < 1:
        raise ValueError(f"dropout expected a share below 1, got {forecaster.dropout!r}.")
    if not 0 < forecaster.validation < 0.8:
        raise ValueError(f"validation expected a share below 0.8, got {forecaster.validation!r}.")
    if not len(forecaster.quantiles) or any(not 0 < q < 1 for q in forecaster.quantiles):
        given = forecaster.quantiles
        raise ValueError(f"quantiles expected numbers between 0 and 1, got {given!r}.")


def usable(forecaster: Forecaster, panel: Panel) -> Panel:
    """The series that are long enough and change; the others are left out with a note.

    Raises:
        DataError: when none is left.
    """
    shortest = forecaster.horizon + SHORTEST
    reasons: dict[str, str] = {}
    for one in panel.series:
        known = one.values[~np.isnan(one.values)]
        if len(known) <= forecaster.horizon:
            reasons[one.name] = (
                f"the horizon of {forecaster.horizon} steps is longer than the data: {one.name!r} "
                f"has {len(known)} values"
            )
        elif len(known) < shortest:
            reasons[one.name] = (
                f"{one.name!r} has {len(known)} values, a horizon of {forecaster.horizon} needs "
                f"{shortest} at least"
            )
        elif np.ptp(known[: train_end(forecaster, len(known))]) == 0:
            reasons[one.name] = f"{one.name!r} is constant: all its values are {known[0]:g}"
    kept = [one for one in panel.series if one.name not in reasons]
    if not kept:
        raise DataError(f"{panel.source}: {next(iter(reasons.values()))}.")
    if reasons:
        some = "; ".join(list(reasons.values())[:3])
        panel.notes.append(f"{len(reasons)} of {len(panel)} series are left out: {some}.")
    return panel.with_series(kept)


def train_end(forecaster: Forecaster, length: int) -> int:
    """Where the validation part of a series of this length begins."""
    wanted = max(forecaster.horizon, round(forecaster.validation * length))
    return length - min(wanted, round(0.4 * length))


def season_of(forecaster: Forecaster, panel: Panel, ends: Sequence[int]) -> int:
    """Steps in the season to look for: named, or of the frequency, or clear in the values."""
    if forecaster.season_length != "auto":
        return int(forecaster.season_length)
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


def window_of(forecaster: Forecaster, ends: Sequence[int]) -> int:
    """Steps of history to read."""
    if forecaster.window != "auto":
        return int(forecaster.window)
    wanted = max(2 * forecaster.season_length_, forecaster.horizon, 24)
    return int(max(4, min(wanted, 120, max(ends) // 2)))
