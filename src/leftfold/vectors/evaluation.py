"""How good vectors are: analogies, similarities, a classification probe, stability over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.datasets.extras import require
from leftfold.vectors.analogies import solve
from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import Tokenize, words
from leftfold.vectors.neighbours import unit_rows
from leftfold.vectors.word_lists import Pair, Question

_RESAMPLES = 2_000
_INTERVAL = (2.5, 97.5)
_MOST_WORDS = 30_000


@dataclass(frozen=True)
class Section:
    """How many analogies of a section are answered rightly.

    Attributes:
        name: of the section.
        questions: in the list.
        known: those of which all four words have a vector; only those count.
        right: those whose best answer is the right one.
    """

    name: str
    questions: int
    known: int
    right: int

    @property
    def accuracy(self) -> float:
        """The share of the known questions that are answered rightly; NaN where none is known."""
        return self.right / self.known if self.known else float("nan")


def analogies(
    vectors: WordVectors,
    sections: Mapping[str, Sequence[Question]],
    rule: str = "add",
    most_words: int | None = _MOST_WORDS,
) -> list[Section]:
    """Answer analogies by section, and in all, which comes last.

    Args:
        vectors: the most frequent words first.
        sections: see `read_questions`.
        rule: `"add"` or `"multiply"`.
        most_words: only so many words, the first ones, are questions and answers, as word2vec's
            own program does it; `None` for all.

    Example:
        >>> grid = WordVectors(["a", "b", "c", "d"], [[1, 1], [1, 2], [2, 1], [2, 2]])
        >>> analogies(grid, {"grid": [Question("a", "b", "c", "d")]})[-1].accuracy
        1.0
    """
    if most_words is not None and most_words < len(vectors):
        vectors = WordVectors(
            vectors.tokens[:most_words], vectors.matrix[:most_words], vectors.source
        )
    found = []
    for name, questions in sections.items():
        rows = [[vectors.row(word) for word in question] for question in questions]
        known = np.array([row for row in rows if None not in row], int).reshape(-1, 4)
        answers, _ = solve(vectors, known[:, :3], 1, rule)
        right = int((answers[:, 0] == known[:, 3]).sum()) if len(known) else 0
        found.append(Section(name, len(questions), len(known), right))
    total = [sum(getattr(s, part) for s in found) for part in ("questions", "known", "right")]
    return [*found, Section("all", *total)]


@dataclass(frozen=True)
class Similarity:
    """How well cosines rank pairs of words as people do.

    Attributes:
        spearman: the correlation of ranks; NaN where fewer than three pairs are known.
        low: end of the interval that 95 % of the resampled lists fall into.
        high: its other end.
        known: pairs of which both words have a vector.
        pairs: in the list.
    """

    spearman: float
    low: float
    high: float
    known: int
    pairs: int

    def __str__(self) -> str:
        return (
            f"Spearman {self.spearman:.3f} ({self.low:.3f} to {self.high:.3f}), "
            f"{self.known} of {self.pairs} pairs known"
        )


def similarity(vectors: WordVectors, pairs: Sequence[Pair], seed: int = 0) -> Similarity:
    """Compare cosines with the judgement of people.

    Args:
        vectors: of words.
        pairs: see `read_pairs`.
        seed: of the resampling.
    """
    known = [pair for pair in pairs if pair.one in vectors and pair.other in vectors]
    if len(known) < 3:
        nothing = float("nan")
        return Similarity(nothing, nothing, nothing, len(known), len(pairs))
    first = unit_rows(vectors[[pair.one for pair in known]])
    second = unit_rows(vectors[[pair.other for pair in known]])
    cosines = np.einsum("nd,nd->n", first, second)
    judged = np.array([pair.score for pair in known])
    low, high = bootstrap_spearman(cosines, judged, seed)
    return Similarity(spearman(cosines, judged), low, high, len(known), len(pairs))


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of ranks, equal values sharing theirs; NaN where one side is constant.

    Example:
        >>> round(spearman(np.array([1.0, 2, 3]), np.array([10.0, 30, 20])), 6)
        0.5
    """
    ranks = [_ranks(np.asarray(side, float)) for side in (one, other)]
    first, second = (rank - rank.mean() for rank in ranks)
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / scale if scale else float("nan")


