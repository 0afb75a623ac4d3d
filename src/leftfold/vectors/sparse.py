"""Words and texts without learning, as sparse matrices: one-hot, hashed, bags of n-grams."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.datasets.extras import require
from leftfold.saving.archive import replacing
from leftfold.vectors.corpus import Corpus, as_corpus
from leftfold.vectors.methods import Method
from leftfold.vectors.murmur import murmur

_LARGEST_HASH = 1 << 31
_WEIGHTS = ("binary", "count", "tfidf")


@dataclass
class SparseFeatures:
    """A row for each text, a column for each feature.

    Attributes:
        matrix: SciPy's CSR, float32 `(texts, features)`.
        features: what each column stands for; empty where columns are hashes.
        texts: the names of the rows.
    """

    matrix: Any
    features: list[str]
    texts: list[str]

    def save(self, path: Path | str) -> Path:
        """Write an `.npz` file that `scipy.sparse.load_npz` reads, with the names beside it.

        Names are `features` and `texts` (UTF-8, a line each).

        Raises:
            SavingError: when the file cannot be written.
        """
        lines = {"features": self.features, "texts": self.texts}
        arrays: dict[str, Any] = {
            "data": self.matrix.data,
            "indices": self.matrix.indices,
            "indptr": self.matrix.indptr,
            "shape": np.array(self.matrix.shape),
            "format": np.array(b"csr"),
            **{n: np.frombuffer("\n".join(s).encode(), np.uint8) for n, s in lines.items()},
        }
        with replacing(path) as file:
            np.savez(file, **arrays)
        return Path(path)


@dataclass(frozen=True)
class Collisions:
    """How often different words share a column of hashes.

    Attributes:
        words: different ones.
        size: columns.
        rate: the share of the words that do not have a column to themselves.
        running: the share of the running words that are such.
        expected: the rate of a hash that is as good as chance.
    """

    words: int
    size: int
    rate: float
    running: float
    expected: float

    def __str__(self) -> str:
        return (
            f"{self.rate:.1%} of {self.words:,} words share one of {self.size:,} columns "
            f"({self.expected:.1%} are to be expected), {self.running:.1%} of the running words"
        )


class _Rows:
    """Grows a CSR matrix row by row."""

    def __init__(self) -> None:
        self.values, self.columns, self.ends = array("f"), array("q"), array("q", [0])

    def add(self, row: Counter[int] | dict[int, float]) -> None:
        for column in sorted(row):
            self.columns.append(column)
            self.values.append(row[column])
        self.ends.append(len(self.columns))

    def matrix(self, width: int) -> Any:
        sparse = require("scipy.sparse", "vectors", "A sparse matrix")
        parts = np.frombuffer(self.values, np.float32) if self.values else np.empty(0, np.float32)
        columns = np.frombuffer(self.columns, np.int64) if self.columns else np.empty(0, np.int64)
        shape = (len(self.ends) - 1, width)
        return sparse.csr_matrix((parts, columns, np.frombuffer(self.ends, np.int64)), shape)


@dataclass(kw_only=True)
class _Features(Method):
    """What the sparse methods share: `fit` learns from texts and turns them into features."""

    def learn(self, corpus: Corpus) -> None:
        """Learn what the columns are."""

    def columns(self, tokens: Sequence[str]) -> Counter[int]:
        """How often each column occurs in a text."""
        raise NotImplementedError

    def width(self) -> int:
        """The number of columns."""
        raise NotImplementedError

    def names(self) -> list[str]:
        """What each column stands for."""
        return []

    def weighted(self, matrix: Any) -> Any:
        """Counts as they are wanted."""
        return matrix

    def fit(self, corpus: Any) -> SparseFeatures:
        corpus = as_corpus(corpus)
        self.learn(corpus)
        features = self.transform(corpus)
        if not features.texts:
            raise DataError(f"{corpus.name} holds no tokens.")
        return features

    def transform(self, corpus: Any) -> SparseFeatures:
        """The features of texts, with the columns that `fit` has learnt."""
        rows, texts = _Rows(), []
        for name, tokens in as_corpus(corpus).documents():
            rows.add(self.columns(tokens))
            texts.append(name)
        return SparseFeatures(self.weighted(rows.matrix(self.width())), self.names(), texts)


@dataclass(kw_only=True)
class OneHot(_Features):
    """A column for each word: 1 where a text has it.

    Args:
        min_count: how often a word must occur.
        most: words at most, the most frequent ones.

    Example:
        >>> OneHot().fit(["a good film", "a bad film"]).matrix.toarray().tolist()
        [[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 1.0]]
    """

    summary: ClassVar[str] = "a column for each word; learns nothing, compares nothing"
    min_count: int = 1
    most: int | None = None
    vocabulary: list[str] = field(default_factory=list, init=False, repr=False)

    def learn(self, corpus: Corpus) -> None:
        encoded = corpus.encoded()
        kept = set(encoded.vocabulary(self.min_count, self.most).tokens)
        self.vocabulary = [token for token in encoded.tokens if token in kept]
        self._column = {token: column for column, token in enumerate(self.vocabulary)}

    def columns(self, tokens: Sequence[str]) -> Counter[int]:
        return Counter({self._column[token] for token in tokens if token in self._column})

    def width(self) -> int:
        return len(self.vocabulary)

    def names(self) -> list[str]:
        return self.vocabulary

    def steps(self, tokens: Sequence[str]) -> Any:
        """One text step by step, `(tokens, words)`; a row of zeros for an unknown word."""
        rows = _Rows()
        for token in tokens:
            rows.add({self._column[token]: 1.0} if token in self._column else {})
        return rows.matrix(self.width())


@dataclass(kw_only=True)
class HashedOneHot(_Features):
    """Words by a hash into a fixed number of columns: no vocabulary, but different words may share.

    Args:
        size: columns.
        signed: whether half of the words count as -1, so that what collides cancels in the mean.

    Attributes:
        collisions: how often words of the corpus share a column, after `fit`.

    Source: K. Weinberger et al., Feature Hashing for Large Scale Multitask Learning, 2009.

    Example:
        >>> hashed = HashedOneHot(size=8)
        >>> hashed.fit(["a good film", "a bad film"]).matrix.shape, hashed.collisions.words
        ((2, 8), 4)
    """

    summary: ClassVar[str] = "words hashed into a fixed number of columns; tells how many collide"
    size: int = 1 << 15
    signed: bool = False
    collisions: Collisions | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.size < _LARGEST_HASH:
            raise ValueError(f"size expected 1 to {_LARGEST_HASH - 1}, got {self.size}.")
        self._hashes: dict[str, tuple[int, int]] = {}

    def place(self, token: str) -> tuple[int, int]:
        """A word's column and sign."""
        if token not in self._hashes:
            h = murmur(token)
            self._hashes[token] = abs(h) % self.size, -1 if self.signed and h < 0 else 1
        return self._hashes[token]

    def learn(self, corpus: Corpus) -> None:
        encoded = corpus.encoded()
        columns = np.array([self.place(token)[0] for token in encoded.tokens])
        shared = np.bincount(columns, minlength=1)[columns] > 1
        words = len(columns)
        self.collisions = Collisions(
            words,
            self.size,
            float(shared.mean()),
            float(encoded.counts[shared].sum() / encoded.counts.sum()),
            float(-np.expm1((words - 1) * np.log1p(-1 / self.size))) if self.size > 1 else 1.0,
        )

    def columns(self, tokens: Sequence[str]) -> Counter[int]:
        counts: Counter[int] = Counter()
        for token in tokens:
            column, sign = self.place(token)
            counts[column] += sign
        return counts

    def width(self) -> int:
        return self.size


