"""Token ids by the distinct ones among them: what is the same for equal ids is computed once."""

from __future__ import annotations

import numpy as np


def distinct(ids: np.ndarray, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ids in ascending order, and for every id its place among them.

    Args:
        ids: whole numbers from 0 to `vocabulary - 1`, of any shape.
        vocabulary: how many ids there are.

    Returns:
        `(count,)` and an array shaped as `ids`, both int32.

    Example:
        >>> words, places = distinct(np.array([[7, 3], [3, 3]]), 10)
        >>> words.tolist(), places.tolist()
        ([3, 7], [[1, 0], [0, 0]])
    """
    place_of = np.zeros(vocabulary, np.int32)
    place_of[ids] = 1
    words = np.flatnonzero(place_of).astype(np.int32)
    place_of[words] = np.arange(len(words), dtype=np.int32)
    return words, place_of.take(ids)
