"""Which network a `Forecaster` takes: `cell="auto"` trains each kind in its share of the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.callbacks import Callback
from leftfold.tasks.forecasting import fitting
from leftfold.tasks.forecasting.network import CELLS, DESCRIPTIONS, RECURRENT
from leftfold.tasks.forecasting.windows import Prepared

if TYPE_CHECKING:
    from leftfold.tasks.forecasting.forecaster import Forecaster

WITHOUT = "none"


@dataclass(frozen=True)
class Candidate:
    """One network that `cell="auto"` tried; `"none"` for the forecast that they start from.

    Attributes:
        cell: its kind.
        loss: pinball loss on the validation part, in units of the base's errors.
        share: how much of the network's correction did best there.
        seconds: of training.
        parameters: of the network.
        ended_by: see `Training`.
    """

    cell: str
    loss: float
    share: float
    seconds: float
    parameters: int
    ended_by: str


def trained(
    forecaster: Forecaster,
    prepared: Sequence[Prepared],
    ends: Sequence[int],
    callbacks: Callable[[int], Sequence[Callback]],
) -> tuple[fitting.Trained, list[Candidate]]:
    """The network that does best on the validation part, and what was tried, the best first."""
    cells = [forecaster.cell]
    if forecaster.cell == "auto":
        cells = list(CELLS if forecaster.method == "direct" else RECURRENT)
    fit = fitting.fit_direct if forecaster.method == "direct" else fitting.fit_recursive
    limit = forecaster.time_limit
    until = None if limit is None else time.monotonic() + limit
    best: fitting.Trained | None = None
    candidates: list[Candidate] = []
    for number, cell in enumerate(cells):
        share = None
        if until is not None:
            share = max(0.0, until - time.monotonic()) / (len(cells) - number)
        found = fit(_plan(forecaster, prepared, ends, callbacks, cell, share))
        candidates.append(_candidate(cell, found))
        if best is None or found.losses[found.share] < best.losses[best.share]:
            best = found
        if candidates[-1].ended_by == "interrupt":
            break
    assert best is not None
    candidates.append(Candidate(WITHOUT, best.losses[0.0], 0.0, 0.0, 0, "epochs"))
    return best, sorted(candidates, key=lambda candidate: candidate.loss)


def _plan(
    forecaster: Forecaster,
    prepared: Sequence[Prepared],
    ends: Sequence[int],
    callbacks: Callable[[int], Sequence[Callback]],
    cell: str,
    time_limit: float | None,
) -> fitting.Plan:
    batch = forecaster.batch_size
    if batch == "auto":
        batch = int(np.clip(sum(ends) // 40, 16, 256))
    return fitting.Plan(
        prepared, ends, forecaster.window_, forecaster.horizon, forecaster.levels_, cell,
        forecaster.units, forecaster.dropout, int(forecaster.random_state), forecaster.ensemble,
        forecaster.epochs, int(batch), forecaster.learning_rate, forecaster.patience, time_limit,
        callbacks,
    )  # fmt: skip


def _candidate(cell: str, found: fitting.Trained) -> Candidate:
    last = found.trainings[-1]
    return Candidate(
        cell,
        found.losses[found.share],
        found.share,
        sum(training.seconds for training in found.trainings),
        int(found.model.count_params()),
        last.ended_by,
    )


def describe_candidates(candidates: Sequence[Candidate]) -> dict[str, list[Any]]:
    """What was tried, as columns."""
    return {
        "network": [DESCRIPTIONS[candidate.cell] for candidate in candidates],
        "validation pinball": [candidate.loss for candidate in candidates],
        "share used": [candidate.share for candidate in candidates],
        "seconds": [round(candidate.seconds, 1) for candidate in candidates],
        "parameters": [candidate.parameters for candidate in candidates],
        "ended by": [candidate.ended_by for candidate in candidates],
    }