@dataclass(kw_only=True)
class BagOfNgrams(_Features):
    """Counts of words and runs of words.

    Args:
        shortest: words of the shortest runs.
        longest: words of the longest.
        min_texts: in how many texts a run must occur.
        most: runs at most, the most frequent ones.
        weights: `"count"`; `"binary"`; or `"tfidf"`, counts times `1 + log((1 + n) / (1 + d))` for
            a run in d of n texts, rows brought to length 1.

    Example:
        >>> bag = BagOfNgrams(longest=2).fit(["not good", "good"])
        >>> bag.features, bag.matrix.toarray().tolist()
        (['good', 'not', 'not good'], [[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    """

    summary: ClassVar[str] = "counts of words and of runs of words, plain or weighted by tf-idf"
    shortest: int = 1
    longest: int = 1
    min_texts: int = 1
    most: int | None = None
    weights: str = "count"
    vocabulary: list[str] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.longest:
            raise ValueError(
                f"expected 1 <= shortest <= longest, got {self.shortest} and {self.longest}."
            )
        if self.weights not in _WEIGHTS:
            raise ValueError(
                f"weights expected one of {', '.join(_WEIGHTS)}, got {self.weights!r}."
            )

    def _runs(self, tokens: Sequence[str]) -> Iterator[str]:
        for length in range(self.shortest, self.longest + 1):
            for at in range(len(tokens) - length + 1):
                yield " ".join(tokens[at : at + length])

    def learn(self, corpus: Corpus) -> None:
        counts: Counter[str] = Counter()
        in_texts: defaultdict[str, int] = defaultdict(int)
        texts = 0
        for _, tokens in corpus.documents():
            of_text = Counter(self._runs(tokens))
            counts.update(of_text)
            for run in of_text:
                in_texts[run] += 1
            texts += 1
        kept = [run for run in sorted(counts) if in_texts[run] >= self.min_texts]
        if self.most is not None:
            kept = sorted(sorted(kept, key=lambda run: -counts[run])[: self.most])
        self.vocabulary = kept
        self._column = {run: column for column, run in enumerate(kept)}
        shares = np.array([(1 + in_texts[run]) / (1 + texts) for run in kept])
        self._rarity = (1 - np.log(shares)).astype(np.float32)

    def columns(self, tokens: Sequence[str]) -> Counter[int]:
        return Counter(self._column[run] for run in self._runs(tokens) if run in self._column)

    def width(self) -> int:
        return len(self.vocabulary)

    def names(self) -> list[str]:
        return self.vocabulary

    def weighted(self, matrix: Any) -> Any:
        if self.weights == "binary":
            matrix.data[:] = 1
        elif self.weights == "tfidf":
            matrix.data *= self._rarity[matrix.indices]
            squares = np.asarray(matrix.multiply(matrix).sum(1), np.float32).ravel()
            lengths = np.sqrt(np.maximum(squares, np.finfo(np.float32).tiny))
            matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
        return matrix
