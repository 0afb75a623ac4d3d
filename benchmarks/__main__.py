"""`python -m benchmarks`: measure, print, save. `make bench` installs the peers first."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
from pathlib import Path
from typing import Any

from benchmarks import measure, picture, report
from benchmarks.workloads import WORKLOADS, Workload
from leftfold.engine import config, kernels
from tools.peers import PEERS

HERE = Path(__file__).parent
MEMORY_WORKLOAD = "imdb_lstm256"


def processor() -> str:
    """The processor's name as its maker gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def parse() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workload", nargs="+", choices=names, metavar="NAME")
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--rounds", type=int, help="5 by default, 2 with --quick")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="three workloads, each framework in one way, two rounds, no memory or imports",
    )
    parser.add_argument("--output", type=Path, default=HERE / "results" / "latest.json")
    parser.add_argument(
        "--write-docs", action="store_true", help="put the table into README and docs"
    )
    return parser.parse_args()


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def measure_memory(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Peak memory of every contestant on the workload chosen for it, if it was measured."""
    for row in rows:
        if row["workload"] == MEMORY_WORKLOAD:
            workload = next(w for w in WORKLOADS if w.name == MEMORY_WORKLOAD)
            say(f"{MEMORY_WORKLOAD}: peak memory")
            return {
                name: measure.peak_memory(workload, name, variant)
                for name, variant in row["variants"].items()
            }
    return {}


def main() -> None:
    """Run what was asked for."""
    chosen = parse()
    contestants = ["leftfold", *(name for name in measure.CONTESTANTS if name in chosen.peers)]
    for name, reason in measure.available(contestants).items():
        if name == "leftfold":
            raise SystemExit(reason)
        say(f"{name} does not take part: {reason.strip().splitlines()[-1]}")
        contestants.remove(name)
    rounds = chosen.rounds or (2 if chosen.quick else 5)
    names = chosen.workload or (measure.QUICK if chosen.quick else [w.name for w in WORKLOADS])
    workloads: list[Workload] = [w for w in WORKLOADS if w.name in names]
    results: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "machine": {
            "processor": processor(),
            "threads": config.threads(),
            "isa": kernels.isa(),
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        },
        "versions": measure.versions(contestants),
        "contestants": contestants,
        "rounds": rounds,
        "workloads": [],
    }
    for workload in workloads:
        ways = measure.QUICK.get(workload.name, {}) if chosen.quick else {}
        results["workloads"].append(measure.compare(workload, contestants, rounds, say, ways))
        measure.save(results, chosen.output)
    if not chosen.quick:
        results["memory"] = measure_memory(results["workloads"])
        results["imports"] = measure.import_milliseconds(11)
        measure.save(results, chosen.output)
    report.terminal(results)
    if chosen.write_docs:
        report.write_docs(results, HERE.parent / "docs" / "benchmarks.md")
        report.write_docs(results, HERE.parent / "README.md", short=True)
        picture.write(results, HERE.parent / "docs" / "benchmarks.svg")


if __name__ == "__main__":
    main()
