"""What a network must beat to be worth its name, on the very same split."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.preprocessing.letters import WORD
from leftfold.tasks.extras import require
from leftfold.tasks.sequences import filled
from leftfold.tasks.splits import stratified_split

_STRENGTHS = (0.1, 1.0, 3.0, 10.0, 30.0)
_STRENGTHS_OF_MANY_CLASSES = (1.0, 10.0)  # each takes one fit for each class


def majority_accuracy(train_labels: np.ndarray, test_labels: np.ndarray) -> float:
    """Accuracy of always answering the class that is most frequent in training.

    Example:
        >>> majority_accuracy(np.array([0, 1, 1]), np.array([1, 0, 0, 1, 0]))
        0.4
    """
    return float(np.mean(test_labels == np.bincount(train_labels).argmax()))


def has_scikit_learn() -> bool:
    """Whether the linear baselines can run."""
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

    vectorizer = TfidfVectorizer(sublinear_tf=True)
    classifier = _logistic(10, 2)
    classifier.fit(vectorizer.fit_transform(train_texts), train_labels)
    return float(classifier.score(vectorizer.transform(test_texts), test_labels))


class Majority:
    """Always the most frequent class of the training part."""

    name = "most frequent class"

    def fit(self, rows: Sequence[Any], codes: np.ndarray, classes: int, seed: int) -> Majority:
        """Count."""
        self.shares = np.bincount(codes, minlength=classes) / len(codes)
        return self

    def probabilities(self, rows: Sequence[Any]) -> np.ndarray:
        """The shares of the classes, for every row."""
        return np.tile(self.shares, (len(rows), 1))


class _Linear:
    """A logistic regression whose features and strength are chosen by a part of the training rows.

    Attributes:
        chosen: what was chosen, in words.
    """

    chosen = ""

    def extractors(self) -> list[tuple[str, Any]]:
        """Ways to make features of rows, with their names."""
        raise NotImplementedError

    def fit(self, rows: Sequence[Any], codes: np.ndarray, classes: int, seed: int) -> _Linear:
        """Choose on a fifth of the rows, then fit on all."""
        require("sklearn", "tasks", "Fitting the baselines")
        learn, judge = stratified_split(codes, [0.8, 0.2], seed)
        best = -1.0, 0, _STRENGTHS[0]
        if len(judge) and len(np.unique(codes[learn])) > 1:
            for number, (_, extractor) in enumerate(self.extractors()):
                known = extractor.fit_transform([rows[row] for row in learn])
                new = extractor.transform([rows[row] for row in judge])
                for strength in _STRENGTHS if classes == 2 else _STRENGTHS_OF_MANY_CLASSES:
                    model = _logistic(strength, classes).fit(known, codes[learn])
                    best = max(best, (float(model.score(new, codes[judge])), -number, -strength))
        name, self.extractor = self.extractors()[abs(best[1])]
        self.model = _logistic(abs(best[2]), classes)
        self.model.fit(self.extractor.fit_transform(list(rows)), codes)
        self.classes = classes
        self.chosen = f"{name}, C={abs(best[2]):g}"
        return self

    def probabilities(self, rows: Sequence[Any]) -> np.ndarray:
        """Of each class, `(rows, classes)`."""
        found = np.zeros((len(rows), self.classes))
        predicted = self.model.predict_proba(self.extractor.transform(list(rows)))
        found[:, self.model.classes_] = predicted
        return found


class WordCounts(_Linear):
    """TF-IDF and logistic regression, which know no order.

    With words, pairs of words are tried as well; with characters, up to four in a row. These and
    the strength (`C`) are chosen on a fifth of the training part.
    """

    name = "TF-IDF, logistic regression"

    def __init__(self, level: str = "word") -> None:
        self.level = level

    def extractors(self) -> list[tuple[str, Any]]:
        if self.level == "character":
            return [("up to 4 characters", _tfidf((1, 4), "char"))]
        return [("words", _tfidf((1, 1), "word")), ("words and pairs", _tfidf((1, 2), "word"))]


class Summaries(_Linear):
    """Logistic regression on what simple statistics say of each feature."""

    name = "summary statistics, logistic regression"

    def extractors(self) -> list[tuple[str, Any]]:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, StandardScaler

        statistics = FunctionTransformer(summary_statistics)
        return [("mean, deviation, ends, slope", make_pipeline(statistics, StandardScaler()))]


def summary_statistics(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Mean, deviation, least, largest, first, last value and slope of each feature, and the length.

    Args:
        sequences: `(steps, features)` each.

    Returns:
        `(rows, 7 * features + 1)`.

    Example:
        >>> summary_statistics([np.array([[1.0], [3.0]])]).tolist()
        [[2.0, 1.0, 1.0, 3.0, 1.0, 3.0, 2.0, 2.0]]
    """
    found = []
    for sequence in sequences:
        values = filled(sequence)
        time = np.arange(len(values)) - (len(values) - 1) / 2
        slope = time @ values / max(float(time @ time), 1e-12)
        parts = [
            values.mean(0),
            values.std(0),
            values.min(0),
            values.max(0),
            values[0],
            values[-1],
            slope,
            [len(values)],
        ]
        found.append(np.concatenate(parts))
    return np.array(found)


def _tfidf(span: tuple[int, int], analyzer: str) -> Any:
    """Features of words, or of the 50,000 most frequent stretches of characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    options = {"sublinear_tf": True, "ngram_range": span, "analyzer": analyzer}
    if analyzer == "word":  # short words and marks count, as they do for the network
        options["token_pattern"] = rf"{WORD}|[!?]"
    else:
        options["max_features"] = 50_000
    return TfidfVectorizer(**options)


def _logistic(strength: float, classes: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, solver="liblinear")
    if classes == 2:
        return model
    from sklearn.multiclass import OneVsRestClassifier

    return OneVsRestClassifier(model)  # far faster on sparse features than all classes at once
