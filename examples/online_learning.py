"""Learning while the stream goes on: the flow of water through a pipeline, hour by hour.

A network with its state kept foretells by how much each hour will differ from the one before, and
learns from what has come four times a day. Beside it, on the same hours and features, models of
`river`, which learn every hour; no change at all, and the change of the day before. The first three
weeks choose learning rates, the rest judges. A drift monitor watches the errors.

The stream is `river.datasets.WaterFlow`: 1,268 hours of a real pipeline, with four stretches in
which something was the matter. Needs `pip install "leftfold[online]"`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from river import datasets, linear_model, optim, preprocessing, tree

from leftfold.tasks.online import OnlineRegressor, PageHinkley, Prequential, prequential

DAY, WINDOW, BEGIN = 24, 6, 21 * 24
RATES = (1e-3, 3e-3, 1e-2)


def water() -> tuple[np.ndarray, np.ndarray]:
    """What is known of each hour when it begins, and the change of the flow in it.

    The features are the changes in the three hours before, those of the day before from this hour
    on, how far the flow is from where it was a day ago, and the time of day.
    """
    stream = list(datasets.WaterFlow())
    flow = np.array([target for _, target in stream])
    hours = np.array([2 * math.pi * x["Time"].hour / DAY for x, _ in stream])
    change = np.diff(flow, prepend=flow[0])
    known = [np.roll(change, lag) for lag in (1, 2, 3, DAY, DAY - 1, DAY - 2)]
    gap = np.roll(flow, 1) - np.roll(flow, DAY + 1)
    features = np.column_stack([*known, gap, np.sin(hours), np.cos(hours)])
    return features[DAY + 1 :], change[DAY + 1 :]


class River:
    """A model of river, which takes one row at a time, by the names that windows are taken by."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return np.array([self.model.predict_one(row) for row in as_river_has_them(rows)])

    def partial_fit(self, rows: np.ndarray, targets: np.ndarray) -> None:
        for row, target in zip(as_river_has_them(rows), targets, strict=True):
            self.model.learn_one(row, float(target))


class Known:
    """Says what one of the features says, or that nothing changes."""

    def __init__(self, column: int | None) -> None:
        self.column = column

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return np.zeros(len(rows)) if self.column is None else rows[:, self.column]

    def partial_fit(self, rows: np.ndarray, targets: np.ndarray) -> None:
        """Nothing to learn."""


def as_river_has_them(rows: np.ndarray) -> Iterator[dict[int, float]]:
    return (dict(enumerate(map(float, row))) for row in rows)


def network(rate: float) -> OnlineRegressor:
    return OnlineRegressor(units=24, passes=2, learning_rate=rate, seed=1)


def linear(rate: float) -> River:
    model = linear_model.LinearRegression(optimizer=optim.SGD(rate))
    return River(preprocessing.StandardScaler() | model)


def chosen(make: Callable[[float], Any], x: np.ndarray, y: np.ndarray, window: int) -> Any:
    """A new model with the learning rate that does best on this part of the stream."""
    errors = {rate: prequential(make(rate), x, y, window).mean_error for rate in RATES}
    return make(min(errors, key=lambda rate: errors[rate]))


def main(quick: bool = False) -> dict[str, float]:
    x, y = water()
    begin = 3 * DAY if quick else BEGIN
    if quick:
        x, y = x[: 8 * DAY], y[: 8 * DAY]
    before = x[:begin], y[:begin]
    hoeffding = tree.HoeffdingAdaptiveTreeRegressor(seed=1)
    models: dict[str, tuple[Any, int]] = {
        "network, learns every 6 hours": (chosen(network, *before, WINDOW), WINDOW),
        "river, linear regression": (chosen(linear, *before, 1), 1),
        "river, adaptive Hoeffding tree": (
            River(preprocessing.StandardScaler() | hoeffding),
            1,
        ),
        "no change": (Known(None), 1),
        "the change of the day before": (Known(3), 1),
    }
    found: dict[str, Prequential] = {
        name: prequential(model, x, y, window, begin, PageHinkley())
        for name, (model, window) in models.items()
    }
    ours = found["network, learns every 6 hours"]
    print(f"{len(ours.truth):,} hours, each foretold before it was learnt. Mean error in l/s:")
    for name, result in found.items():
        told = ""
        if result is not ours:
            lead = ours.lead(result, block=DAY)
            told = f"   network ahead by {lead.value:+.2f} ({lead.low:+.2f} to {lead.high:+.2f})"
        print(f"  {name:31} {result.mean_error:6.2f}{told}")
    print(f"Rises of the network's errors, hours after the beginning: {ours.drifts}")
    return {name: result.mean_error for name, result in found.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the first eight days only")
    main(parser.parse_args().quick)