def bootstrap_spearman(one: np.ndarray, other: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The interval that 95 % of the correlations of resampled pairs fall into."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(_RESAMPLES):
        chosen = rng.integers(0, len(one), len(one))
        found.append(spearman(one[chosen], other[chosen]))
    kept = [value for value in found if value == value]
    low, high = np.percentile(kept, _INTERVAL) if kept else (np.nan, np.nan)
    return float(low), float(high)


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


@dataclass(frozen=True)
class Probe:
    """How well a linear classifier does on mean vectors of texts.

    Attributes:
        accuracy: on texts that it has not seen.
        low: end of the interval that 95 % of the resampled test texts give.
        high: its other end.
        texts: that it was trained on.
        tested: that it was tested on.
        coverage: the share of the running words that have a vector.
    """

    accuracy: float
    low: float
    high: float
    texts: int
    tested: int
    coverage: float


def text_means(
    vectors: WordVectors, texts: Sequence[str], tokenize: Tokenize = words
) -> tuple[np.ndarray, float]:
    """Mean vectors of texts `(texts, dimensions)`, and the share of the words that have one."""
    means = np.zeros((len(texts), vectors.dimensions), np.float32)
    known = running = 0
    for place, text in enumerate(texts):
        tokens = tokenize(text)
        rows = [row for token in tokens if (row := vectors.row(token)) is not None]
        if rows:
            means[place] = vectors.matrix[rows].mean(0)
        known, running = known + len(rows), running + len(tokens)
    return means, known / max(1, running)


def probe(
    vectors: WordVectors,
    train: tuple[Sequence[str], Sequence[Any]],
    test: tuple[Sequence[str], Sequence[Any]],
    tokenize: Tokenize = words,
    seed: int = 0,
) -> Probe:
    """Train a logistic regression on mean vectors of texts, and test it.

    Args:
        vectors: of words.
        train: texts and their classes.
        test: other texts and classes.
        tokenize: from a text to its words.
        seed: of the resampling.

    Raises:
        DataError: for a single class.
        MissingExtraError: when scikit-learn is not installed.
    """
    learnt, coverage = text_means(vectors, train[0], tokenize)
    tested, _ = text_means(vectors, test[0], tokenize)
    return linear_probe((learnt, train[1]), (tested, test[1]), coverage, seed)


def linear_probe(
    train: tuple[np.ndarray, Sequence[Any]],
    test: tuple[np.ndarray, Sequence[Any]],
    coverage: float = float("nan"),
    seed: int = 0,
) -> Probe:
    """Train a logistic regression on vectors of texts, and test it.

    Args:
        train: vectors `(texts, dimensions)` and classes.
        test: those of other texts.
        coverage: to be passed on.
        seed: of the resampling.

    Raises:
        DataError: for a single class.
        MissingExtraError: when scikit-learn is not installed.
    """
    if len(set(train[1])) < 2:
        raise DataError("the probe expected at least two classes, got one.")
    linear = require("sklearn.linear_model", "vectors", "The probe")
    pipeline = require("sklearn.pipeline", "vectors", "The probe")
    scaling = require("sklearn.preprocessing", "vectors", "The probe")
    model = pipeline.make_pipeline(
        scaling.StandardScaler(), linear.LogisticRegression(C=0.1, max_iter=1000)
    )
    model.fit(train[0], list(train[1]))
    right = model.predict(test[0]) == np.array(list(test[1]))
    # How many of a resampled list are right is binomial: there is no need to draw the lists.
    draws = np.random.default_rng(seed).binomial(len(right), right.mean(), _RESAMPLES)
    low, high = np.percentile(draws / len(right), _INTERVAL)
    return Probe(float(right.mean()), float(low), float(high), len(train[1]), len(right), coverage)


def stability(runs: Sequence[WordVectors], count: int = 10, most_words: int = 1_000) -> float:
    """How many of a word's nearest neighbours stay when only the seed changes, 0 to 1.

    Args:
        runs: vectors of the same words, trained with different seeds, at least two.
        count: neighbours of each word.
        most_words: the most frequent words are looked at.

    Returns:
        The mean over words and pairs of runs of the share of common neighbours.

    Raises:
        ValueError: for fewer than two runs, or runs without common words.

    Example:
        >>> one = WordVectors(["a", "b", "c"], [[1, 0], [1, 0.1], [0, 1]])
        >>> stability([one, one], count=1)
        1.0
    """
    common = (
        [token for token in runs[0].tokens if all(token in run for run in runs)] if runs else []
    )
    if len(runs) < 2 or len(common) < 2:
        raise ValueError("stability expected at least two runs with common words.")
    asked = common[:most_words]
    found = []
    for run in runs:
        same = WordVectors(common, run[common], run.source)
        found.append([{t for t, _ in some} for some in same.near(asked, count)])
    shares = [
        len(one & other) / max(1, min(count, len(common) - 1))
        for at, first in enumerate(found)
        for second in found[at + 1 :]
        for one, other in zip(first, second, strict=True)
    ]
    return float(np.mean(shares))
