"""`python -m benchmarks.start`: what comes before training runs at its pace.

The time of imports beside that of NumPy, and each workload's first training step beside its
tenth, each in a process of its own. Nothing is compiled at run time; a first step has to ask the
system for memory, which costs the more the slower the machine hands it out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.adapters import keras_api
from benchmarks.workloads import WORKLOADS, batch_of


def steps(name: str) -> list[float]:
    """Milliseconds of each of the first ten steps of a workload."""
    workload = next(w for w in WORKLOADS if w.name == name)
    x, y = batch_of(workload)
    model = keras_api.build("leftfold", workload._asdict(), None)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        model.train_on_batch(x, y)
        times.append((time.perf_counter() - start) * 1e3)
    return times


def first_and_tenth(name: str, rounds: int) -> dict[str, float]:
    """Medians over `rounds` processes, after one that does not count."""
    program = [sys.executable, "-m", "benchmarks.start", "--one", name]
    runs: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        environment = measure.with_bytecode(folder)
        for _ in range(rounds + 1):
            result = subprocess.run(
                program, capture_output=True, text=True, check=True, env=environment
            )
            runs.append(json.loads(result.stdout))
    runs = runs[1:]
    return {
        "first": statistics.median(run[0] for run in runs),
        "tenth": statistics.median(run[-1] for run in runs),
    }


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start")
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workload", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "start.json"
    )
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(steps(chosen.one)))
        return
    imports = measure.import_milliseconds(2 * chosen.rounds + 1)
    rows = {name: first_and_tenth(name, chosen.rounds) for name in chosen.workload}
    results: dict[str, Any] = {"imports": imports, "steps": rows}
    measure.save(results, chosen.output)
    for label, value in imports.items():
        print(f"{label}: {value:.0f} ms, {value / imports['import numpy']:.2f} times NumPy")
    for name, row in rows.items():
        ratio = row["first"] / row["tenth"]
        print(f"{name:24} first {row['first']:8.1f} ms, tenth {row['tenth']:8.1f} ms, {ratio:.2f}")


if __name__ == "__main__":
    main()
