"""`tf.linalg`, over `leftfold.ops`."""

# ruff: noqa: F401
from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.interop.tensorflow.math import einsum, l2_normalize, norm, tensordot
from leftfold.ops import det, diag, inv, solve, trace

__all__ = [
    *("band_part", "det", "diag", "einsum", "eye", "global_norm", "inv", "l2_normalize", "matmul"),
    *("matrix_transpose", "norm", "solve", "tensordot", "trace"),
]


def eye(
    num_rows: int,
    num_columns: int | None = None,
    batch_shape: Any = None,
    dtype: Any = "float32",
    name: Any = None,
) -> Any:
    """The identity matrix, once for each place of `batch_shape`."""
    matrix = ops.eye(num_rows, num_columns, dtype=dtype)
    if batch_shape is None:
        return matrix
    return ops.broadcast_to(matrix, (*map(int, batch_shape), *matrix.shape))


def matmul(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, name: Any = None
) -> Any:
    """The product of matrices, either of them transposed on request."""
    a = matrix_transpose(a) if transpose_a else a
    return ops.matmul(a, matrix_transpose(b) if transpose_b else b)


def matrix_transpose(a: Any, name: Any = None) -> Any:
    """The last two axes exchanged."""
    return ops.swapaxes(a, -1, -2)


def band_part(input: Any, num_lower: int, num_upper: int, name: Any = None) -> Any:
    """A matrix with zeros outside a band around its diagonal; -1 keeps the whole triangle."""
    kept = input if num_lower < 0 else ops.triu(input, k=-num_lower)
    return kept if num_upper < 0 else ops.tril(kept, k=num_upper)


def global_norm(t_list: Any, name: Any = None) -> Any:
    """The norm of all tensors together."""
    return ops.sqrt(sum(ops.sum(ops.square(t)) for t in t_list if t is not None))
