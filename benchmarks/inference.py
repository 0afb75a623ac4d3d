"""`python -m benchmarks.inference`: one batch through each of the nine models, forwards only."""

from __future__ import annotations

import argparse
import datetime
import statistics
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.__main__ import HERE, processor, say
from benchmarks.report import markdown_table, replace_generated
from benchmarks.workloads import WORKLOADS, Workload, batch_of
from leftfold.engine import config, kernels
from tools.peers import PeerError, Worker

CONTESTANTS = {
    "leftfold": ("Leftfold", "leftfold", "inference_keras_api.py"),
    "keras-tensorflow": ("Keras+TF", "keras", "inference_keras_api.py"),
    "keras-jax": ("Keras+JAX", "keras", "inference_keras_api.py"),
    "torch": ("PyTorch", "torch", "inference_torch.py"),
    "onnxruntime": ("ONNX Runtime", "onnxruntime", "inference_onnxruntime.py"),
}
ROUND_MILLISECONDS = 300
START, END = "<!-- generated: inference -->", "<!-- end of inference -->"


def compare(workload: Workload, contestants: list[str], rounds: int) -> dict[str, Any]:
    """Every contestant on one workload, in alternating order; medians."""
    x, _ = batch_of(workload)
    description = {**workload._asdict(), "vocabulary": workload.vocabulary}
    workers: dict[str, Worker] = {}
    times: dict[str, list[float]] = {}
    ways, counts = {}, {}
    try:
        for name in contestants:
            say(f"{workload.name}: {name} warms up")
            _, framework, adapter = CONTESTANTS[name]
            workers[name] = Worker(name, measure.ADAPTERS / adapter)
            ways[name], first = workers[name].call("prepare", framework, description, x)
            counts[name] = max(2, min(300, round(ROUND_MILLISECONDS / first)))
            times[name] = []
        for turn in range(rounds):
            for name in contestants if turn % 2 == 0 else reversed(contestants):
                times[name].append(workers[name].call("measure", counts[name]))
    finally:
        for worker in workers.values():
            worker.close()
    return {
        "workload": workload.name,
        "milliseconds": {name: statistics.median(each) for name, each in times.items()},
        "ways": ways,
    }


def lead(row: dict[str, Any]) -> float:
    """How many times as fast as the fastest peer Leftfold is; 0 where there is none."""
    peers = [ms for name, ms in row["milliseconds"].items() if name != "leftfold"]
    return min(peers, default=0.0) / row["milliseconds"]["leftfold"]


def markdown(results: dict[str, Any]) -> str:
    """The table, with what it was measured on."""
    names, machine = results["contestants"], results["machine"]
    rows = [
        [
            row["workload"],
            *(f"{row['milliseconds'][name]:.3g}" for name in names),
            f"{lead(row):.2f}x",
        ]
        for row in results["workloads"]
    ]
    ways = [
        [row["workload"], *(row["ways"][name] for name in names)] for row in results["workloads"]
    ]
    titles = [CONTESTANTS[name][0] for name in names]
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    lines = [
        *markdown_table(["workload", *(f"{title} ms" for title in titles), "lead"], rows),
        "",
        f"{machine['processor']}, {machine['threads']} threads, {machine['isa']} kernels, "
        f"{results['date']}; medians of {results['rounds']} rounds; {versions}.",
        "",
        "How each framework ran fastest:",
        "",
        *markdown_table(["workload", *titles], ways),
    ]
    return "\n".join(lines)


def versions_of(contestants: list[str]) -> dict[str, str]:
    """The versions of those who can take part; the others are taken off the list."""
    found: dict[str, str] = {}
    for name in list(contestants):
        _, framework, adapter = CONTESTANTS[name]
        try:
            with Worker(name, measure.ADAPTERS / adapter) as worker:
                found.update(worker.call("versions", framework))
        except (OSError, PeerError) as error:
            say(f"{name} does not take part: {str(error).strip().splitlines()[-1]}")
            contestants.remove(name)
    return found


def parse() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workload", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--peers", nargs="*", choices=list(CONTESTANTS), default=list(CONTESTANTS))
    parser.add_argument("--quick", action="store_true", help="2 rounds instead of 5")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "inference.json")
    parser.add_argument("--write-docs", action="store_true", help="put the table into the docs")
    return parser.parse_args()


def main() -> None:
    """Run what was asked for."""
    chosen = parse()
    contestants = [name for name in CONTESTANTS if name == "leftfold" or name in chosen.peers]
    rounds = 2 if chosen.quick else 5
    results: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "machine": {
            "processor": processor(),
            "threads": config.threads(),
            "isa": kernels.isa(),
        },
        "versions": versions_of(contestants),
        "contestants": contestants,
        "rounds": rounds,
        "workloads": [],
    }
    for workload in WORKLOADS:
        if workload.name in chosen.workload:
            results["workloads"].append(compare(workload, contestants, rounds))
            measure.save(results, chosen.output)
    print(markdown(results))
    if chosen.write_docs:
        page = HERE.parent / "docs" / "benchmarks.md"
        replace_generated(page, markdown(results), START, END)


if __name__ == "__main__":
    main()
