"""How often words stand near each other, counted word by word."""

from __future__ import annotations

import numpy as np


def cooccurrence_counts(
    tokens: np.ndarray,
    positions: np.ndarray,
    starts: np.ndarray,
    weights: np.ndarray,
    both_sides: bool,
    vocabulary: int,
    columns: np.ndarray,
    counts: np.ndarray,
    lengths: np.ndarray,
) -> int:
    """Sum, for every word and every word near it, the weight of their distance.

    Args:
        tokens: (count,) int32, each below `vocabulary`; a negative number ends a stretch of text
            that no window crosses.
        positions: (visits,) int32, where the words to count stand in `tokens`, word after word.
        starts: (rows + 1,) int64: word `r` stands at `positions[starts[r]:starts[r + 1]]`.
        weights: (window,), what a word at distance 1, 2, ... counts.
        both_sides: whether words after count as well as those before.
        vocabulary: how many ids there are.
        columns: (capacity,) int32, receives the ids near each word, ascending, row after row.
        counts: (capacity,), receives their weighted counts.
        lengths: (rows,) int64, receives how many ids each row has.

    Returns:
        How many entries there are in all.

    Raises:
        ValueError: where the longest possible rows would not fit: each as long as the vocabulary
            or as the words in its windows, whichever is less.
    """
    visits = np.diff(starts)
    longest = np.minimum(visits * len(weights) * (1 + both_sides), vocabulary)
    if longest.sum() > len(columns):
        raise ValueError(
            "cooccurrence_counts expected columns with room for every row at its longest, got "
            f"{len(columns)}."
        )
    stretches = np.cumsum(tokens < 0)
    total = 0
    for row in range(len(lengths)):
        centres = positions[starts[row] : starts[row + 1]].astype(np.int64)
        sums = np.zeros(vocabulary)
        seen = np.zeros(vocabulary, bool)
        for distance, weight in enumerate(weights, 1):
            for step in (-distance, distance) if both_sides else (-distance,):
                near = centres + step
                inside = (near >= 0) & (near < len(tokens))
                there, here = near[inside], centres[inside]
                there = there[(tokens[there] >= 0) & (stretches[there] == stretches[here])]
                np.add.at(sums, tokens[there], float(weight))
                seen[tokens[there]] = True
        found = np.flatnonzero(seen)
        columns[total : total + len(found)] = found
        counts[total : total + len(found)] = sums[found]
        lengths[row] = len(found)
        total += len(found)
    return total
