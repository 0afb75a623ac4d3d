"""Products of matrices."""

from __future__ import annotations

import numpy as np


def gemm(
    a: np.ndarray,
    b: np.ndarray,
    transpose_a: bool,
    transpose_b: bool,
    bias: np.ndarray | None,
) -> np.ndarray:
    """`op(a) @ op(b) + bias`.

    Args:
        a: (rows, inner), or (inner, rows) with `transpose_a`.
        b: (inner, columns), or (columns, inner) with `transpose_b`.
        transpose_a: whether `op(a)` is `a` transposed.
        transpose_b: whether `op(b)` is `b` transposed.
        bias: (columns,), added to every row, or `None`.

    Returns:
        (rows, columns).
    """
    c = np.matmul(a.T if transpose_a else a, b.T if transpose_b else b)
    if bias is not None:
        c += bias
    return c


def dense_backward(
    x: np.ndarray,
    kernel: np.ndarray,
    dy: np.ndarray,
    wants_x: bool,
    wants_kernel: bool,
    wants_bias: bool,
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """The gradients of a dense layer, `y = x @ kernel + bias`.

    Args:
        x: (rows, features).
        kernel: (features, units).
        dy: gradient of `y`, (rows, units).
        wants_x: whether the gradient of `x` is wanted.
        wants_kernel: the same for the kernel.
        wants_bias: the same for the bias.

    Returns:
        The gradients of `x`, the kernel and the bias; `None` for what is not wanted.
    """
    return (
        np.matmul(dy, kernel.T) if wants_x else None,
        np.matmul(x.T, dy) if wants_kernel else None,
        np.matmul(np.ones(len(dy), dy.dtype), dy) if wants_bias else None,
    )


def batched_gemm(a: np.ndarray, b: np.ndarray, transpose_a: bool, transpose_b: bool) -> np.ndarray:
    """`op(a[i]) @ op(b[i])` for every `i`.

    Args:
        a: (count, rows, inner), or (count, inner, rows) with `transpose_a`.
        b: (count, inner, columns), or (count, columns, inner) with `transpose_b`.
        transpose_a: whether `op` turns the matrices of `a`.
        transpose_b: whether `op` turns the matrices of `b`.

    Returns:
        (count, rows, columns).
    """
    return np.matmul(a.swapaxes(1, 2) if transpose_a else a, b.swapaxes(1, 2) if transpose_b else b)
