"""`python -m benchmarks.scaling`: how the cost of a training step grows, and whether it jumps.

One layer on random numbers, trained step by step. Two questions are asked of it. How does the time
grow with the batch, the length, the units, the threads and the vocabulary? Its slope is that of
the time over the size, both as logarithms: 1 where twice the size takes twice the time, 0 where it
takes no longer. And do sizes that nobody tuned for fall off a cliff? Each is measured in turns with
a round neighbour, and the operations that both do in a second are compared.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import measure
from benchmarks.__main__ import HERE, processor
from benchmarks.adapters import keras_api
from benchmarks.report import markdown_table, replace_generated
from benchmarks.workloads import LayerSpec, Workload, batch_of, step_flops
from leftfold.engine import config, kernels

START, END = "<!-- generated: scaling -->", "<!-- end of scaling -->"
CELLS = ("LSTM", "GRU", "SimpleRNN")
LIMIT = 1.5
"""How many times as many operations a second the round neighbour may do before it is a cliff."""


class Shape(NamedTuple):
    """What is trained: `vocabulary` is 0 for inputs of 64 numbers instead of words."""

    batch: int = 32
    timesteps: int = 100
    units: int = 128
    vocabulary: int = 0


SIZES: dict[str, tuple[int, ...]] = {
    "batch": (1, 2, 4, 8, 16, 32, 64, 128, 256),
    "timesteps": (1, 10, 50, 100, 200, 500, 1000, 2000),
    "units": (8, 16, 32, 64, 128, 256, 512),
    "vocabulary": (100, 1_000, 10_000, 100_000),
}
ODD: dict[str, dict[int, int]] = {
    "units": {37: 32, 50: 64, 100: 96, 150: 160},
    "batch": {1: 2, 7: 8, 33: 32, 200: 192},
    "timesteps": {1: 2, 3: 4, 30: 32, 500: 512, 2000: 2048},
}
"""Sizes that nobody tuned for, and the round one beside each."""


def workload(cell: str, shape: Shape) -> Workload:
    """The model of one measurement, in the terms of the other benchmarks."""
    layers: tuple[LayerSpec, ...] = ((cell, {"units": shape.units}), ("Dense", {"units": 1}))
    features = 64
    if shape.vocabulary:
        table = {"input_dim": shape.vocabulary, "output_dim": features}
        layers, features = (("Embedding", table), *layers), 0
    return Workload(cell, layers, shape.batch, shape.timesteps, features, "mse", "adam")


def stepper(cell: str, shape: Shape, least: float) -> Callable[[], float]:
    """A function that trains for about `least` seconds and returns the seconds of one step."""
    model_of = workload(cell, shape)
    x, y = batch_of(model_of)
    model = keras_api.build("leftfold", model_of._asdict(), None)

    def run(steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            model.train_on_batch(x, y)
        return (time.perf_counter() - start) / steps

    run(2)
    steps = max(1, round(least / run(2)))
    return lambda: run(steps)


def in_turns(ways: Sequence[Callable[[], float]], rounds: int) -> list[float]:
    """The median of every way, measured in alternating order."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(rounds):
        order = range(len(ways)) if turn % 2 else reversed(range(len(ways)))
        for i in order:
            times[i].append(ways[i]())
    return [statistics.median(found) for found in times]


def slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Of the straight line through the logarithms, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def growth(cell: str, name: str, sizes: Sequence[int], rounds: int, least: float) -> dict[str, Any]:
    """Seconds of a step for each size, and their slope: of all, and of the larger half."""
    if name == "threads":
        seconds = by_threads(cell, sizes, rounds, least)
    else:
        ways = [stepper(cell, Shape()._replace(**{name: size}), least) for size in sizes]
        seconds = in_turns(ways, rounds)
    larger = len(sizes) // 2
    return {
        "sizes": list(sizes),
        "seconds": seconds,
        "slope": slope(sizes, seconds) if len(sizes) > 1 else None,
        "slope_of_the_larger": slope(sizes[larger:], seconds[larger:]) if larger > 1 else None,
    }


