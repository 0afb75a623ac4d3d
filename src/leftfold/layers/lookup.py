"""Vectors of a table that are looked up when something asks for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import Tensor
from leftfold.ops.distinct import distinct


class Lookup:
    """The rows of a table that ids point to.

    A recurrence can do without them: the same row times the same weights is the same product
    whenever it comes up.

    Args:
        table: (vocabulary, features).
        ids: whole numbers within the vocabulary, as int32; a tensor.

    Example:
        >>> lookup = Lookup(Tensor([[0.0, 1.0], [2.0, 3.0]]), Tensor(np.array([1, 0], np.int32)))
        >>> lookup.stand_in().shape, lookup.vectors().tolist()
        ((2, 2), [[2.0, 3.0], [0.0, 1.0]])
    """

    def __init__(self, table: Any, ids: Tensor) -> None:
        self.table = table
        self.ids = ids
        self._vectors: Any = None
        self._distinct: Any = None
        self._distinct_vectors: Any = None

    def stand_in(self) -> Tensor:
        """A tensor of the vectors' shape and type, `looked_up` in which is this."""
        shape = (*self.ids.shape, self.table.shape[1])
        tensor = Tensor(np.broadcast_to(np.zeros((), self.table.data.dtype), shape))
        tensor.looked_up = self  # type: ignore[attr-defined]
        return tensor

    def distinct(self) -> tuple[Tensor, Tensor]:
        """The distinct ids, and the place of each id among them; found out the first time."""
        if self._distinct is None:
            self._distinct = distinct(self.ids, vocabulary=self.table.shape[0])
        return self._distinct

    def distinct_vectors(self) -> Any:
        """The rows of the distinct ids, looked up the first time."""
        if self._distinct_vectors is None:
            self._distinct_vectors = ops.embedding(self.table, self.distinct()[0])
        return self._distinct_vectors

    def vectors(self) -> Any:
        """The rows, looked up the first time; gradients flow back to the table."""
        if self._vectors is None:
            self._vectors = ops.embedding(self.table, self.ids)
        return self._vectors


def vectors_of(tensor: Any) -> Any:
    """What a tensor stands in for, or the tensor itself."""
    lookup = getattr(tensor, "looked_up", None)
    return tensor if lookup is None else lookup.vectors()
