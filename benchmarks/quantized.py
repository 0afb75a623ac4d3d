"""`python -m benchmarks.quantized`: what weights of fewer bits save, and what they cost.

The network of `leftfold demo` is trained on the demo's training reviews, and judged on its test
reviews with float32, bfloat16 and int8 weights: the size of the `.keras` and the `.onnx` file, how
many reviews are judged right, how far probabilities move, and the time that reading the file and
judging a thousand reviews take. Where the peer is installed (`make peers PEERS=onnxruntime`),
ONNX Runtime judges them as well.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from leftfold import models, utils
from leftfold.datasets import movie_reviews
from leftfold.interop.onnx import export_onnx
from leftfold.tasks.sentiment import Labelled, Sentiment
from tools.peers import Worker, installed

MODES = ("float32", "bfloat16", "int8")
TIMED, ROUNDS = 1000, 5


class Row(NamedTuple):
    """What one kind of weights gives."""

    mode: str
    keras_bytes: int
    onnx_bytes: int
    accuracy: float
    moved: float
    """How far the probability of a review moves at the most."""
    changed: int
    """Reviews that are judged otherwise than with float32."""
    load: float
    """Seconds to read the `.keras` file."""
    predict: float
    """Seconds for `TIMED` reviews."""
    onnx_accuracy: float | None


def trained(train: Labelled, validation: Labelled, epochs: int) -> Sentiment:
    """The demo's network."""
    utils.set_random_seed(812)
    sentiment = Sentiment.untrained(train[0])
    sentiment.fit(train, validation, epochs, verbose=2)
    return sentiment


def measured(sentiment: Sentiment, test: Labelled, folder: Path) -> list[Row]:
    """One row for each kind of weights, from the exact ones down."""
    network, words = sentiment.network, sentiment.numbers(test[0])
    exact = network.predict(words, 256, verbose=0)
    rows = []
    for mode in MODES:
        export_onnx(network, folder / f"{mode}.onnx", weights=mode)
        kept = models.clone_model(network)
        kept.set_weights(network.get_weights())
        if mode != "float32":
            kept.quantize(mode)
        kept.save(folder / f"{mode}.keras")
        again = models.load_model(folder / f"{mode}.keras")
        found = again.predict(words, 256, verbose=0)
        rows.append(
            Row(
                mode,
                (folder / f"{mode}.keras").stat().st_size,
                (folder / f"{mode}.onnx").stat().st_size,
                _share(found, test[1]),
                float(np.abs(found - exact).max()),
                int(((found > 0.5) != (exact > 0.5)).sum()),
                _seconds(lambda mode=mode: models.load_model(folder / f"{mode}.keras")),
                _seconds(lambda again=again: again.predict(words[:TIMED], 256, verbose=0)),
                _by_onnxruntime(folder / f"{mode}.onnx", words, test[1]),
            )
        )
    return rows


def _by_onnxruntime(path: Path, words: np.ndarray, labels: np.ndarray) -> float | None:
    if not installed("onnxruntime"):
        return None
    side = Path(__file__).parent.parent / "tests" / "parity" / "onnxruntime_side.py"
    with Worker("onnxruntime", side) as worker:
        found = [
            worker.call("run", path.read_bytes(), [words[start : start + 256]])[0]
            for start in range(0, len(words), 256)
        ]
    return _share(np.concatenate(found), labels)


def _share(probabilities: Any, labels: np.ndarray) -> float:
    return float(np.mean((probabilities[:, 0] > 0.5) == labels))


def _seconds(action: Callable[[], Any]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def table(rows: list[Row]) -> str:
    """As Markdown."""
    lines = [
        "| weights | .keras kB | .onnx kB | test accuracy | judged otherwise | probability moves "
        "| load ms | 1,000 reviews ms | accuracy in ONNX Runtime |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        other = "" if row.onnx_accuracy is None else f"{row.onnx_accuracy:.4f}"
        lines.append(
            f"| {row.mode} | {row.keras_bytes / 1e3:,.0f} | {row.onnx_bytes / 1e3:,.0f} | "
            f"{row.accuracy:.4f} | {row.changed} | {row.moved:.4f} | {row.load * 1e3:.0f} | "
            f"{row.predict * 1e3:.0f} | {other} |"
        )
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quantized", description=__doc__)
    parser.add_argument("--epochs", type=int, default=2, help="passes over the training reviews")
    parser.add_argument("--reviews", type=int, help="use so many of each part only")
    chosen = parser.parse_args()
    parts = [(x[: chosen.reviews], y[: chosen.reviews]) for x, y in movie_reviews.load_data()]
    train, validation, test = parts
    sentiment = trained(train, validation, chosen.epochs)
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(sentiment, test, Path(folder))
    print(f"{len(test[0]):,} test reviews of movie-reviews, {len(train[0]):,} to learn from\n")
    print(table(rows))


if __name__ == "__main__":
    main()
