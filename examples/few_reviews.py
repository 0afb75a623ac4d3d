"""Two hundred reviews with labels: vectors learnt from them alone, or from texts without labels.

The classic experiment of textbooks. Two hundred reviews are too few to learn what words mean, and a
network that begins with vectors at random gets little more than half of the others right. The
remaining reviews have no labels here, but show which words keep the same company: word2vec makes
vectors of them. Both kinds of vectors go into the same two networks: one that sees all steps of a
review side by side (flattened), and one that reads them one after the other and takes the mean of
its states (recurrent). A linear classifier on the mean of the vectors is there to be beaten.
`--vectors FILE` takes vectors from a file (GloVe, word2vec, fastText) instead of training them.
Needs: pip install "leftfold[demo,vectors]"
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import leftfold
from leftfold import layers
from leftfold.datasets import movie_reviews
from leftfold.preprocessing.sequence import pad_sequences
from leftfold.preprocessing.text import Tokenizer
from leftfold.vectors import Corpus, WordVectors
from leftfold.vectors.evaluation import probe
from leftfold.vectors.word2vec import Cbow

LABELLED, WORDS, STEPS, SIZE = 200, 10_000, 400, 100


def unlabelled_vectors(texts: list[str], quick: bool) -> WordVectors:
    """word2vec over all training reviews, whose labels nobody looks at."""
    method = Cbow(
        dimensions=20 if quick else SIZE, window=8, min_count=5, epochs=2 if quick else 4, seed=1
    )
    vectors = method.fit(Corpus(texts))
    print(f"{len(texts):,} reviews without labels: loss {method.losses[0]:.2f} in the first epoch, "
          f"{method.losses[-1]:.2f} in the last")  # fmt: skip
    return vectors


def scaled(vectors: WordVectors) -> WordVectors:
    """Each dimension brought to mean 0 and deviation 0.3, over the 5,000 most frequent words."""
    frequent = vectors.matrix[:5_000]
    matrix = 0.3 * (vectors.matrix - frequent.mean(0)) / frequent.std(0)
    return WordVectors(vectors.tokens, matrix, vectors.source)


def network(embedding: layers.Layer, recurrent: bool, steps: int) -> leftfold.Sequential:
    """A network over `steps` words that says how likely a review is friendly."""
    if recurrent:
        reader = [
            layers.SpatialDropout1D(0.3),
            layers.Bidirectional(layers.GRU(32, return_sequences=True)),
            layers.GlobalAveragePooling1D(),
            layers.Dropout(0.5),
        ]
    else:
        reader = [layers.Flatten(), layers.Dropout(0.5), layers.Dense(32, activation="relu")]
    return leftfold.Sequential(
        [layers.Input((steps,), dtype="int32"), embedding, *reader,
         layers.Dense(1, activation="sigmoid")]
    )  # fmt: skip


def accuracy(
    kind: str, vectors: WordVectors | None, tokenizer: Tokenizer, data: tuple, quick: bool
) -> float:
    """Train one network on the labelled reviews, and judge it on others."""
    x, y, test_x, test_y = data
    leftfold.utils.set_random_seed(1)
    recurrent = kind == "recurrent"
    if vectors is None:
        embedding = layers.Embedding(tokenizer.num_words, SIZE, mask_zero=recurrent)
    else:
        embedding = vectors.to_embedding(tokenizer, mask_zero=recurrent)
    model = network(embedding, recurrent, x.shape[1])
    model.compile(leftfold.optimizers.Adam(4e-3), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, 20, epochs=1 if quick else 20, verbose=0)
    return float(model.evaluate(test_x, test_y, verbose=0)[1])


def main(quick: bool = False, file: Path | None = None) -> dict[str, float]:
    (train, train_y), _, (test, test_y) = movie_reviews.load_data("imdb")
    if quick:
        train, test, test_y = train[:800], test[:200], test_y[:200]
    begun = time.perf_counter()
    vectors = unlabelled_vectors(list(train), quick) if file is None else WordVectors.load(file)
    for word in ("funny", "boring"):
        near = ", ".join(f"{other} {cosine:.2f}" for other, cosine in vectors.near(word, 4))
        print(f"{word}: {near}")
    labelled, y = list(train[:LABELLED]), train_y[:LABELLED]
    tokenizer = Tokenizer(num_words=WORDS)
    tokenizer.fit_on_texts(train)
    x, test_x = (
        pad_sequences(tokenizer.texts_to_sequences(part), STEPS) for part in (labelled, test)
    )
    print(vectors.to_embedding(tokenizer).coverage.known, "of the words have a vector")
    found = {}
    data = x, y, test_x, test_y
    for name, chosen in (("learnt", None), ("pretrained", scaled(vectors))):
        for kind in ("flattened", "recurrent"):
            found[f"{kind}, {name} vectors"] = accuracy(kind, chosen, tokenizer, data, quick)
    linear = probe(vectors, (labelled, y.tolist()), (test, test_y.tolist()))
    found["mean of vectors, linear"] = linear.accuracy
    print(f"\nAccuracy after {LABELLED} reviews with labels, on {len(test):,} others:")
    for name, value in found.items():
        print(f"  {name:<32} {value:.3f}")
    print(f"{time.perf_counter() - begun:.0f} seconds in all")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    parser.add_argument("--vectors", type=Path, help="a file of vectors instead of training them")
    chosen = parser.parse_args()
    main(chosen.quick, chosen.vectors)
