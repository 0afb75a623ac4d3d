"""`python -m benchmarks.long_sequences`: memory and time of training on very long sequences.

The same models with everything kept for the backward pass, and inside a `RematScope`, where the
states between chunks of steps are kept and each chunk is read again. One process for each figure.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from leftfold import Input, RematScope, Sequential, layers, utils

CELLS = ("LSTM", "GRU", "SimpleRNN")
BATCH, FEATURES, UNITS = 8, 16, 128
LIMIT = 1.5


def train(cell: str, mode: str | None, steps: int, rounds: int) -> dict[str, float]:
    """Microseconds for one step of the sequences, forth and back, and megabytes for the training.

    Args:
        cell: name of the layer.
        mode: of `RematScope`.
        steps: length of the sequences.
        rounds: training steps, of which the first one does not count.
    """
    utils.set_random_seed(1)
    with RematScope(mode):
        reader = getattr(layers, cell)(UNITS)
    model = Sequential([Input((None, FEATURES)), reader, layers.Dense(1)])
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, steps, FEATURES), np.float32)
    y = np.zeros((BATCH, 1), np.float32)
    model.train_on_batch(x[:, :100], y)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        model.train_on_batch(x, y)
        times.append(time.perf_counter() - start)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "microseconds": statistics.median(times[1:] or times) / steps * 1e6,
        "megabytes": (after - before) / 1024,
        "input_megabytes": x.nbytes / 2**20,
    }


def in_process(*arguments: Any) -> dict[str, float]:
    """What `train` measures in a process of its own."""
    program = [sys.executable, "-m", "benchmarks.long_sequences", "--one", json.dumps(arguments)]
    result = subprocess.run(program, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(result.stdout)
    return found


def compare(cell: str, length: int, longest: int) -> dict[str, Any]:
    """One row of the table; times in alternating order."""
    turns = [(mode, in_process(cell, mode, length, 4)) for mode in (None, "full", "full", None)]
    kept = [found for mode, found in turns if mode is None]
    again = [found for mode, found in turns if mode]
    ratio = sum(f["microseconds"] for f in again) / sum(f["microseconds"] for f in kept)
    return {
        "kept": kept[0],
        "remat": again[0],
        "time_ratio": ratio,
        "longest": in_process(cell, "full", longest, 1),
    }


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_sequences")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    parser.add_argument("--length", type=int, default=5000)
    parser.add_argument("--longest", type=int, default=100_000)
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "long_sequences.json"
    )
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(train(*chosen.one)))
        return
    rows = {cell: compare(cell, chosen.length, chosen.longest) for cell in chosen.cells}
    measure.save({"length": chosen.length, "longest": chosen.longest, "cells": rows}, chosen.output)
    print(
        f"Batch {BATCH}, {UNITS} units: us a step and MB for the training, {chosen.length} steps "
        f"with everything kept and with RematScope, and {chosen.longest} steps with RematScope"
    )
    for cell, row in rows.items():
        kept, again, longest = row["kept"], row["remat"], row["longest"]
        verdict = "" if row["time_ratio"] <= LIMIT else f" (more than {LIMIT})"
        times = f"kept {kept['microseconds']:.1f} us {kept['megabytes']:.0f} MB; remat "
        times += f"{again['microseconds']:.1f} us {again['megabytes']:.0f} MB"
        ratio = f"{row['time_ratio']:.2f} times the time{verdict}"
        end = f"longest {longest['microseconds']:.1f} us {longest['megabytes']:.0f} MB"
        print(f"{cell:10} {times}, {ratio}; {end}, its input {longest['input_megabytes']:.0f} MB")


if __name__ == "__main__":
    main()
