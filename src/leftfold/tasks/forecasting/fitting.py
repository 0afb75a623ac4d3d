"""Training the networks of a `Forecaster`, and what is measured on the validation part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold.callbacks import Callback
from leftfold.engine.random import set_random_seed
from leftfold.optimizers import Adam
from leftfold.tasks.forecasting.network import (
    Pinball,
    direct_network,
    ensemble,
    pinball,
    recursive_network,
    shrunk,
)
from leftfold.tasks.forecasting.windows import Prepared, Windows, make_windows
from leftfold.tasks.training import Training, train

MOST_WINDOWS = 40_000
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass
class Plan:
    """What is trained on what.

    Attributes:
        prepared: the series, training and validation part.
        train_ends: where the training part of each ends.
        window: steps of history.
        horizon: steps ahead.
        levels: of the quantiles.
        cell: of the network.
        units: of the network.
        dropout: share of inputs and states that are hidden in training.
        seed: of weights and order.
        members: networks in the ensemble.
        epochs: at most.
        batch_size: windows in a step.
        learning_rate: of Adam.
        patience: epochs without improvement.
        time_limit: seconds for all members together.
        callbacks: for a member's number, callbacks to watch its training.
    """

    prepared: Sequence[Prepared]
    train_ends: Sequence[int]
    window: int
    horizon: int
    levels: Sequence[float]
    cell: str
    units: int
    dropout: float
    seed: int
    members: int
    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    time_limit: float | None = None
    callbacks: Callable[[int], Sequence[Callback]] = lambda member: ()


@dataclass
class Trained:
    """What training made.

    Attributes:
        model: the network, or the mean of several.
        spread: mean absolute error of the base at each step ahead, in units of the series'
            scales, `(horizon,)`.
        resting: quantiles of the base's errors in units of `spread`, `(Q,)`, median 0.
        share: of the network's difference from `resting` that did best on validation.
        losses: there, by that share.
        trainings: one for each member.
        windows: for training and for validation.
    """

    model: Any
    spread: np.ndarray
    resting: np.ndarray
    share: float
    losses: dict[float, float]
    trainings: list[Training] = field(default_factory=list)
    windows: tuple[int, int] = (0, 0)


def train_origins(
    prepared: Sequence[Prepared], ends: Sequence[int], window: int
) -> list[np.ndarray]:
    """Origins from which there is something to learn, some history behind them."""
    return [
        np.arange(min(window // 2, end // 3), end - 1)
        for _, end in zip(prepared, ends, strict=True)
    ]


def validation_origins(prepared: Sequence[Prepared], ends: Sequence[int]) -> list[np.ndarray]:
    """Origins whose next value is the first of validation, or a later one."""
    return [np.arange(end - 1, len(p.series) - 1) for p, end in zip(prepared, ends, strict=True)]


def thinned(origins: list[np.ndarray], most: int) -> list[np.ndarray]:
    """Every k-th origin, so that about `most` are left."""
    step = -(-sum(map(len, origins)) // most)
    return [mine[(len(mine) - 1) % step :: step] for mine in origins]


def measure_base(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Spread and resting quantiles of the base's errors on the training part."""
    found = make_windows(
        plan.prepared,
        thinned(train_origins(plan.prepared, plan.train_ends, plan.window), MOST_WINDOWS),
        plan.train_ends,
        1,
        plan.horizon,
    )
    counts = np.count_nonzero(~np.isnan(found.target), axis=0)
    sizes = np.nansum(np.abs(found.target), axis=0) / np.maximum(counts, 1)
    known = counts >= min(10, counts[0])
    steps = np.arange(1, plan.horizon + 1)
    sizes = np.interp(steps, steps[known], sizes[known]) * np.maximum(
        1, np.sqrt(steps / steps[known][-1])
    )
    spread = np.maximum(sizes, 1e-3)
    errors = found.target / spread
    resting = np.quantile(errors[~np.isnan(errors)], plan.levels)
    return spread, resting - resting[len(resting) // 2]


def fit_direct(plan: Plan) -> Trained:
    """Train the networks that forecast all steps at once."""
    spread, resting = measure_base(plan)
    learning = thinned(train_origins(plan.prepared, plan.train_ends, plan.window), MOST_WINDOWS)
    judging = thinned(validation_origins(plan.prepared, plan.train_ends), MOST_WINDOWS // 4)
    lengths = [len(p.series) for p in plan.prepared]
    shape = plan.window, plan.horizon
    seen = make_windows(plan.prepared, learning, plan.train_ends, *shape)
    unseen = make_windows(plan.prepared, judging, lengths, *shape)

    def build() -> Any:
        return direct_network(
            plan.cell, plan.units, plan.window, seen.history.shape[2], plan.horizon,
            seen.ahead.shape[2], len(plan.levels), plan.dropout,
        )  # fmt: skip

    def data(windows: Windows) -> tuple[Any, np.ndarray]:
        return [windows.history, windows.ahead], windows.target / spread

    return _fit(plan, build, data(seen), data(unseen), spread, resting)


def fit_recursive(plan: Plan) -> Trained:
    """Train the networks that forecast the next step after each."""
    spread, resting = measure_base(plan)
    step = max(1, plan.window // 4)
    learning = [
        mine[(len(mine) - 1) % step :: step]
        for mine in train_origins(plan.prepared, plan.train_ends, plan.window)
    ]
    learning = thinned(learning, MOST_WINDOWS)
    judging = thinned(validation_origins(plan.prepared, plan.train_ends), MOST_WINDOWS // 4)
    seen = _sequences(plan, learning, spread[0])
    history, targets = _sequences(plan, judging, spread[0])
    targets[:, :-1] = np.nan

    def build() -> Any:
        return recursive_network(
            plan.cell, plan.units, history.shape[2], len(plan.levels), plan.dropout
        )

    return _fit(plan, build, seen, (history, targets), spread, resting)


def _sequences(
    plan: Plan, origins: Sequence[np.ndarray], spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Histories `(n, window, features)`, and after each step the error of the base `(n, window)`.

    The errors are those of the step that follows, the last of which is the first behind an origin.
    """
    histories, targets = [], []
    for one, mine in zip(plan.prepared, origins, strict=True):
        at = mine[:, None] + np.arange(1 - plan.window, 1)
        inside = at >= 0
        at = np.maximum(at, 0)
        errors = one.states.surprises / (one.base.scale * spread)
        errors = np.where(np.isnan(one.states.values), np.nan, errors)
        histories.append((one.steps[at] * inside[:, :, None]).astype(np.float32))
        targets.append(np.where(inside, errors[at + 1], np.nan))
    return np.concatenate(histories), np.concatenate(targets)


def _fit(
    plan: Plan,
    build: Callable[[], Any],
    seen: tuple[Any, np.ndarray],
    unseen: tuple[Any, np.ndarray],
    spread: np.ndarray,
    resting: np.ndarray,
) -> Trained:
    members, trainings = [], []
    limit = plan.time_limit / plan.members if plan.time_limit is not None else None
    for number in range(plan.members):
        set_random_seed(plan.seed + number)
        member = build()
        _begin_at(member, resting)
        member.compile(Adam(plan.learning_rate, clipnorm=1.0), Pinball(plan.levels))
        x, y, weights = _weighted(*seen)
        training = train(
            member, x, y, _weighted(*unseen), epochs=plan.epochs, batch_size=plan.batch_size,
            patience=plan.patience, time_limit=limit, sample_weight=weights,
            callbacks=plan.callbacks(number),
        )  # fmt: skip
        members.append(member)
        trainings.append(training)
        if training.ended_by == "interrupt":
            break
    model = ensemble(members)
    outputs = model.predict(unseen[0], batch_size=512, verbose=0)
    truth = unseen[1]
    losses = {
        share: pinball(truth, shrunk(outputs, resting, share), plan.levels) for share in SHARES
    }
    share = min(losses, key=lambda share: losses[share])
    sizes = len(seen[1]), len(unseen[1])
    return Trained(model, spread, resting, share, losses, trainings, sizes)


def _begin_at(member: Any, resting: np.ndarray) -> None:
    """Let an untrained network answer with the resting quantiles."""
    layer = member.get_layer("quantiles")
    layer.set_weights([layer.get_weights()[0], resting.astype(np.float32)])


def _weighted(x: Any, y: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray]:
    """Targets with weights of the mean 1, and 0 for those that are not known."""
    known = ~np.isnan(y)
    weights = known / max(known.mean(), 1e-12)
    return x, np.where(known, y, 0.0)[:, :, None].astype(np.float32), weights.astype(np.float32)
