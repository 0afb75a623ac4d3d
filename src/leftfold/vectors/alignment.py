"""How alike two short sequences are, letter by letter.

Needleman and Wunsch, "A general method applicable to the search for similarities in the amino
acid sequence of two proteins", Journal of Molecular Biology 48, 1970.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def needleman_wunsch(
    first: Sequence[str],
    second: Sequence[str],
    match: float = 1.0,
    mismatch: float = -1.0,
    gap: float = -1.0,
) -> np.ndarray:
    """The scores of the best global alignments, of many pairs at once.

    Args:
        first: (pairs,) sequences.
        second: (pairs,) sequences.
        match: for two equal letters.
        mismatch: for two different letters.
        gap: for a letter that stands against none.

    Returns:
        (pairs,), float64.

    Raises:
        ValueError: when there are not equally many.

    Example:
        >>> needleman_wunsch(["GATTACA", "ACGT"], ["GCATGCT", "ACGT"]).tolist()
        [0.0, 4.0]
    """
    if len(first) != len(second):
        raise ValueError(
            f"needleman_wunsch expected as many sequences on both sides, got {len(first)} and "
            f"{len(second)}."
        )
    a, a_lengths = _letters(first)
    b, b_lengths = _letters(second)
    # scores[i] of a column: the best alignment of the first i letters with those of b so far.
    scores = np.arange(a.shape[1] + 1)[:, None] * gap + np.zeros(len(a))
    pairs = np.arange(len(a))
    results = scores[a_lengths, pairs]
    for j in range(b.shape[1]):
        column = np.empty_like(scores)
        column[0] = (j + 1) * gap
        for i in range(a.shape[1]):
            both = scores[i] + np.where(a[:, i] == b[:, j], match, mismatch)
            column[i + 1] = np.maximum(both, np.maximum(scores[i + 1], column[i]) + gap)
        scores = column
        ends = b_lengths == j + 1
        results[ends] = scores[a_lengths[ends], pairs[ends]]
    return results


def alignment_similarity(first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """Needleman-Wunsch scores by the length of the longer sequence: 1 where both are the same.

    Example:
        >>> alignment_similarity(["ACGT", "ACGT"], ["ACGT", "ACG"]).tolist()
        [1.0, 0.5]
    """
    longest = [max(len(a), len(b), 1) for a, b in zip(first, second, strict=True)]
    return needleman_wunsch(first, second) / longest


def _letters(sequences: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(pairs, longest) letters as numbers, and (pairs,) lengths."""
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    wide = np.array(list(sequences), f"U{max(int(lengths.max(initial=1)), 1)}")
    return wide.view(np.uint32).reshape(len(sequences), -1), lengths
