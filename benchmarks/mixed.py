"""`python -m benchmarks.mixed`: what `mixed_bfloat16` gains, and whether it costs accuracy.

Steps of the benchmark's models are timed in turns under both policies; a model's memory is what a
process of its own holds at the most while it trains. For accuracy, an LSTM reads real film reviews
from the same initial weights in the same order, under both policies, for several seeds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.workloads import WORKLOADS, Workload, batch_of
from leftfold import Input, Sequential, layers, utils
from leftfold.datasets import movie_reviews
from leftfold.dtype_policies import set_dtype_policy
from leftfold.engine import config, kernels
from leftfold.preprocessing.sequence import pad_sequences
from leftfold.preprocessing.text import Tokenizer

POLICIES = ("float32", "mixed_bfloat16")
CHOSEN = (
    "imdb_lstm256",
    "imdb_gru256",
    "imdb_simplernn256",
    "imdb_bilstm64",
    "textgen_lstm150_100",
)
LEAST_GAIN = 1.4
STEPS_A_TURN = 3
WORDS = 5000


class Reading(NamedTuple):
    """How many reviews are read, and by what; by default what learns something in a minute."""

    reviews: int = 4000
    length: int = 150
    features: int = 32
    units: int = 64
    epochs: int = 3


def build(workload: Workload, policy: str) -> Sequential:
    """The model of a workload under a policy, compiled."""

    def make(name: str, arguments: dict[str, Any]) -> Any:
        if name == "Bidirectional":
            return layers.Bidirectional(make(*arguments["layer"]))
        return getattr(layers, name)(**arguments)

    utils.set_random_seed(1)
    set_dtype_policy(policy)
    model = Sequential([make(*layer) for layer in workload.layers])
    set_dtype_policy("float32")
    model.compile(workload.optimizer, workload.loss)
    return model


def train(model: Sequential, data: tuple[np.ndarray, np.ndarray], steps: int) -> float:
    """Milliseconds a step."""
    start = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(*data)
    return (time.perf_counter() - start) * 1e3 / steps


def peak_megabytes(workload: Workload, policy: str) -> float:
    """The most that a process of its own holds while it trains."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.mixed", "--peak", workload.name, policy],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout)


def print_peak(workload: Workload, policy: str) -> None:
    """The other end of `peak_megabytes`. What `resource` says begins with the parent's memory."""
    train(build(workload, policy), batch_of(workload), STEPS_A_TURN)
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def compare_steps(workload: Workload, rounds: int) -> dict[str, Any]:
    """Median milliseconds of both policies in turns, the ratio of each turn's, and memory."""
    models = {policy: build(workload, policy) for policy in POLICIES}
    data = batch_of(workload)
    for model in models.values():
        train(model, data, 2)
    times: dict[str, list[float]] = {policy: [] for policy in POLICIES}
    for turn in range(rounds):
        for policy in POLICIES if turn % 2 else reversed(POLICIES):
            times[policy].append(train(models[policy], data, STEPS_A_TURN))
    ratios = [plain / mixed for plain, mixed in zip(*times.values(), strict=True)]
    return {
        "milliseconds": {policy: statistics.median(values) for policy, values in times.items()},
        "gain": statistics.median(ratios),
        "megabytes": {policy: peak_megabytes(workload, policy) for policy in POLICIES},
    }


def reviews(count: int, length: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Reviews to train on and as many to test on, as numbers of words, with their labels."""
    texts, labels = movie_reviews.read("imdb")
    chosen = np.random.default_rng(0).permutation(len(texts))[: 2 * count]
    tokenizer = Tokenizer(WORDS)
    tokenizer.fit_on_texts([texts[i] for i in chosen[:count]])
    x = pad_sequences(tokenizer.texts_to_sequences([texts[i] for i in chosen]), length)
    y = np.asarray(labels, np.float32)[chosen]
    return [(x[:count], y[:count]), (x[count:], y[count:])]


def accuracies(seeds: int, reading: Reading) -> dict[str, list[float]]:
    """Test accuracy of both policies, seed by seed."""
    (x, y), (test_x, test_y) = reviews(reading.reviews, reading.length)
    found: dict[str, list[float]] = {policy: [] for policy in POLICIES}
    for seed in range(seeds):
        for policy in POLICIES:
            utils.set_random_seed(seed)
            set_dtype_policy(policy)
            model = Sequential(
                [
                    Input((reading.length,), dtype="int32"),
                    layers.Embedding(WORDS, reading.features),
                    layers.LSTM(reading.units),
                    layers.Dense(1, "sigmoid"),
                ]
            )
            set_dtype_policy("float32")
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            model.fit(x, y, batch_size=64, epochs=reading.epochs, verbose=0)
            found[policy].append(
                model.evaluate(test_x, test_y, verbose=0, return_dict=True)["accuracy"]
            )
            print(f"seed {seed}, {policy}: {found[policy][-1]:.4f}", file=sys.stderr)
    return found


def report(results: dict[str, Any]) -> None:
    """Print a row a model, and the accuracies."""
    print(f"products of bfloat16: {results['bfloat16']}; {results['threads']} threads")
    print(f"{'':22}{'float32':>12}{'mixed':>12}{'gain':>8}{'float32':>12}{'mixed':>12}")
    for name, row in results["steps"].items():
        ms, mb = row["milliseconds"].values(), row["megabytes"].values()
        times, sizes = (
            "".join(f"{v:9.1f} {unit}" for v in vs) for vs, unit in ((ms, "ms"), (mb, "MB"))
        )
        print(f"{name:22}{times}{row['gain']:8.2f}{sizes}")
    if not results["accuracies"]:
        return
    for policy, values in results["accuracies"].items():
        mean, spread = statistics.mean(values), statistics.stdev(values)
        listed = " ".join(f"{value:.4f}" for value in values)
        print(f"accuracy {policy:15} {mean:.4f} +- {spread:.4f}  ({listed})")


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mixed", description=__doc__)
    parser.add_argument("--workload", nargs="*", choices=CHOSEN, default=list(CHOSEN))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=5, help="0 to leave accuracy out")
    for name, value in Reading()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--peak", nargs=2, metavar=("WORKLOAD", "POLICY"), help=argparse.SUPPRESS)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "mixed.json"
    )
    chosen = parser.parse_args()
    by_name = {workload.name: workload for workload in WORKLOADS}
    if chosen.peak:
        return print_peak(by_name[chosen.peak[0]], chosen.peak[1])
    if kernels.bfloat16_products() is None:
        raise SystemExit("This processor has no fast products of bfloat16: nothing to compare.")
    reading = Reading(*[getattr(chosen, name) for name in Reading._fields])
    results: dict[str, Any] = {
        "bfloat16": kernels.bfloat16_products(),
        "threads": config.threads(),
        "steps": {name: compare_steps(by_name[name], chosen.rounds) for name in chosen.workload},
        "accuracies": accuracies(chosen.seeds, reading) if chosen.seeds else {},
    }
    report(results)
    chosen.output.parent.mkdir(exist_ok=True)
    chosen.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    gain = results["steps"].get("imdb_lstm256", {}).get("gain", LEAST_GAIN)
    if gain < LEAST_GAIN:
        raise SystemExit(f"imdb_lstm256 gains less than {LEAST_GAIN} times.")


if __name__ == "__main__":
    main()
