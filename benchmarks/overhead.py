"""`python -m benchmarks.overhead`: what a step costs beside its arithmetic.

One step of training of a network so small that there is hardly anything to compute, in every
framework in its fastest way, as in `python -m benchmarks`; in Leftfold also without traces
(`run_eagerly=True`), where every layer is called for every batch.
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


def without_traces(rounds: int, steps: int = 500) -> float:
    """Milliseconds of a step where layers are called for every batch; the median of some rounds."""
    model = Sequential([Input((10, 1)), layers.SimpleRNN(8), layers.Dense(1)])
    model.compile("adam", "mse", run_eagerly=True)
    x, y = batch_of(TINY)
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        for _ in range(steps):
            model.train_on_batch(x, y)
        times.append((time.perf_counter() - start) / steps * 1e3)
    return statistics.median(times[1:])


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
    eager = without_traces(chosen.rounds)
    for name, milliseconds in row["milliseconds"].items():
        print(f"{name:28}{milliseconds * 1e3:8.0f} us  {row['variants'][name]}")
    print(f"{'leftfold, layers called':28}{eager * 1e3:8.0f} us  train_on_batch")


if __name__ == "__main__":
    main()
