"""`tf.ragged`: rows of unequal length, such as the characters of several texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import Tensor

__all__ = ["RaggedTensor", "constant"]


class RaggedTensor:
    """Rows of unequal length: all values in one flat tensor, and the length of each row.

    Args:
        values: the values of all rows, one behind the other, `(total,)`.
        lengths: how many belong to each row.

    Example:
        >>> rows = constant([[1, 2], [3]])
        >>> rows.shape, rows.to_tensor().tolist()
        ((2, None), [[1, 2], [3, 0]])
    """

    def __init__(self, values: Tensor, lengths: Sequence[int]) -> None:
        self.flat_values = values
        self._lengths = list(lengths)
        self._ends = np.cumsum(self._lengths, dtype=int).tolist()

    @classmethod
    def from_row_lengths(cls, values: Any, row_lengths: Any) -> RaggedTensor:
        """Rows of these lengths, whose values lie one behind the other."""
        values, lengths = ops.convert_to_tensor(values), np.asarray(row_lengths).tolist()
        if sum(lengths) != values.shape[0]:
            raise ValueError(
                f"RaggedTensor expected row lengths that sum to the {values.shape[0]} values, "
                f"got {lengths}."
            )
        return cls(values, lengths)

    @classmethod
    def from_row_splits(cls, values: Any, row_splits: Any) -> RaggedTensor:
        """Rows that lie between these places, of which the first is 0."""
        return cls.from_row_lengths(values, np.diff(np.asarray(row_splits)))

    @property
    def shape(self) -> tuple[int, None]:
        return len(self._lengths), None

    @property
    def dtype(self) -> str:
        return self.flat_values.dtype

    def row_lengths(self) -> Tensor:
        """How many values each row has, int64 `(rows,)`."""
        return Tensor(np.array(self._lengths, np.int64))

    def with_flat_values(self, values: Any) -> RaggedTensor:
        """Rows of the same lengths with other values."""
        return RaggedTensor(values, self._lengths)

    def to_list(self) -> list[list[Any]]:
        """The rows as lists."""
        return [row.numpy().tolist() for row in self]

    def to_tensor(self, default_value: Any = None) -> Tensor:
        """A rectangular tensor, filled up behind short rows with 0, or `""`, or `default_value`."""
        values = self.flat_values.data
        filler = ("" if values.dtype == object else 0) if default_value is None else default_value
        full = np.full((len(self._lengths), max(self._lengths, default=0)), filler, values.dtype)
        full[np.arange(full.shape[1]) < np.array(self._lengths, int)[:, None]] = values
        return Tensor(full)

    def numpy(self) -> np.ndarray:
        """An array of arrays; a rectangular one where all rows have one length."""
        rows = [row.numpy() for row in self]
        if len(set(self._lengths)) == 1:
            return np.stack(rows)
        several = np.empty(len(rows), object)
        several[:] = rows
        return several

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> Tensor:
        if not isinstance(row, int | np.integer) or not -len(self) <= row < len(self):
            raise IndexError(
                f"A ragged tensor expected the number of one of its {len(self)} rows, got {row!r}."
            )
        end = self._ends[row]
        return Tensor(self.flat_values.data[end - self._lengths[row] : end])

    def __repr__(self) -> str:
        return f"<tf.RaggedTensor {self.to_list()}>"


def constant(rows: Sequence[Sequence[Any]], dtype: Any = None) -> RaggedTensor:
    """A ragged tensor with these rows of numbers or texts.

    Args:
        rows: lists of values.
        dtype: the element type, that of the values by default.
    """
    if any(isinstance(value, list | tuple) for row in rows for value in row):
        raise ValueError("tf.ragged.constant expected lists of numbers or texts, got deeper lists.")
    flat = np.array([value for row in rows for value in row])
    if flat.dtype.kind in "US":
        flat = flat.astype(object)
    elif flat.dtype.kind in "iuf":
        flat = flat.astype(
            dtype or ("int32" if flat.dtype.kind in "iu" and flat.size else "float32")
        )
    return RaggedTensor(Tensor(flat), [len(row) for row in rows])
