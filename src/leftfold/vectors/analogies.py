"""Analogies, the odd one out, phrases and means: arithmetic on vectors.

Sources: T. Mikolov et al., Linguistic Regularities in Continuous Space Word Representations, 2013
(3CosAdd); O. Levy and Y. Goldberg, Linguistic Regularities in Sparse and Explicit Word
Representations, 2014 (3CosMul).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from leftfold.vectors.neighbours import largest, unit_rows

if TYPE_CHECKING:
    from leftfold.vectors.container import WordVectors

RULES = ("add", "multiply")
_SMALL = 1e-3
_BLOCK_ELEMENTS = 1 << 24


def solve(
    vectors: WordVectors, questions: np.ndarray, count: int, rule: str = "add"
) -> tuple[np.ndarray, np.ndarray]:
    """Many analogies at once: the best words d for "a is to b as c is to d".

    Args:
        vectors: to be searched.
        questions: rows of a, b and c, `(questions, 3)`; none of them is an answer.
        count: answers for each.
        rule: `"add"` looks for the largest cos(d, b) - cos(d, a) + cos(d, c); `"multiply"` for
            the largest cos(d, b) cos(d, c) / (cos(d, a) + 0.001), cosines moved to 0 to 1.

    Returns:
        Rows, `(questions, count)`, the best first, and their scores.

    Raises:
        ValueError: for another rule.
    """
    if rule not in RULES:
        raise ValueError(f"rule expected one of {', '.join(RULES)}, got {rule!r}.")
    table = vectors.search("cosine").table
    questions = np.asarray(questions).reshape(-1, 3)
    count = min(count, len(table))
    block = max(1, _BLOCK_ELEMENTS // len(table))
    rows, scores = [np.empty((0, count), int)], [np.empty((0, count), np.float32)]
    for at in range(0, len(questions), block):
        some = questions[at : at + block]
        a, b, c = (table[some[:, place]] for place in range(3))
        if rule == "add":
            found = (b - a + c) @ table.T
        else:
            to_a, to_b, to_c = (((side @ table.T) + 1) / 2 for side in (a, b, c))
            found = to_b * to_c / (to_a + _SMALL)
        np.put_along_axis(found, some, -np.inf, 1)
        best = largest(found, count)
        rows.append(best)
        scores.append(np.take_along_axis(found, best, 1))
    return np.concatenate(rows), np.concatenate(scores)


def analogy(
    vectors: WordVectors, a: str, b: str, c: str, count: int = 5, rule: str = "add"
) -> list[tuple[str, float]]:
    """The best words d for "a is to b as c is to d", with their scores; see `solve`.

    Raises:
        UnknownTokenError: for a word without a vector.
    """
    rows, scores = solve(vectors, np.array([vectors.rows([a, b, c])]), count, rule)
    pairs = zip(rows[0].tolist(), scores[0].tolist(), strict=True)
    return [(vectors.tokens[row], score) for row, score in pairs if np.isfinite(score)]


def odd_one_out(vectors: WordVectors, tokens: Sequence[str]) -> list[tuple[str, float]]:
    """Words with the cosine between each and the mean of all, the odd one first.

    Raises:
        UnknownTokenError: for a word without a vector.
        ValueError: for fewer than three words.
    """
    if len(tokens) < 3:
        raise ValueError(f"odd_one_out expected at least three words, got {len(tokens)}.")
    unit = unit_rows(vectors[list(tokens)])
    cosines = unit @ unit_rows(unit.mean(0, keepdims=True))[0]
    order = np.argsort(cosines, kind="stable")
    return [(tokens[place], float(cosines[place])) for place in order]


def mean(
    vectors: WordVectors, tokens: Sequence[str], weights: Sequence[float] | None = None
) -> np.ndarray:
    """The mean vector of those words that have one, `(dimensions,)`; zeros where none has.

    Args:
        vectors: of words.
        tokens: words; repeated ones count as often.
        weights: one for each word; 1 by default.

    Raises:
        ValueError: for weights that are not as many as the words.
    """
    shares = np.ones(len(tokens)) if weights is None else np.asarray(weights, float)
    if shares.shape != (len(tokens),):
        raise ValueError(
            f"mean expected a weight for each of {len(tokens)} words, got {shares.shape}."
        )
    known = [
        (row, s) for t, s in zip(tokens, shares, strict=True) if (row := vectors.row(t)) is not None
    ]
    total = sum(share for _, share in known)
    if not known or not total:
        return np.zeros(vectors.dimensions, np.float32)
    rows = [row for row, _ in known]
    weighted = np.array([share for _, share in known]) @ vectors.matrix[rows]
    return np.asarray(weighted / total, np.float32)


def phrase(vectors: WordVectors, text: str) -> np.ndarray:
    """The vector of a phrase: its own, as `new_york` or `new york`, or else the mean of its words.

    Raises:
        UnknownTokenError: for a word without a vector.
    """
    words = text.split()
    for joined in (" ".join(words), "_".join(words), "-".join(words)):
        row = vectors.row(joined) if joined else None
        if row is not None:
            return np.asarray(vectors.matrix[row])
    if not words:
        raise ValueError("phrase expected at least one word, got none.")
    return np.asarray(vectors[words].mean(0), np.float32)
