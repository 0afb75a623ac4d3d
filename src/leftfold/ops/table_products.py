"""Products of the rows of a table that ids point to, kept while the weights stay as they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from leftfold.engine.cache import Cache
from leftfold.engine.primitive import primitive
from leftfold.ops.distinct import distinct
from leftfold.ops.fused import dense, embedding

Weights = tuple[np.ndarray | None, ...]


class _Kept(NamedTuple):
    """Copies of weights, how many rows were multiplied with them, and then all the products."""

    weights: Weights
    rows: int
    products: np.ndarray | None


class ProductCache(Cache):
    """The products of a whole table, for the batches that come with the same weights.

    They are computed once as many rows have been multiplied one batch after the other: so they
    cost at most as much as they could have saved before.
    """

    MOST = 1 << 24
    """Numbers that may be kept: 64 megabytes of float32."""

    LEAST = 100
    """Numbers of products for each row of a table from which on comparing weights is cheap."""

    def __init__(self) -> None:
        self.kept = _Kept((), 0, None)

    @classmethod
    def pays(cls, ids: Any, table: Any, kernel: Any) -> bool:
        """Whether a batch of so many ids is faster with what is kept, and that is not too much."""
        vocabulary, columns = table.shape[0], kernel.shape[1]
        return vocabulary * columns <= cls.MOST and ids.size * columns >= cls.LEAST * vocabulary


@primitive
def products_by_id(
    ids: Any, table: Any, kernel: Any, bias: Any = None, /, *, cache: Any, bfloat16: bool = False
) -> Any:
    """`table @ kernel + bias`, at least the rows that ids point to; without a gradient.

    That the weights are those of the call before is found by comparing every bit of them, whoever
    may have changed them: a small part of the time that a product takes.

    Args:
        ids: whole numbers from 0 to `vocabulary - 1`, int32, of any shape.
        table: (vocabulary, features).
        kernel: (features, columns).
        bias: (columns,) or `None`.
        cache: a `ProductCache` for what is kept until the next call.
        bfloat16: as in `dense`.

    Returns:
        Where each id's row is, shaped as `ids`, and the rows, (at most vocabulary, columns).

    Raises:
        IndexError: for an id outside the vocabulary.

    Example:
        >>> cache, ids, table = ProductCache(), np.array([1, 1], np.int32), np.eye(2)
        >>> for batch in range(3):
        ...     places, rows = products_by_id(ids, table, np.array([[5.0], [7.0]]), cache=cache)
        ...     print(places.tolist(), rows.tolist())
        [0, 0] [[7.0]]
        [1, 1] [[5.0], [7.0]]
        [1, 1] [[5.0], [7.0]]
    """
    weights, vocabulary = (table, kernel, bias), table.shape[0]
    kept = cache.kept
    if not _same(kept.weights, weights):
        kept = _Kept(tuple([None if w is None else w.copy() for w in weights]), 0, None)
    if kept.products is None:
        words, places = distinct(ids, vocabulary=vocabulary)
        kept = kept._replace(rows=kept.rows + words.size)
        if kept.rows < vocabulary:
            cache.kept = kept
            rows = dense(embedding(table, words), kernel, bias, bfloat16=bfloat16)
            return (places.data, rows.data), None
        kept = kept._replace(products=dense(table, kernel, bias, bfloat16=bfloat16).data)
    cache.kept = kept
    return (ids, kept.products), None


def _same(ours: Weights, others: Weights) -> bool:
    return len(ours) == len(others) and all(map(_same_bits, ours, others))


def _same_bits(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return a is b
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    ours, others = (x.reshape(-1).view(f"u{x.itemsize}") for x in (a, b))
    return np.array_equal(ours, others)
