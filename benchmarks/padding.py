"""`python -m benchmarks.padding`: what padding costs when real reviews are trained on.

Film reviews have very different lengths. Cut or padded to 500 words they are trained on masked,
padded on the left and on the right, and once without a mask, so that every step counts. Padding
is free where the masked time is the share of real words in the padded batch times the unmasked
time; the excess says how far above that it is. A last pass trains on batches of similar lengths,
cut to their longest review, as `fit(..., bucket_by_length=True)` does.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.workloads import LayerSpec
from leftfold import Input, Sequential, layers, utils
from leftfold.datasets import files, imdb, movie_reviews
from leftfold.engine import config, kernels
from leftfold.models.buckets import LengthBuckets
from leftfold.preprocessing.sequence import pad_sequences
from leftfold.preprocessing.text import Tokenizer

WORDS, STEPS, BATCH = 5000, 500, 64
LIMIT = 1.15
MODELS: dict[str, LayerSpec] = {
    "LSTM(256)": ("LSTM", {"units": 256}),
    "GRU(256)": ("GRU", {"units": 256}),
    "SimpleRNN(256)": ("SimpleRNN", {"units": 256}),
    "Bidirectional(LSTM(64))": ("Bidirectional", {"layer": ("LSTM", {"units": 64})}),
}


def reviews() -> tuple[str, list[list[int]]]:
    """Where the reviews come from, and their words as numbers from 1."""
    try:
        (texts, _), _ = imdb.load_data(num_words=WORDS)
        return "Large Movie Review data set", [list(text) for text in texts]
    except (OSError, files.DatasetError):
        texts, _ = movie_reviews.read("imdb")
        words = Tokenizer(WORDS, oov_token="<unknown>")
        words.fit_on_texts(texts)
        return "movie-reviews", words.texts_to_sequences(texts)


def build(layer: LayerSpec, masked: bool) -> Sequential:
    """An embedding, the recurrent layer and one output, compiled."""

    def make(name: str, arguments: dict[str, Any]) -> Any:
        if name == "Bidirectional":
            return layers.Bidirectional(make(*arguments["layer"]))
        return getattr(layers, name)(**arguments)

    utils.set_random_seed(1)
    embedding = layers.Embedding(WORDS, 100, mask_zero=masked)
    inputs = Input((None,), dtype="int32")
    model = Sequential([inputs, embedding, make(*layer), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


def batches(x: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The first `count` batches with targets that alternate."""
    y = (np.arange(BATCH) % 2).astype(np.float32)[:, None]
    return [(x[i * BATCH : (i + 1) * BATCH], y) for i in range(count)]


def bucketed(x: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """`count` batches of similar lengths out of all reviews."""
    buckets = LengthBuckets(x != 0)
    order = buckets.order(np.random.default_rng(1), BATCH)
    y = (np.arange(BATCH) % 2).astype(np.float32)[:, None]
    chosen = [order[i * BATCH : (i + 1) * BATCH] for i in range(count)]
    return [(np.ascontiguousarray(x[rows][:, buckets.steps(rows)]), y) for rows in chosen]


def one_pass(model: Sequential, data: list[tuple[np.ndarray, np.ndarray]]) -> Callable[[], float]:
    """A function that trains on every batch once and returns milliseconds."""

    def run() -> float:
        start = time.perf_counter()
        for x, y in data:
            model.train_on_batch(x, y)
        return (time.perf_counter() - start) * 1e3

    return run


def compare(layer: LayerSpec, texts: list[list[int]], count: int, rounds: int) -> dict[str, Any]:
    """Median times of one pass over the same reviews, in alternating order."""
    right = pad_sequences(texts, STEPS, padding="post", truncating="post")
    left = pad_sequences(texts, STEPS, truncating="post")
    similar = bucketed(right, count)
    masked = build(layer, True)
    ways = {
        "unmasked": one_pass(build(layer, False), batches(right, count)),
        "right": one_pass(masked, batches(right, count)),
        "left": one_pass(masked, batches(left, count)),
        "bucketed": one_pass(masked, similar),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(rounds + 1):
        for way in ways if turn % 2 else reversed(ways):
            times[way].append(ways[way]())
    medians = {way: statistics.median(values[1:]) for way, values in times.items()}
    share = float((right[: count * BATCH] != 0).mean())
    share_bucketed = sum(int((x != 0).sum()) for x, _ in similar) / (count * BATCH * STEPS)
    ideal = {"right": share, "left": share, "bucketed": share_bucketed}
    return {
        "milliseconds": {way: value / count for way, value in medians.items()},
        "share_of_words": ideal,
        "excess": {way: medians[way] / medians["unmasked"] / part for way, part in ideal.items()},
    }


def report(results: dict[str, Any]) -> None:
    """Print one row a model."""
    print(
        f"{results['source']}: {BATCH} reviews of {STEPS} steps a batch, of which "
        f"{results['share_of_words']:.0%} are words; {results['isa']}, "
        f"{results['threads']} threads"
    )
    print(f"{'milliseconds a step':26}{'unmasked':>10}{'right':>10}{'left':>10}  excess over free")
    for name, row in results["models"].items():
        ms, excess = row["milliseconds"], row["excess"]
        times = "".join(f"{ms[way]:10.1f}" for way in ("unmasked", "right", "left"))
        worst = max(excess["right"], excess["left"])
        verdict = "" if worst <= LIMIT else f"  (more than {LIMIT})"
        print(
            f"{name:26}{times}  right {excess['right']:.3f}, left {excess['left']:.3f}, "
            f"buckets {excess['bucketed']:.3f}{verdict}"
        )


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.padding", description=__doc__)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "padding.json"
    )
    chosen = parser.parse_args()
    source, texts = reviews()
    lengths = [min(len(text), STEPS) for text in texts[: chosen.batches * BATCH]]
    results = {
        "source": source,
        "share_of_words": sum(lengths) / len(lengths) / STEPS,
        "isa": kernels.isa(),
        "threads": config.threads(),
        "models": {
            name: compare(MODELS[name], texts, chosen.batches, chosen.rounds)
            for name in chosen.models
        },
    }
    measure.save(results, chosen.output)
    report(results)


if __name__ == "__main__":
    main()
