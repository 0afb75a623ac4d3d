"""The recursive forecast: a stepper walks on over what it expects, its states going with it.

Each path draws a value from the quantiles that the network answers with, takes it for true,
and goes on; quantiles over paths are those of the forecast.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leftfold.streaming import Stepper
from leftfold.tasks.forecasting.base import Base
from leftfold.tasks.forecasting.smoothing import States
from leftfold.tasks.forecasting.windows import Prepared, step_features


class _Walk:
    """One smoothing along many paths at once, from an origin of each."""

    def __init__(self, weights: Sequence[float], states: States, origins: np.ndarray) -> None:
        self.level_weight, self.trend_weight, self.season_weight, self.damping = weights
        self.levels = states.levels[origins].copy()
        self.trends = states.trends[origins].copy()
        self.seasons = states.future_seasons(origins, states.season_length).copy()
        self.step = 0

    def expected(self) -> np.ndarray:
        season = self.seasons[:, self.step % self.seasons.shape[1]]
        expected: np.ndarray = self.levels + self.damping * self.trends + season
        return expected

    def take(self, values: np.ndarray) -> None:
        surprise = values - self.expected()
        self.trends = self.damping * self.trends
        self.levels = self.levels + self.trends + self.level_weight * surprise
        self.trends = self.trends + self.trend_weight * surprise
        self.seasons[:, self.step % self.seasons.shape[1]] += self.season_weight * surprise
        self.step += 1


class _Walks:
    """The mixture of smoothings of a base along many paths."""

    def __init__(self, one: Prepared, origins: np.ndarray) -> None:
        self.weights = one.base.weights
        self.walks = [
            _Walk((s.level_weight, s.trend_weight, s.season_weight, s.damping), states, origins)
            for s, states in zip(one.base.smoothings, one.states.states, strict=True)
        ]

    def _mixed(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        mixed: np.ndarray = np.tensordot(self.weights, np.stack(arrays), 1)
        return mixed

    def expected(self) -> np.ndarray:
        return self._mixed([walk.expected() for walk in self.walks])

    def season(self) -> np.ndarray:
        """Of the step that follows."""
        return self._mixed([w.seasons[:, w.step % w.seasons.shape[1]] for w in self.walks])

    def trends(self) -> np.ndarray:
        return self._mixed([walk.trends for walk in self.walks])

    def take(self, values: np.ndarray) -> None:
        for walk in self.walks:
            walk.take(values)


class Drawing:
    """Draws values from quantiles.

    Args:
        levels: of the quantiles, ascending.
        resting: quantiles that know nothing of the series, `(Q,)`.
        share: of the network's difference from them.
        spread: in the units of which the network answers.
    """

    def __init__(
        self, levels: Sequence[float], resting: np.ndarray, share: float, spread: float
    ) -> None:
        self.levels = np.asarray(levels)
        self.resting = resting
        self.share = share
        self.spread = spread

    def draw(self, outputs: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """A value for each row of the network's outputs.

        Args:
            outputs: `(rows, Q)`.
            chance: between 0 and 1, `(rows,)`.
        """
        known = np.sort(self.resting + self.share * (outputs - self.resting), axis=1)
        low = known[:, :1] - 0.5 * (known[:, -1:] - known[:, :1]) * self.levels[0] * 4
        high = known[:, -1:] + 0.5 * (known[:, -1:] - known[:, :1]) * (1 - self.levels[-1]) * 4
        values = np.concatenate([low, known, high], axis=1)
        levels = np.r_[0.0, self.levels, 1.0]
        cell = np.clip(np.searchsorted(levels, chance) - 1, 0, len(levels) - 2)
        rows = np.arange(len(values))
        share = (chance - levels[cell]) / (levels[cell + 1] - levels[cell])
        drawn: np.ndarray = values[rows, cell] * (1 - share) + values[rows, cell + 1] * share
        return drawn * self.spread


def simulate(
    stepper: Stepper,
    one: Prepared,
    origins: np.ndarray,
    horizon: int,
    window: int,
    drawing: Drawing,
    paths: int,
    seed: int,
) -> np.ndarray:
    """Paths of transformed values behind each origin, `(origins, paths, horizon)`.

    Args:
        stepper: the compiled network.
        one: the series.
        origins: positions of last known values.
        horizon: steps ahead.
        window: steps of history that the network reads first.
        drawing: how values are drawn.
        paths: from each origin.
        seed: of the drawings.
    """
    base = one.base
    every = np.repeat(origins, paths)
    sessions = stepper.add(len(every))
    outputs = _read_history(stepper, sessions, one, every, window)
    walks = _Walks(one, every)
    generator = np.random.default_rng(seed)
    adjusted = (one.states.values - one.states.seasons)[every]
    found = np.empty((len(every), horizon))
    last_past = one.steps[every, 6 : 6 + one.series.past.shape[1]]
    for step in range(horizon):
        chance = (np.tile(np.arange(paths), len(origins)) + generator.random(len(every))) / paths
        order = np.concatenate(
            [generator.permutation(paths) + i * paths for i in range(len(origins))]
        )
        season, expected = walks.season(), walks.expected()
        values = expected + base.scale * drawing.draw(outputs, chance[order])
        found[:, step] = values
        walks.take(values)
        if step + 1 == horizon:
            break
        before, adjusted = adjusted, values - season
        outputs = stepper.step(
            _features(
                base, one, every + step + 1, values, expected, adjusted, before, walks, last_past
            ),
            sessions,
        )
    for session in sessions.tolist():
        stepper.drop(session)
    return found.reshape(len(origins), paths, horizon)


def _read_history(
    stepper: Stepper, sessions: np.ndarray, one: Prepared, origins: np.ndarray, window: int
) -> np.ndarray:
    outputs = np.empty(0)
    for back in range(window - 1, -1, -1):
        at = origins - back
        rows = np.where(at[:, None] >= 0, one.steps[np.maximum(at, 0)], 0.0)
        outputs = stepper.step(rows.astype(np.float32), sessions)
    return outputs


def _features(
    base: Base,
    one: Prepared,
    at: np.ndarray,
    values: np.ndarray,
    expected: np.ndarray,
    adjusted: np.ndarray,
    before: np.ndarray,
    walks: _Walks,
    past: np.ndarray,
) -> np.ndarray:
    own = step_features(
        base, values - expected, adjusted, before, values, walks.season(), walks.trends()
    )
    last = len(one.ahead) - 1
    now, following = one.ahead[np.minimum(at, last)], one.ahead[np.minimum(at + 1, last)]
    return np.concatenate([own, past, now, following], axis=1).astype(np.float32)
