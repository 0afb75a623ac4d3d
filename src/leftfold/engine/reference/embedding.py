"""Rows of a table by their numbers, the gradient of the table, and which numbers there are."""

from __future__ import annotations

import numpy as np


def embedding_forward(table: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """`table[ids]`.

    Args:
        table: (vocabulary, features).
        ids: (tokens,), each below `vocabulary`.

    Returns:
        (tokens, features).
    """
    return np.take(table, ids, axis=0)


def embedding_backward(total: np.ndarray, ids: np.ndarray, rows: np.ndarray) -> None:
    """Add each row of `rows` to row `ids` of `total`, in the order of the tokens.

    Args:
        total: (vocabulary, features), changed in place.
        ids: (tokens,).
        rows: (tokens, features), the gradient of what was read.
    """
    np.add.at(total, ids, rows)


def distinct_ids(ids: np.ndarray, words: np.ndarray, places: np.ndarray) -> int:
    """The distinct ids in ascending order, and of every id its place among them.

    Args:
        ids: (tokens,), int32, each below the size of the vocabulary.
        words: (vocabulary,), int32; its first elements receive the distinct ids.
        places: (tokens,), int32, overwritten.

    Returns:
        How many distinct ids there are.
    """
    found, places[...] = np.unique(ids, return_inverse=True)
    if len(found) and not 0 <= found[0] <= found[-1] < len(words):
        raise IndexError(f"distinct_ids expected ids from 0 to {len(words) - 1}, got {found}.")
    words[: len(found)] = found
    return len(found)
