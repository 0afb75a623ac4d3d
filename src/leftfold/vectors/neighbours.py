"""The nearest vectors, exactly, for many queries at once.

All similarities come from one matrix product for each block of queries. Sorting them all would
take longer than the product, so they are first cut into groups: the best `count` lie in the
`count` groups with the largest maxima, and only those are looked through.
"""

from __future__ import annotations

import numpy as np

METRICS = ("cosine", "euclidean")
_GROUP = 64
_BLOCK_ELEMENTS = 1 << 24


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    """Rows divided by their lengths, float32; rows of zeros stay.

    Example:
        >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    matrix = np.asarray(matrix, np.float32)
    lengths = np.linalg.norm(matrix, axis=-1, keepdims=True)
    return np.asarray(matrix / np.where(lengths > 0, lengths, 1), np.float32)


def largest(scores: np.ndarray, count: int) -> np.ndarray:
    """Where the largest numbers of each row stand, the largest first; equal ones by place.

    Args:
        scores: `(rows, columns)`.
        count: how many, at most `columns`.

    Returns:
        Columns, `(rows, count)`.

    Example:
        >>> largest(np.array([[1.0, 5.0, 3.0]]), 2).tolist()
        [[1, 2]]
    """
    rows, columns = scores.shape
    width = columns // _GROUP
    if width <= 2 * count:
        chosen = np.broadcast_to(np.arange(columns), scores.shape)
    else:
        # Group j is the columns j, j + width, j + 2 width, ...: maxima of long contiguous rows.
        groups = scores[:, : width * _GROUP].reshape(rows, _GROUP, width).max(1)
        best = np.argpartition(groups, width - count, axis=1)[:, width - count :]
        inside = (best[:, :, None] + width * np.arange(_GROUP)).reshape(rows, -1)
        tail = np.broadcast_to(np.arange(width * _GROUP, columns), (rows, columns - width * _GROUP))
        chosen = np.concatenate([inside, tail], axis=1)
    found = np.take_along_axis(scores, chosen, 1)
    if count < found.shape[1]:
        part = np.argpartition(found, found.shape[1] - count, axis=1)[:, found.shape[1] - count :]
        chosen = np.take_along_axis(chosen, part, 1)
        found = np.take_along_axis(found, part, 1)
    order = np.lexsort((chosen, -found), axis=1)
    return np.take_along_axis(chosen, order, 1)


class Neighbours:
    """Vectors made ready for the search.

    Args:
        matrix: `(vectors, dimensions)`.
        metric: `"cosine"` or `"euclidean"`.

    Attributes:
        metric: which.
        table: the vectors, for cosines brought to length 1.
    """

    def __init__(self, matrix: np.ndarray, metric: str = "cosine") -> None:
        if metric not in METRICS:
            raise ValueError(f"metric expected one of {', '.join(METRICS)}, got {metric!r}.")
        self.metric = metric
        matrix = np.asarray(matrix, np.float32)
        self.table = unit_rows(matrix) if metric == "cosine" else matrix
        self._half_squares = (
            np.einsum("ij,ij->i", matrix, matrix) / 2 if metric == "euclidean" else None
        )

    def search(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest vectors of each query.

        Args:
            queries: `(queries, dimensions)`.
            count: how many for each.

        Returns:
            Rows, `(queries, count)`, the nearest first; and their cosines or distances, float32.
        """
        queries = np.asarray(queries, np.float32)
        count = min(count, len(self.table))
        block = max(1, _BLOCK_ELEMENTS // max(1, len(self.table)))
        # One array for all blocks: fresh ones of this size cost a page fault every few kilobytes.
        room = np.empty((min(block, len(queries)), len(self.table)), np.float32)
        found = [
            self._block(queries[at : at + block], count, room)
            for at in range(0, len(queries), block)
        ]
        if not found:
            return np.empty((0, count), int), np.empty((0, count), np.float32)
        return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])

    def _block(
        self, queries: np.ndarray, count: int, room: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        room = room[: len(queries)]
        if self._half_squares is None:
            scores = np.matmul(unit_rows(queries), self.table.T, out=room)
            rows = largest(scores, count)
            return rows, np.take_along_axis(scores, rows, 1)
        # |q - v|^2 = |q|^2 - 2 (q v - |v|^2 / 2): the nearest have the largest bracket.
        scores = np.matmul(queries, self.table.T, out=room)
        scores -= self._half_squares
        rows = largest(scores, count)
        distances = np.linalg.norm(self.table[rows] - queries[:, None], axis=2)
        order = np.lexsort((rows, distances), axis=1)
        return np.take_along_axis(rows, order, 1), np.take_along_axis(distances, order, 1)
