"""`python -m benchmarks.overhead`: what a step costs beside its arithmetic.

One step of training of a network so small that there is hardly anything to compute, in every
framework in its fastest way, as in `python -m benchmarks`; then, in turns, Leftfold from traces and
without (`run_eagerly=True`), where every layer is called for every batch.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks import measure
from benchmarks.__main__ import say
from benchmarks.workloads import Workload, batch_of
from leftfold import Input, Sequential, layers

TINY = Workload(
    "tiny_simplernn8",
    (("SimpleRNN", {"units": 8}), ("Dense", {"units": 1})),
    batch=32,
    timesteps=10,
    features=1,
    loss="mse",
    optimizer="adam",
)


def by_layers(rounds: int, steps: int = 500) -> dict[str, float]:
    """Milliseconds of `train_on_batch` from traces and with layers called, in turns; medians."""
    x, y = batch_of(TINY)
    models = {}
    for label, eagerly in (("from traces", False), ("layers called", True)):
        models[label] = Sequential([Input((10, 1)), layers.SimpleRNN(8), layers.Dense(1)])
        models[label].compile("adam", "mse", run_eagerly=eagerly)
    times: dict[str, list[float]] = {label: [] for label in models}
    for _ in range(rounds + 1):
        for label, model in models.items():
            start = time.perf_counter()
            for _ in range(steps):
                model.train_on_batch(x, y)
            times[label].append((time.perf_counter() - start) / steps * 1e3)
    return {label: statistics.median(each[1:]) for label, each in times.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--peers", nargs="*", default=list(measure.CONTESTANTS)[1:])
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    contestants = ["leftfold", *chosen.peers]
    for name, reason in measure.available(contestants).items():
        say(f"{name} does not take part: {reason.strip().splitlines()[-1]}")
        contestants.remove(name)
    row = measure.compare(TINY, contestants, chosen.rounds, say)
    own = by_layers(chosen.rounds)
    for name, milliseconds in row["milliseconds"].items():
        print(f"{name:28}{milliseconds * 1e3:8.0f} us  {row['variants'][name]}")
    for label, milliseconds in own.items():
        print(f"{'leftfold, ' + label:28}{milliseconds * 1e3:8.0f} us  train_on_batch")


if __name__ == "__main__":
    main()
