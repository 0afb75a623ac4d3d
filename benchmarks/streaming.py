"""`python -m benchmarks.streaming`: one step of one sequence, of many, and generated text."""

from __future__ import annotations

import argparse
import datetime
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.__main__ import HERE, processor, say
from benchmarks.report import markdown_table, replace_generated
from leftfold.engine import config, kernels
from tools.peers import PeerError, Worker

FEATURES, UNITS, OUTPUTS = 64, 128, 1
SESSIONS = 10_000
CONTESTANTS = {
    "leftfold": ("Leftfold", "streaming_leftfold.py"),
    "onnxruntime": ("ONNX Runtime", "streaming_onnxruntime.py"),
    "torch": ("PyTorch", "streaming_torch.py"),
}
WRITERS = {
    "leftfold": ("Leftfold", "leftfold"),
    "keras-jax": ("Keras+JAX", "keras"),
    "keras-tensorflow": ("Keras+TF", "keras"),
}
START, END = "<!-- generated: streaming -->", "<!-- end of streaming -->"


def weights_and_inputs() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The LSTM's and the head's weights in Keras's order, and some steps of input."""
    random = np.random.default_rng(0)
    shapes = [(FEATURES, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,), (UNITS, OUTPUTS), (OUTPUTS,)]
    weights = [random.normal(0, 0.1, shape).astype(np.float32) for shape in shapes]
    inputs = random.normal(size=(64, FEATURES)).astype(np.float32)
    return weights, list(inputs)


def step_gflop() -> float:
    """Billions of operations in the matrix products of one step of one session."""
    return 2 * ((FEATURES + UNITS) * 4 * UNITS + UNITS * OUTPUTS) / 1e9


def compare_steps(rounds: int, count: int) -> dict[str, Any]:
    """Every contestant on the same weights, in alternating order."""
    weights, inputs = weights_and_inputs()
    workers: dict[str, Worker] = {}
    found: dict[str, Any] = {"ways": {}, "versions": {}}
    try:
        answers = {}
        for name, (_, adapter) in CONTESTANTS.items():
            say(f"streaming: {name} warms up")
            try:
                workers[name] = worker = Worker(name, measure.ADAPTERS / adapter)
                found["versions"].update(worker.call("versions"))
                found["ways"][name], answers[name] = worker.call("prepare", weights, inputs)
            except (OSError, PeerError) as error:
                say(f"{name} does not take part: {str(error).strip().splitlines()[-1]}")
                found["ways"].pop(name, None)
        for name, answer in answers.items():
            np.testing.assert_allclose(answer, answers["leftfold"], atol=1e-4, err_msg=name)
        times: dict[str, list[Any]] = {name: [] for name in answers}
        batches: dict[str, list[float]] = {name: [] for name in answers}
        peaks = []
        for turn in range(rounds):
            say(f"streaming: round {turn + 1} of {rounds}")
            peaks.append(measure.peak_gflops())
            for name in list(answers) if turn % 2 == 0 else list(answers)[::-1]:
                times[name].append(workers[name].call("measure", count))
                batches[name].append(workers[name].call("measure_batch", SESSIONS, 8))
    finally:
        for worker in workers.values():
            worker.close()
    found["microseconds"] = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in times.items()
    }
    found["batch_milliseconds"] = {name: statistics.median(ms) for name, ms in batches.items()}
    found["peak_gflops"] = statistics.median(peaks)
    found["steps"] = rounds * count
    return found


def compare_writers(tokens: int) -> dict[str, Any]:
    """Tokens per second of a model that writes text, one at a time."""
    found: dict[str, Any] = {}
    for name, (title, framework) in WRITERS.items():
        say(f"writing: {name}")
        try:
            with Worker(name, measure.ADAPTERS / "writing.py") as worker:
                for way, rate in worker.call("measure", framework, tokens).items():
                    found[f"{title}, {way}"] = rate
        except (OSError, PeerError) as error:
            say(f"{name} does not take part: {str(error).strip().splitlines()[-1]}")
    return found


def markdown(results: dict[str, Any]) -> str:
    """The tables, with what they were measured on."""
    steps, machine = results["streaming"], results["machine"]
    own = steps["microseconds"]["leftfold"]
    rows = []
    for name, times in steps["microseconds"].items():
        batch = steps["batch_milliseconds"][name]
        share = step_gflop() * SESSIONS / (batch / 1e3) / steps["peak_gflops"]
        rows.append([
            CONTESTANTS[name][0],
            *(f"{value:.3g}" for value in times),
            f"{times[0] / own[0]:.2f}x",
            f"{batch:.3g}",
            f"{share:.0%}",
            steps["ways"][name],
        ])  # fmt: skip
    titles = ["", "mean µs", "p50", "p99", "p99.9", "beside Leftfold"]
    titles += [f"{SESSIONS:,} sessions ms", "of peak", "fastest way"]
    versions = ", ".join(f"{name} {number}" for name, number in steps["versions"].items())
    lines = [
        *markdown_table(titles, rows),
        "",
        f"{machine['processor']}, {machine['isa']} kernels, {results['date']}; "
        f"{steps['steps']:,} steps each; {versions}; matrix-product rate "
        f"{steps['peak_gflops']:.0f} GFLOP/s on {machine['threads']} threads.",
        "",
        *markdown_table(
            ["text, one token at a time", "tokens per second"],
            [[name, f"{rate:,.0f}"] for name, rate in results["writing"].items()],
        ),
    ]
    return "\n".join(lines)


def parse() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streaming", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40,000 steps instead of a million")
    parser.add_argument("--output", type=Path, default=HERE / "results" / "streaming.json")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into the docs")
    return parser.parse_args()


def main() -> None:
    """Run what was asked for."""
    chosen = parse()
    rounds, count = (2, 20_000) if chosen.quick else (5, 200_000)
    results = {
        "date": datetime.date.today().isoformat(),
        "machine": {
            "processor": processor(),
            "threads": config.threads(),
            "isa": kernels.isa(),
        },
        "streaming": compare_steps(rounds, count),
        "writing": compare_writers(50 if chosen.quick else 200),
    }
    measure.save(results, chosen.output)
    print(markdown(results))
    if chosen.write_docs:
        page = HERE.parent / "docs" / "benchmarks.md"
        replace_generated(page, markdown(results), START, END)


if __name__ == "__main__":
    main()
