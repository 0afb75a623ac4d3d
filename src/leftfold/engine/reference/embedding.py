"""Rows of a table by their numbers, and the gradient of the table."""

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
