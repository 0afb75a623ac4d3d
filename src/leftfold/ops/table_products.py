"""Products of the rows of a table that ids point to, kept while the weights stay as they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from leftfold.engine.cache import Cache
from leftfold.engine.kernels import isa
from leftfold.engine.primitive import primitive
from leftfold.ops.fused import dense, embedding

Weights = tuple[np.ndarray | None, ...]


class _Kept(NamedTuple):
    """The products of a whole table, with copies of the weights and in which way they were made."""

    products: np.ndarray
    weights: Weights
    way: tuple[bool, str]


class ProductCache(Cache):
    """The products of a whole table, for the batches that come with the same weights.

    They are computed once as many rows have been multiplied one batch after the other. So where
    they turn out to be of no use, since weights change again and again, multiplying takes at most
    twice as long as without.
    """

    MOST = 1 << 24
    """Numbers that may be kept, products and copies of weights: 64 megabytes of float32."""

    LEAST = 50
    """Numbers of products for each row of a table from which on comparing weights takes less."""

    def __init__(self) -> None:
        self.rows = 0
        self.kept: _Kept | None = None

    @classmethod
    def may_pay(cls, ids: Any, table: Any, kernel: Any) -> bool:
        """Whether keeping products may pay for batches of so many ids, and is not too much."""
        needed = table.shape[0] * kernel.shape[1] + table.size + kernel.size
        return bool(needed <= cls.MOST and cls.pays(ids, table, kernel))

    @classmethod
    def pays(cls, words: Any, table: Any, kernel: Any) -> bool:
        """Whether it takes longer to multiply so many rows than to compare all weights."""
        return bool(words.size * kernel.shape[1] >= cls.LEAST * table.shape[0])


@primitive
def products_by_word(
    ids: Any,
    words: Any,
    places: Any,
    table: Any,
    kernel: Any,
    bias: Any = None,
    /,
    *,
    cache: Any,
    bfloat16: bool = False,
) -> Any:
    """`table @ kernel + bias`, at least the rows that ids point to; without a gradient.

    That the weights are those of an earlier call is found by comparing every bit of them, whoever
    may have changed them.

    Args:
        ids: whole numbers from 0 to `vocabulary - 1`, int32, of any shape.
        words: the distinct ones among them, and
        places: for every id its place among those, as `distinct` gives them.
        table: (vocabulary, features).
        kernel: (features, columns).
        bias: (columns,) or `None`.
        cache: a `ProductCache` for what is kept until the next call.
        bfloat16: as in `dense`.

    Returns:
        Where each id's row is, shaped as `ids`, and the rows, (at most vocabulary, columns).

    Example:
        >>> from leftfold.ops.distinct import distinct
        >>> cache, ids = ProductCache(), np.array([1, 1], np.int32)
        >>> table, kernel = np.eye(2), np.arange(100.0)[np.newaxis].repeat(2, axis=0)
        >>> for batch in range(3):
        ...     by_word = ids, *distinct(ids, vocabulary=2)
        ...     places, rows = products_by_word(*by_word, table, kernel, cache=cache)
        ...     print(places.tolist(), rows.shape)
        [0, 0] (1, 100)
        [1, 1] (2, 100)
        [1, 1] (2, 100)
    """
    if cache.pays(words, table, kernel):
        weights, way, kept = (table, kernel, bias), (bfloat16, isa()), cache.kept
        if kept is not None and not (kept.way == way and _same(kept.weights, weights)):
            kept = cache.kept = None
            cache.rows = 0
        if kept is None:
            cache.rows += words.size
            if cache.rows >= table.shape[0]:
                # Of the copies: another thread may be changing the weights.
                copies = tuple([None if w is None else w.copy() for w in weights])
                kept = cache.kept = _Kept(dense(*copies, bfloat16=bfloat16).data, copies, way)
        if kept is not None:
            return (ids, kept.products), None
    rows = dense(embedding(table, words), kernel, bias, bfloat16=bfloat16)
    return (places, rows.data), None


def _same(ours: Weights, others: Weights) -> bool:
    return all(map(_same_bits, ours, others))


def _same_bits(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return a is b
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    ours, others = (x.reshape(-1).view(f"u{x.itemsize}") for x in (a, b))
    return np.array_equal(ours, others)
