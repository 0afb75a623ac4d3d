"""What a tagger must beat: labels that look at one step, or at a step and its neighbours."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np

from leftfold.tasks.extras import require
from leftfold.tasks.sequences import ALL_STEPS, SequenceEncoder
from leftfold.tasks.tagging.inputs import Labels, Rows
from leftfold.tasks.tagging.tokens import FEATURES, word_of

_NEIGHBOURS = 2


class Majority:
    """Always the most frequent label."""

    name = "most frequent label"

    def fit(self, rows: Rows, labels: Labels) -> Majority:
        """Count."""
        self.label = Counter(label for one in labels for label in one).most_common(1)[0][0]
        return self

    def predict(self, rows: Rows) -> Labels:
        """A label for each step."""
        return [[self.label] * len(row) for row in rows]


class MostFrequentOfToken(Majority):
    """For each word its most frequent label; for an unknown one that of its ending, if known."""

    name = "most frequent label of each word"

    def fit(self, rows: Rows, labels: Labels) -> MostFrequentOfToken:
        super().fit(rows, labels)
        self.views = (word_of, FEATURES["ends"][0])
        counts: list[dict[str, Counter[str]]] = [defaultdict(Counter) for _ in self.views]
        for row, one in zip(rows, labels, strict=True):
            for token, label in zip(row, one, strict=True):
                for view, seen in zip(self.views, counts, strict=True):
                    seen[view(token)][label] += 1
        self.best = [{k: c.most_common(1)[0][0] for k, c in seen.items()} for seen in counts]
        return self

    def predict(self, rows: Rows) -> Labels:
        return [[self._label(token) for token in row] for row in rows]

    def _label(self, token: str) -> str:
        for view, best in zip(self.views, self.best, strict=True):
            if view(token) in best:
                return best[view(token)]
        return self.label


class _Linear:
    """A logistic regression on a step and the two on each side of it."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def _features(self, rows: Rows) -> Any:
        raise NotImplementedError

    def _model(self) -> Any:
        raise NotImplementedError

    def fit(self, rows: Rows, labels: Labels) -> _Linear:
        """Fit on every step."""
        require("sklearn", "tasks", "Fitting the baselines")
        self.model = self._model()
        self.model.fit(self._features(rows), [label for one in labels for label in one])
        return self

    def predict(self, rows: Rows) -> Labels:
        """A label for each step."""
        found = self.model.predict(self._features(rows)).tolist()
        ends = np.cumsum([len(row) for row in rows])
        return [found[end - len(row) : end] for row, end in zip(rows, ends, strict=True)]


class Neighbourhood(_Linear):
    """Of tokens: their words, ends, beginnings and shapes, and the words of their neighbours."""

    name = "logistic regression on a word and its neighbours"

    def _model(self) -> Any:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import SGDClassifier
        from sklearn.pipeline import make_pipeline

        linear = SGDClassifier(
            "log_loss", alpha=1e-5, max_iter=20, average=True, random_state=self.seed
        )
        return make_pipeline(CountVectorizer(analyzer=_as_they_are), linear)

    def _features(self, rows: Rows) -> list[list[str]]:
        found = []
        for row in rows:
            seen = [{name: view(token) for name, (view, _) in FEATURES.items()} for token in row]
            for step in range(len(row)):
                names = [f"{name}={entry}" for name, entry in seen[step].items()]
                for offset in range(-_NEIGHBOURS, _NEIGHBOURS + 1):
                    at = step + offset
                    beside = seen[at]["words"] if 0 <= at < len(row) else "nothing"
                    names.append(f"{offset}={beside}")
                found.append(names)
        return found


def _as_they_are(names: list[str]) -> list[str]:
    return names


class SeriesNeighbourhood(_Linear):
    """Of numbers: the values of a step and of the two on each side of it."""

    name = "logistic regression on a step and its neighbours"

    def fit(self, rows: Rows, labels: Labels) -> _Linear:
        self.encoder = SequenceEncoder(ALL_STEPS).fit(rows)
        return super().fit(rows, labels)

    def _model(self) -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(max_iter=200)

    def _features(self, rows: Rows) -> np.ndarray:
        found = []
        for row in rows:
            padded = np.pad(self.encoder.scaled(row), ((_NEIGHBOURS, _NEIGHBOURS), (0, 0)), "edge")
            width = 2 * _NEIGHBOURS + 1
            found.append(np.hstack([padded[i : i + len(row)] for i in range(width)]))
        return np.concatenate(found)
