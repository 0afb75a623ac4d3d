"""Functions of `tf` that read and write single places of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import Tensor

__all__ = [
    *("ensure_shape", "gather_nd", "meshgrid", "reverse_sequence", "scatter_nd"),
    *("tensor_scatter_nd_add", "tensor_scatter_nd_update"),
]


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: Any = None) -> Any:
    """The elements, or slices, of `params` at `indices`; their last axis holds one place."""
    if batch_dims:
        raise NotImplementedError("tf.gather_nd expected batch_dims=0: use ops.take_along_axis.")
    places = np.asarray(indices)
    return ops.convert_to_tensor(params)[tuple(np.moveaxis(places, -1, 0))]


def scatter_nd(indices: Any, updates: Any, shape: Any, name: Any = None) -> Any:
    """Zeros of a shape with `updates` added at `indices`."""
    return ops.scatter(indices, updates, tuple(int(size) for size in np.asarray(shape)))


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """`tensor` with other values at `indices`."""
    return ops.scatter_update(tensor, indices, updates)


def tensor_scatter_nd_add(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """`tensor` with `updates` added at `indices`."""
    tensor = ops.convert_to_tensor(tensor)
    return tensor + scatter_nd(indices, updates, tensor.shape)


def meshgrid(*args: Any, indexing: str = "xy", name: Any = None) -> Any:
    """Grids of coordinates."""
    return ops.meshgrid(*args, indexing=indexing)


def reverse_sequence(
    input: Any, seq_lengths: Any, seq_axis: int = 1, batch_axis: int = 0, name: Any = None
) -> Any:
    """Each row backwards up to its length; what is behind stays."""
    if (seq_axis, batch_axis) != (1, 0):
        raise NotImplementedError("tf.reverse_sequence expected seq_axis=1 and batch_axis=0.")
    tensor = ops.convert_to_tensor(input)
    steps, lengths = np.arange(tensor.shape[1]), np.asarray(seq_lengths)[:, None]
    places = np.where(steps < lengths, lengths - 1 - steps, steps)
    rows = np.broadcast_to(np.arange(tensor.shape[0])[:, None], places.shape)
    return tensor[rows, places]


def ensure_shape(x: Any, shape: Any, name: Any = None) -> Any:
    """`x`, if it has this shape; `None` stands for any size."""
    tensor: Any = ops.convert_to_tensor(x)
    if isinstance(tensor, Tensor):
        tensor.set_shape(shape)  # type: ignore[attr-defined]
    return tensor