def by_threads(cell: str, counts: Sequence[int], rounds: int, least: float) -> list[float]:
    """Seconds of a step on each number of threads."""
    step = stepper(cell, Shape(), least)

    def on(count: int) -> float:
        config.set_threads(count)
        return step()

    before = config.threads()
    try:
        return in_turns([lambda count=count: on(count) for count in counts], rounds)
    finally:
        config.set_threads(before)


def beside(cell: str, name: str, odd: int, even: int, rounds: int, least: float) -> dict[str, Any]:
    """Billions of operations a second at an odd size and at its round neighbour."""
    shapes = [Shape()._replace(**{name: size}) for size in (odd, even)]
    seconds = in_turns([stepper(cell, shape, least) for shape in shapes], rounds)
    rates = [
        step_flops(workload(cell, shape)) / taken / 1e9
        for shape, taken in zip(shapes, seconds, strict=True)
    ]
    return {"of": name, "odd": odd, "round": even, "gflops": rates, "ratio": rates[1] / rates[0]}


def markdown(results: dict[str, Any]) -> str:
    """The tables, with what they were measured on."""
    machine = results["machine"]
    lines: list[str] = []
    for cell, found in results["cells"].items():
        rows = [
            [
                name,
                " ".join(
                    f"{size:,}: {seconds * 1e3:.3g}"
                    for size, seconds in zip(row["sizes"], row["seconds"], strict=True)
                ),
                *("" if s is None else f"{s:.2f}" for s in
                  (row["slope"], row["slope_of_the_larger"])),
            ]
            for name, row in found["growth"].items()
        ]  # fmt: skip
        titles = [f"{cell}: of", "size: milliseconds of a step", "slope", "of the larger half"]
        lines += [*markdown_table(titles, rows), ""]
        rows = [
            [
                f"{row['of']} {row['odd']:,} beside {row['round']:,}",
                *(f"{rate:.3g}" for rate in row["gflops"]),
                f"{row['ratio']:.2f}" + (" (a cliff)" if row["ratio"] > LIMIT else ""),
            ]
            for row in found["odd"]
        ]
        titles = [f"{cell}: GFLOP/s", "odd", "round", "round / odd"]
        lines += [*markdown_table(titles, rows), ""]
    return "\n".join([
        *lines,
        f"{machine['processor']}, {machine['threads']} threads, {machine['isa']} kernels, "
        f"{results['date']}; medians of {results['rounds']} rounds; matrix-product rate "
        f"{machine['peak_gflops']:.0f} GFLOP/s.",
    ])  # fmt: skip


def parse() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--cell", nargs="+", choices=CELLS, default=["LSTM"])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "scaling.json")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into the docs")
    return parser.parse_args()


def main() -> None:
    """Measure, print, save."""
    chosen = parse()
    rounds, least = (3, 0.03) if chosen.quick else (7, 0.2)
    threads = tuple(range(1, config.threads() + 1))
    results: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "rounds": rounds,
        "machine": {
            "processor": processor(),
            "threads": config.threads(),
            "isa": kernels.isa(),
            "peak_gflops": measure.peak_gflops(),
        },
        "cells": {
            cell: {
                "growth": {
                    name: growth(cell, name, sizes, rounds, least)
                    for name, sizes in {**SIZES, "threads": threads}.items()
                },
                "odd": [
                    beside(cell, name, odd, even, rounds, least)
                    for name, pairs in ODD.items()
                    for odd, even in pairs.items()
                ],
            }
            for cell in chosen.cell
        },
    }
    measure.save(results, chosen.output)
    print(json.dumps(results, indent=2) if chosen.json else markdown(results))
    if chosen.write_docs:
        page = HERE.parent / "docs" / "benchmarks.md"
        replace_generated(page, markdown(results), START, END)


if __name__ == "__main__":
    main()
