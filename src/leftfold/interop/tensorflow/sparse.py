"""`tf.sparse`: a few values at named places, which become a dense tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import Tensor

__all__ = ["SparseTensor", "to_dense"]


class SparseTensor:
    """Values at places of a tensor that is 0 elsewhere.

    Args:
        indices: the places, `(values, axes)`.
        values: the values there.
        dense_shape: the shape of the tensor.

    Example:
        >>> to_dense(SparseTensor([[0], [2]], [5.0, 7.0], [4])).tolist()
        [5.0, 0.0, 7.0, 0.0]
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        self.indices = np.asarray(indices, np.int64)
        numbers = np.asarray(values)
        self.values = numbers.astype(np.float32) if numbers.dtype == np.float64 else numbers
        self.dense_shape = tuple(int(size) for size in np.asarray(dense_shape))
        if self.indices.shape != (len(numbers), len(self.dense_shape)):
            raise ValueError(
                f"tf.SparseTensor expected indices of shape ({len(numbers)}, "
                f"{len(self.dense_shape)}), got {self.indices.shape}."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return self.dense_shape


def to_dense(sp_input: SparseTensor, default_value: Any = 0, name: Any = None) -> Tensor:
    """The values in their places, and `default_value` elsewhere."""
    dense = np.full(sp_input.dense_shape, default_value, sp_input.values.dtype)
    dense[tuple(sp_input.indices.T)] = sp_input.values
    return Tensor(dense)
