"""Quantiles from a fitted `Forecaster`: from its networks, its bases and its margins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from leftfold import streaming
from leftfold.tasks.forecasting import fitting
from leftfold.tasks.forecasting.network import adapted_margins, conformal_margins, pinball, shrunk
from leftfold.tasks.forecasting.paths import Drawing, simulate
from leftfold.tasks.forecasting.windows import Prepared, make_windows

if TYPE_CHECKING:
    from leftfold.tasks.forecasting.forecaster import Forecaster

_MOST_SIMULATED = 150


def best_share(forecaster: Forecaster, prepared: Sequence[Prepared], ends: Sequence[int]) -> float:
    """The share of the network that did best over all steps, one taken for true in the next."""
    origins = fitting.thinned(fitting.validation_origins(prepared, ends), _MOST_SIMULATED)
    losses = []
    spread, horizon = forecaster.spread_, forecaster.horizon
    for share in fitting.SHARES:
        each = []
        for one, mine in zip(prepared, origins, strict=True):
            if len(mine):
                outputs = _outputs(forecaster, one, mine, horizon, share) / spread[:, None]
                errors = one.errors(mine, horizon) / spread
                each.append(pinball(errors, outputs, forecaster.levels_))
        losses.append(float(np.mean(each)))
    return fitting.SHARES[int(np.argmin(losses))]


def calibrated_margins(
    forecaster: Forecaster, prepared: Sequence[Prepared], ends: Sequence[int]
) -> np.ndarray:
    """What to add to each quantile so that intervals cover the validation part, `(Q,)`.

    When training ends, and how much of the network is used, is decided there as well, so that
    with a network intervals only become wider.
    """
    origins = fitting.validation_origins(prepared, ends)
    origins = fitting.thinned(origins, 400 if forecaster.method == "recursive" else 10_000)
    truths, found = [], []
    for one, mine in zip(prepared, origins, strict=True):
        if not len(mine):
            continue
        truths.append(one.errors(mine, forecaster.horizon))
        found.append(_outputs(forecaster, one, mine, forecaster.horizon, forecaster.share_))
    cases = sum(len(one.series) - end for one, end in zip(prepared, ends, strict=True))
    return conformal_margins(
        np.concatenate(truths) / forecaster.spread_,
        np.concatenate(found) / forecaster.spread_[:, None],
        forecaster.levels_,
        cases,
        narrow=forecaster.share_ == 0,
    )


def _outputs(
    forecaster: Forecaster, one: Prepared, origins: np.ndarray, horizon: int, share: float
) -> np.ndarray:
    """Quantiles beyond the base's forecast in units of its scale, `(origins, horizon, Q)`."""
    if forecaster.method == "direct":
        if share == 0:
            shape = len(origins), forecaster.horizon, len(forecaster.levels_)
            outputs = np.broadcast_to(forecaster.resting_, shape)
        else:
            sizes = forecaster.window_, forecaster.horizon
            windows = make_windows([one], [origins], [len(one.series)], *sizes)
            given = [windows.history, windows.ahead]
            outputs = forecaster.model_.predict(given, batch_size=512, verbose=0)
        direct = shrunk(outputs, forecaster.resting_, share) * forecaster.spread_[:, None]
        return np.asarray(direct[:, :horizon])
    if forecaster.compiled_ is None:
        forecaster.compiled_ = streaming.compile(forecaster.model_)
    drawing = Drawing(forecaster.levels_, forecaster.resting_, share, float(forecaster.spread_[0]))
    paths = simulate(
        forecaster.compiled_, one, origins, horizon, forecaster.window_, drawing, forecaster.paths,
        int(forecaster.random_state),
    )  # fmt: skip
    values = np.moveaxis(np.quantile(paths, forecaster.levels_, axis=1), 0, -1)
    expected = one.states.forecast(origins, horizon)[:, :, None]
    recursive: np.ndarray = (values - expected) / one.base.scale
    return recursive


def quantile_forecasts(
    forecaster: Forecaster,
    prepared: Sequence[Prepared],
    origins: Sequence[np.ndarray],
    horizon: int | None = None,
    share: float | None = None,
) -> list[np.ndarray]:
    """Quantiles in units of the values, for each series `(origins, horizon, Q)`.

    Args:
        forecaster: fitted.
        prepared: the series.
        origins: of each, positions of last known values, ascending.
        horizon: steps ahead; those of training by default.
        share: of the network; the one that training chose by default.
    """
    steps = forecaster.horizon if horizon is None else horizon
    spread = forecaster.spread_[:steps]
    more = np.sqrt(np.arange(len(spread) + 1, steps + 1) / len(spread)) * spread[-1]
    units = np.r_[spread, more][:, None]
    found = []
    for one, mine in zip(prepared, origins, strict=True):
        outputs = _outputs(
            forecaster, one, mine, steps, forecaster.share_ if share is None else share
        )
        margins = _margins(forecaster, one, mine, outputs / units)
        outputs = np.sort(outputs + margins[:, None, :] * units, axis=2)
        expected = one.states.forecast(mine, steps)[:, :, None]
        found.append(one.base.restore(expected + one.base.scale * outputs))
    return found


def _margins(
    forecaster: Forecaster, one: Prepared, origins: np.ndarray, outputs: np.ndarray
) -> np.ndarray:
    """What to add to each quantile at each origin, in units of `spread_`, `(origins, Q)`."""
    if not forecaster.calibrate or len(origins) < 2:
        return np.repeat(forecaster.margins_[None], len(origins), axis=0)
    steps = min(outputs.shape[1], forecaster.horizon)
    units = forecaster.spread_[:steps]
    return adapted_margins(
        one.errors(origins, steps) / units, outputs[:, :steps], forecaster.levels_, origins,
        forecaster.margins_,
    )  # fmt: skip
