"""Runs the contestants side by side, one process each, and takes medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.workloads import Workload, batch_of, step_flops
from leftfold.engine import config, kernels
from tools.peers import PeerError, Worker

ADAPTERS = Path(__file__).with_name("adapters")
CONTESTANTS = {
    "leftfold": ("leftfold", ADAPTERS / "keras_api.py"),
    "keras-tensorflow": ("keras", ADAPTERS / "keras_api.py"),
    "keras-jax": ("keras", ADAPTERS / "keras_api.py"),
    "torch": ("torch", ADAPTERS / "pytorch.py"),
}
ROUND_MILLISECONDS = 600


def peak_gflops() -> float:
    """The machine's rate on a large packed matrix product, all threads, in GFLOP/s."""
    module = kernels.native()
    if module is None:
        raise SystemExit("The benchmark needs the native extension: run `make bench`.")
    return float(module.peak_gflops(config.threads()))


QUICK = {
    "vix_simplernn50": {
        "leftfold": "fit",
        "keras-tensorflow": "train_on_batch, jit_compile=True",
        "keras-jax": "fit, jit_compile=True",
        "torch": "time first",
    },
    "imdb_lstm256": {
        "leftfold": "train_on_batch",
        "keras-tensorflow": "train_on_batch, jit_compile=False",
        "keras-jax": "train_on_batch, jit_compile=True",
        "torch": "time first",
    },
    "stock_lstm50x2": {
        "leftfold": "fit",
        "keras-tensorflow": "train_on_batch, jit_compile=False",
        "keras-jax": "fit, jit_compile=True",
        "torch": "time first",
    },
}
"""Workloads for a quick look, and the way to run them that was each contestant's fastest, or
nearly, in whole runs: trying all of them takes most of the time."""


def compare(
    workload: Workload,
    contestants: list[str],
    rounds: int,
    say: Callable[[str], None],
    ways: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """One row of the table: every contestant on one workload, in alternating order.

    Each contestant first chooses its own fastest way to run the model, unless it is one of those
    whose `ways` are known. Then come `rounds`
    rounds in which all of them, and the machine's matrix product, are measured one after the
    other, every second round in reversed order; medians count.
    """
    x, y = batch_of(workload)
    description = {**workload._asdict(), "vocabulary": workload.vocabulary}
    workers: dict[str, Worker] = {}
    steps: dict[str, int] = {}
    variants: dict[str, str] = {}
    inexact: list[str] = []
    try:
        for name in contestants:
            say(f"{workload.name}: {name} warms up")
            framework, adapter = CONTESTANTS[name]
            workers[name] = Worker(name, adapter)
            variants[name], first, exact = workers[name].call(
                "prepare", framework, description, x, y, only=ways.get(name)
            )
            if not exact:
                inexact.append(name)
            steps[name] = max(2, min(500, round(ROUND_MILLISECONDS / first)))
        times: dict[str, list[float]] = {name: [] for name in contestants}
        peaks = []
        for turn in range(rounds):
            say(f"{workload.name}: round {turn + 1} of {rounds}")
            peaks.append(peak_gflops())
            for name in contestants if turn % 2 == 0 else reversed(contestants):
                # Behind a pause the first moments are slow: processors wake, caches are empty.
                workers[name].call("measure", max(2, steps[name] // 2))
                times[name].append(workers[name].call("measure", steps[name]))
    finally:
        for worker in workers.values():
            worker.close()
    return {
        "workload": workload.name,
        "gflop": step_flops(workload) / 1e9,
        "peak_gflops": statistics.median(peaks),
        "milliseconds": {name: statistics.median(values) for name, values in times.items()},
        "rounds": times,
        "variants": variants,
        "inexact": inexact,
    }


def peak_memory(workload: Workload, name: str, variant: str) -> dict[str, float]:
    """Megabytes held by a process that trains a workload: before (imports), and at the most."""
    framework, adapter = CONTESTANTS[name]
    x, y = batch_of(workload)
    description = {**workload._asdict(), "vocabulary": workload.vocabulary}
    with Worker(name, adapter) as worker:
        worker.call("versions", framework)
        before = worker.call("peak_memory")
        worker.call("prepare", framework, description, x, y, only=variant)
        worker.call("measure", 3)
        return {"imports": before / 2**20, "training": worker.call("peak_memory") / 2**20}


def versions(contestants: list[str]) -> dict[str, str]:
    """The version of every framework that takes part."""
    found: dict[str, str] = {}
    for name in contestants:
        framework, adapter = CONTESTANTS[name]
        with Worker(name, adapter) as worker:
            found.update(worker.call("versions", framework))
    return found


IMPORTS = {
    "import numpy": "import numpy",
    "import leftfold": "import leftfold",
    "import leftfold, first layer and model": (
        "import leftfold; leftfold.Sequential([leftfold.layers.LSTM(1)])"
    ),
}


def import_milliseconds(rounds: int) -> dict[str, float]:
    """Median time of each statement of `IMPORTS` in a fresh interpreter, alternating.

    All modules are compiled to bytecode in the first round, which does not count, as `pip` does
    when it installs them.
    """
    program = (
        "import time; start = time.perf_counter(); {}; print((time.perf_counter() - start) * 1e3)"
    )
    times: dict[str, list[float]] = {label: [] for label in IMPORTS}
    with tempfile.TemporaryDirectory() as folder:
        environment = with_bytecode(folder)
        for _ in range(rounds + 1):
            for label, statement in IMPORTS.items():
                result = subprocess.run(
                    [sys.executable, "-c", program.format(statement)],
                    capture_output=True,
                    text=True,
                    check=True,
                    env=environment,
                )
                times[label].append(float(result.stdout))
    return {label: statistics.median(values[1:]) for label, values in times.items()}


def with_bytecode(folder: str) -> dict[str, str]:
    """An environment in which interpreters keep compiled modules in `folder`."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPYCACHEPREFIX": folder}


def available(contestants: list[str]) -> dict[str, str]:
    """For each contestant that cannot take part, why."""
    missing = {}
    for name in contestants:
        framework, adapter = CONTESTANTS[name]
        try:
            with Worker(name, adapter) as worker:
                worker.call("versions", framework)
        except (OSError, PeerError) as error:
            missing[name] = str(error)
    return missing


def save(results: dict[str, Any], path: Path) -> None:
    """Write results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
