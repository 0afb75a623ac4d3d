"""Positive pointwise mutual information, and vectors from its singular values.

Levy and Goldberg, "Neural Word Embedding as Implicit Matrix Factorization", NIPS 2014 (the shift);
Levy, Goldberg and Dagan, "Improving Distributional Similarity with Lessons Learned from Word
Embeddings", TACL 2015 (smoothed contexts, weighted singular values).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.datasets.extras import require
from leftfold.vectors.container import WordVectors
from leftfold.vectors.cooccurrence import Cooccurrences, count_cooccurrences, flat
from leftfold.vectors.corpus import as_corpus
from leftfold.vectors.methods import Method


def shifted_ppmi(counts: Any, shift: float = 1.0, smoothing: float = 0.75) -> Any:
    """What meeting says beyond chance: `max(0, log(P(i, j) / (P(i) P(j)^smoothing)) - log shift)`.

    Args:
        counts: (rows, columns), a SciPy sparse matrix of counts, none negative.
        shift: as many negative samples skip-gram would draw; 1 shifts nothing.
        smoothing: exponent of the contexts' counts, whose powers are made to sum to 1; below 1 it
            takes weight from rare contexts, 1 is the plain definition.

    Returns:
        A SciPy CSR matrix of float32 with the positive values only.

    Raises:
        ValueError: for negative counts.

    Example:
        >>> from scipy.sparse import csr_array
        >>> print(shifted_ppmi(csr_array([[3.0, 1.0], [1.0, 3.0]]), smoothing=1).toarray())
        [[0.4054651 0.       ]
         [0.        0.4054651]]
    """
    sparse = require("scipy.sparse", "vectors", "Mutual information")
    counts = sparse.csr_array(counts)
    if counts.nnz and counts.data.min() < 0:
        raise ValueError(f"shifted_ppmi expected no negative counts, got {counts.data.min():g}.")
    rows = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
    contexts = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel() ** smoothing
    if not rows.any():
        return sparse.csr_array(counts.shape, dtype=np.float32)
    contexts /= contexts.sum()
    with np.errstate(divide="ignore"):  # empty rows and columns have no entries
        log_rows, log_contexts = np.log(rows), np.log(contexts)
        values = np.log(counts.data.astype(np.float64))
    values -= np.repeat(log_rows, np.diff(counts.indptr)) + log_contexts[counts.indices]
    values -= np.log(shift)
    values[values < 0] = 0
    found = sparse.csr_array(
        (values.astype(np.float32), counts.indices.copy(), counts.indptr.copy()), counts.shape
    )
    found.eliminate_zeros()
    return found


def singular_vectors(
    matrix: Any, dimensions: int, power: float = 0.5, contexts: bool = False, seed: int = 0
) -> np.ndarray:
    """Rows of `U S^power` for the largest singular values of a sparse matrix `U S V'`.

    Args:
        matrix: (rows, columns), SciPy sparse.
        dimensions: how many singular values, fewer than rows and columns.
        power: of the singular values: 1 is the classical choice, 0.5 shares them between rows and
            columns as skip-gram does, 0 leaves them out.
        contexts: add `V S^power`, for a matrix whose rows and columns mean the same.
        seed: of the vector that the search starts from.

    Returns:
        (rows, dimensions), float32, the greatest singular value first; of each column the largest
        number is positive.

    Raises:
        DataError: when there are too few rows or columns for so many dimensions.

    Example:
        >>> from scipy.sparse import csr_array
        >>> matrix = csr_array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.5]])
        >>> abs(singular_vectors(matrix, 1, power=1)).round(3).tolist()
        [[2.0], [0.0], [0.0]]
    """
    if dimensions >= min(matrix.shape):
        raise DataError(
            f"singular_vectors expected fewer dimensions than rows and columns, "
            f"{matrix.shape[0]:,} and {matrix.shape[1]:,}, got {dimensions:,}."
        )
    linalg = require("scipy.sparse.linalg", "vectors", "Singular value decomposition")
    start = np.random.default_rng(seed).standard_normal(min(matrix.shape)).astype(np.float32)
    left, values, right = linalg.svds(matrix.astype(np.float32), dimensions, v0=start)
    order = np.argsort(-values)
    scale = values[order] ** power
    rows = left[:, order] * scale
    signs = np.sign(rows[np.abs(rows).argmax(0), np.arange(dimensions)])
    if contexts:
        rows = rows + right[order].T * scale
    return np.asarray(rows * np.where(signs == 0, 1, signs), np.float32)


def sparse_counts(counts: Cooccurrences) -> Any:
    """Counts as a SciPy CSR matrix over the same memory."""
    sparse = require("scipy.sparse", "vectors", "A sparse matrix")
    size = len(counts.tokens)
    return sparse.csr_array((counts.counts, counts.columns, counts.starts), (size, size))


@dataclass(kw_only=True)
class Ppmi(Method):
    """Vectors from counting alone: windows, mutual information, truncated SVD.

    Args:
        dimensions: of the vectors.
        window: how many words before and after a word count; all count the same.
        min_count: how often a word must occur.
        most: words at most, the most frequent ones.
        shift: see `shifted_ppmi`.
        smoothing: see `shifted_ppmi`.
        power: see `singular_vectors`.
        seed: of the search for singular vectors.
        memory: bytes to use for counting, roughly.

    Example:
        >>> texts = ["a red rose", "a red tulip", "the blue sea"] * 10
        >>> Ppmi(dimensions=5, window=2).fit(texts).near("rose", 1)[0][0]
        'tulip'
    """

    summary: ClassVar[str] = "mutual information of words and its singular vectors; no training"
    dimensions: int = 100
    window: int = 5
    min_count: int = 5
    most: int | None = None
    shift: float = 1.0
    smoothing: float = 0.75
    power: float = 0.5
    seed: int = 0
    memory: int = 1 << 30

    def fit(self, corpus: Any) -> WordVectors:
        """Count and decompose.

        Args:
            corpus: a `Corpus`, or what makes one: a path, or texts.

        Returns:
            Vectors of the words, the most frequent first.

        Raises:
            DataError: for a corpus that cannot be used, or has too few words for so many
                dimensions.
        """
        encoded = as_corpus(corpus).encoded()
        counts = count_cooccurrences(
            encoded,
            encoded.vocabulary(self.min_count, self.most),
            flat(self.window),
            memory=self.memory,
        )
        information = shifted_ppmi(sparse_counts(counts), self.shift, self.smoothing)
        matrix = singular_vectors(information, self.dimensions, self.power, seed=self.seed)
        return WordVectors(counts.tokens, matrix, "ppmi")
