"""`leftfold demo`: from random weights to judging film reviews, in a minute."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from leftfold.cli.errors import UserError
from leftfold.datasets import movie_reviews
from leftfold.engine import config, kernels
from leftfold.tasks import SequenceClassifier, references

Labelled = tuple[Sequence[str], np.ndarray]

EXAMPLES = (
    "A warm, funny and beautifully acted film. I would watch it again tonight.",
    "Two hours of my life that nobody will give back to me.",
    "It starts slowly, and the plot is nothing new, but in the end I was moved to tears.",
)


_WORDS, _PAIRS, _LONGEST = 6_000, 100_000, 400
"""What is read of the reviews, so that training takes half a minute."""


def demo(
    sentences: Sequence[str],
    seed: int,
    epochs: int,
    save: Path,
    threads: int | None,
    time_limit: float | None,
    reviews: int | None,
) -> None:
    """Train, judge beside two references, classify `sentences`, save.

    Args:
        sentences: texts to judge at the end; examples if there are none.
        seed: of weights, order and dropout. The split into parts does not depend on it.
        epochs: passes over the training reviews.
        save: where the model goes.
        threads: for the kernels; all processors by default.
        time_limit: seconds of training at most.
        reviews: use so many reviews only.

    Raises:
        UserError: before any work, where something is missing that it takes.
        KeyboardInterrupt: after saving what has been learnt so far.
    """
    _check(save)
    if threads is not None:
        config.set_threads(threads)
    train, validation, test = _read(reviews)
    classifier = SequenceClassifier(
        "bidirectional", words=_WORDS, pairs=_PAIRS, longest=_LONGEST, epochs=epochs,
        time_limit=time_limit, seed=seed, verbose="auto",
    )  # fmt: skip
    seconds = _train(classifier, train, validation, save)
    classifier.save(save)
    print(f"\nTrained in {seconds:.1f} s. Saved as {save}.")
    for line in classifier.describe():
        print(f"  {line}")
    accuracy = _judge(classifier, train, test)
    _classify(classifier, sentences or EXAMPLES)
    print(_next_steps(save))
    print(f"test accuracy: {accuracy:.4f}")


def _check(save: Path) -> None:
    if not references.has_scikit_learn():
        raise UserError(
            "The demo compares itself with scikit-learn, which is missing. "
            "Install it: pip install scikit-learn"
        )
    if save.suffix != ".leftfold":
        raise UserError(f"--save expected a file that ends in .leftfold, got {save}.")
    folder = save.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(f"--save names a folder that cannot be written: {folder}.")


def _read(reviews: int | None) -> tuple[Labelled, Labelled, Labelled]:
    started = time.perf_counter()
    parts = movie_reviews.load_data()
    if reviews is not None:
        share = reviews / sum(len(texts) for texts, _ in parts)
        sizes = [max(2, round(share * len(texts))) for texts, _ in parts]
        parts = tuple((x[:n], y[:n]) for (x, y), n in zip(parts, sizes, strict=True))  # type: ignore[assignment]
    train, validation, test = parts
    print(
        f"Film reviews: {len(train[0]):,} to learn from, {len(validation[0]):,} to choose the "
        f"best epoch by, {len(test[0]):,} to judge by; no text is in two parts "
        f"({time.perf_counter() - started:.1f} s)."
    )
    return train, validation, test


def _train(
    classifier: SequenceClassifier, train: Labelled, validation: Labelled, save: Path
) -> float:
    """Fit; on Ctrl-C save what has been learnt, then go on interrupting. Returns seconds."""
    print(
        "A network with random weights: an LSTM in both directions reads the words; beside it, a "
        f"mean of words and pairs of words ({kernels.isa()} kernels, {config.threads()} threads)."
    )
    started = time.perf_counter()
    try:
        classifier.fit(*train, validation)
    except KeyboardInterrupt:
        classifier.save(save)
        print(f"\nStopped. What has been learnt so far is saved as {save}.", flush=True)
        raise
    return time.perf_counter() - started


def _judge(classifier: SequenceClassifier, train: Labelled, test: Labelled) -> float:
    """Print the three accuracies on the test reviews; returns the network's."""
    accuracy = classifier.score(*test)
    majority = references.majority_accuracy(train[1], test[1])
    bag_of_words = references.bag_of_words_accuracy(*train, *test)
    margin = 1.96 * np.sqrt(accuracy * (1 - accuracy) / len(test[1]))
    print(f"\nAccuracy on the {len(test[1]):,} test reviews, looked at for the first time now:")
    print(f"  always the same answer             {majority:.4f}")
    print(f"  bag of words, logistic regression  {bag_of_words:.4f}")
    print(f"  this network                       {accuracy:.4f}  (give or take {margin:.4f})")
    better = max(majority, bag_of_words)
    if accuracy < better:
        print(f"The network loses by {better - accuracy:.4f}.")
    elif accuracy == better:
        print("The network does no better.")
    else:
        print(f"The network wins by {accuracy - better:.4f}.")
    return accuracy


def _classify(classifier: SequenceClassifier, sentences: Sequence[str]) -> None:
    print("\nHow positive are these, from 0 to 1?")
    positive = classifier.predict_proba(list(sentences))[:, 1]
    for sentence, probability in zip(sentences, positive, strict=True):
        print(f"  {probability:.2f}  {sentence}")


def _next_steps(save: Path) -> str:
    return f"""
Try next:
  leftfold demo "What a film!" "Never again."     your own sentences
  leftfold demo --epochs 4 --seed 1               other settings; leftfold demo --help lists them
  leftfold classify explain {save} "What a film!"   which words say so
and in Python:
  from leftfold.tasks import SequenceClassifier
  SequenceClassifier.load("{save}").predict_proba(["What a film!"])
"""
