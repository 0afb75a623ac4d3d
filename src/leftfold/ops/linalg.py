"""Products of matrices and tensors."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine.kernels import kernel
from leftfold.engine.primitive import primitive, unbroadcast
from leftfold.engine.tensor import as_full_array
from leftfold.ops.arithmetic import multiply
from leftfold.ops.axes import as_axes, restore_axes
from leftfold.ops.dtypes import alike, all_alike, floating
from leftfold.ops.shape import expand_dims, ravel


def gemm(
    a: np.ndarray,
    b: np.ndarray,
    transpose_a: bool = False,
    transpose_b: bool = False,
    bias: np.ndarray | None = None,
    bfloat16: bool = False,
) -> np.ndarray:
    """`op(a) @ op(b) + bias` of two matrices of one dtype by the kernel, copying if need be.

    With `bfloat16`, both matrices are rounded to it where the processor multiplies such numbers.
    """
    a, transpose_a = _contiguous(a, transpose_a)
    b, transpose_b = _contiguous(b, transpose_b)
    return kernel("gemm", a.dtype, bfloat16)(a, b, transpose_a, transpose_b, bias)


def batched_gemm(
    a: np.ndarray, b: np.ndarray, transpose_a: bool = False, transpose_b: bool = False
) -> np.ndarray:
    """`op(a[i]) @ op(b[i])` of two stacks of matrices `(*batch, n, k)`, `(*batch, k, m)`, alike."""
    batch = a.shape[:-2]
    a, transpose_a = _contiguous(a.reshape(-1, *a.shape[-2:]), transpose_a)
    b, transpose_b = _contiguous(b.reshape(-1, *b.shape[-2:]), transpose_b)
    products = kernel("batched_gemm", a.dtype)(a, b, transpose_a, transpose_b)
    return products.reshape(*batch, *products.shape[1:])


def _contiguous(a: np.ndarray, transpose: bool) -> tuple[np.ndarray, bool]:
    """`a`, or its last two axes exchanged, as memory in order; whether they still have to be."""
    if a.flags.c_contiguous:
        return a, transpose
    turned = a.swapaxes(-1, -2)
    if turned.flags.c_contiguous:
        return turned, not transpose
    return np.ascontiguousarray(a), transpose


@primitive
def matmul(x1: Any, x2: Any, /, *, needs: Any = ()) -> Any:
    """The product of matrices, `x1 @ x2`.

    Args:
        x1: `(..., n, k)`, or a vector `(k,)`.
        x2: `(..., k, m)`, or a vector `(k,)`; leading axes broadcast.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        `(..., n, m)`, without the axis of an operand that was a vector.

    Raises:
        ValueError: where the inner sizes differ.

    Example:
        >>> from leftfold import ops
        >>> ops.matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
        [[11.0]]
    """
    x1, x2 = alike(as_full_array(x1), as_full_array(x2))
    if x1.ndim < 1 or x2.ndim < 1 or x1.shape[-1] != x2.shape[-2 if x2.ndim > 1 else 0]:
        raise ValueError(
            f"matmul expected the last axis of x1 to match the last but one of x2, "
            f"got shapes {x1.shape} and {x2.shape}."
        )
    if x2.ndim == 2 and x1.ndim >= 2 and x1.dtype == x2.dtype and x1.dtype.kind == "f":
        return _matrix_product(x1, x2, needs)
    if x1.ndim > 2 and x1.shape[:-2] == x2.shape[:-2] and x1.dtype == x2.dtype == np.float32:
        return _matrix_products(x1, x2, needs)
    return np.matmul(x1, x2), lambda dy: _batched_gradients(dy, x1, x2, needs)


def _matrix_product(x1: np.ndarray, x2: np.ndarray, needs: Any) -> Any:
    """Any number of rows times one matrix: a single call of the kernel."""
    rows = x1.reshape(-1, x1.shape[-1])
    y = gemm(rows, x2).reshape(*x1.shape[:-1], x2.shape[1])

    def vjp(dy: Any) -> Any:
        slopes = dy.reshape(-1, x2.shape[1])
        return (
            gemm(slopes, x2, transpose_b=True).reshape(x1.shape) if needs[0] else None,
            gemm(rows, slopes, transpose_a=True) if needs[1] else None,
        )

    return y, vjp


def _matrix_products(x1: np.ndarray, x2: np.ndarray, needs: Any) -> Any:
    """As many matrices on both sides: a single call of the kernel."""

    def vjp(dy: Any) -> Any:
        return (
            batched_gemm(dy, x2, transpose_b=True) if needs[0] else None,
            batched_gemm(x1, dy, transpose_a=True) if needs[1] else None,
        )

    return batched_gemm(x1, x2), vjp


def _batched_gradients(dy: Any, x1: np.ndarray, x2: np.ndarray, needs: Any) -> Any:
    a = x1[None] if x1.ndim == 1 else x1
    b = x2[:, None] if x2.ndim == 1 else x2
    if x1.ndim == 1:
        dy = np.expand_dims(dy, -2 if x2.ndim > 1 else -1)
    if x2.ndim == 1:
        dy = np.expand_dims(dy, -1)
    dx1 = dx2 = None
    if needs[0]:
        dx1 = unbroadcast(np.matmul(dy, np.swapaxes(b, -1, -2)), a).reshape(x1.shape)
    if needs[1]:
        dx2 = unbroadcast(np.matmul(np.swapaxes(a, -1, -2), dy), b).reshape(x2.shape)
    return dx1, dx2


@primitive
def _einsum(operands: Sequence[Any], /, subscripts: str) -> Any:
    operands = all_alike(operands)
    inputs, output = _explicit(subscripts, operands)
    y = np.einsum(f"{','.join(inputs)}->{output}", *operands, optimize=True)

    def gradient(position: int, dy: Any) -> Any:
        x, letters = operands[position], inputs[position]
        pairs = list(zip(inputs, operands, strict=True))
        others = pairs[:position] + pairs[position + 1 :]
        distinct = "".join(dict.fromkeys(letters))
        reachable = set(output).union(*(t for t, _ in others))
        shared = "".join(letter for letter in distinct if letter in reachable)
        terms = ",".join([output, *(t for t, _ in others)])
        partial = np.einsum(f"{terms}->{shared}", dy, *(o for _, o in others), optimize=True)
        total = np.zeros(x.shape, x.dtype)
        diagonal = np.einsum(f"{letters}->{distinct}", total)
        partial = partial[tuple(slice(None) if t in shared else None for t in distinct)]
        shape = np.broadcast_shapes(partial.shape, diagonal.shape)
        diagonal[...] = unbroadcast(np.broadcast_to(partial, shape), diagonal)
        return total

    return y, lambda dy: tuple(gradient(n, dy) for n in range(len(operands)))


def _explicit(subscripts: str, operands: Sequence[np.ndarray]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with `...` written out."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise ValueError(
            f"einsum expected {len(terms)} operands for {subscripts!r}, got {len(operands)}."
        )
    free = [letter for letter in string.ascii_letters if letter not in subscripts]
    widths = [
        operand.ndim - len(term.replace("...", "")) if "..." in term else 0
        for term, operand in zip(terms, operands, strict=True)
    ]
    dots = "".join(free[: max(widths)])
    terms = [
        term.replace("...", dots[len(dots) - width :])
        for term, width in zip(terms, widths, strict=True)
    ]
    if not arrow:
        used = left.replace(",", "").replace("...", "")
        right = "..." + "".join(sorted(x for x in set(used) if used.count(x) == 1))
    return terms, right.replace("...", dots)


def einsum(subscripts: str, *operands: Any) -> Any:
    """Sums of products in Einstein's notation.

    Args:
        subscripts: letters for the axes of each operand and of the result, `"ij,jk->ik"`.
        operands: the tensors.

    Example:
        >>> from leftfold import ops
        >>> ops.einsum("i,i->", [1.0, 2.0], [3.0, 4.0]).item()
        11.0
    """
    return _einsum(list(operands), subscripts)


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The product of two tensors summed over axes of both.

    Args:
        x1: any shape.
        x2: any shape.
        axes: the axes of `x1` and those of `x2`, or how many last axes of `x1` meet as many
            first axes of `x2`.
    """
    ndim1, ndim2 = len(np.shape(x1)), len(np.shape(x2))
    if isinstance(axes, int):
        first, second = list(range(ndim1 - axes, ndim1)), list(range(axes))
    else:
        first, second = ([a] if isinstance(a, int) else list(a) for a in axes)
    letters1 = list(string.ascii_letters[:ndim1])
    letters2 = list(string.ascii_letters[ndim1 : ndim1 + ndim2])
    for a, b in zip(first, second, strict=True):
        letters2[b] = letters1[a]
    left, right = "".join(letters1), "".join(letters2)
    kept = "".join(letter for letter in left + right if (left + right).count(letter) == 1)
    return einsum(f"{left},{right}->{kept}", x1, x2)


def dot(x1: Any, x2: Any) -> Any:
    """The product over the last axis of `x1` and the last but one (or only) axis of `x2`."""
    ndim1, ndim2 = len(np.shape(x1)), len(np.shape(x2))
    if not ndim1 or not ndim2:
        return multiply(x1, x2)
    if ndim2 <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, axes=(-1, -2))


def inner(x1: Any, x2: Any) -> Any:
    """The product over the last axes of both."""
    if not np.shape(x1) or not np.shape(x2):
        return multiply(x1, x2)
    return tensordot(x1, x2, axes=(-1, -1))


def outer(x1: Any, x2: Any) -> Any:
    """The product of each element of `x1` with each of `x2`, both flattened."""
    return multiply(expand_dims(ravel(x1), 1), ravel(x2))


def vdot(x1: Any, x2: Any) -> Any:
    """The sum of the products of elements, both tensors flattened."""
    return matmul(ravel(x1), ravel(x2))


@primitive
def norm(x: Any, /, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The length of vectors, or the size of matrices.

    Args:
        x: any shape.
        ord: `None`, 2 or `"fro"`: the root of the sum of squares; 1: the sum of absolute values;
            `inf`, `-inf`: the largest, smallest absolute value; another number p: the p-th
            root of the sum of p-th powers. With two axes only `None` and `"fro"`.
        axis: one axis for vectors, two for matrices, `None` for all elements.
        keepdims: whether reduced axes stay, with size 1.

    Raises:
        ValueError: for another `ord`.
    """
    axis, x = as_axes(axis), floating(x)
    euclidean = ord is None or ord == "fro" or (ord == 2 and _is_vector(x, axis))
    if not euclidean and (isinstance(ord, str) or not _is_vector(x, axis)):
        raise ValueError(
            f"ord expected None or 'fro' for matrices, a number for vectors, got {ord!r}."
        )
    size = np.abs(x)
    if euclidean or ord not in (1, np.inf, -np.inf):
        p = 2 if euclidean else ord
        y = np.add.reduce(size**p, axis=axis, keepdims=True) ** (1 / p)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(size > 0, (size / y) ** (p - 1), 0) * np.sign(x)
    elif ord == 1:
        y, slope = np.add.reduce(size, axis=axis, keepdims=True), np.sign(x)
    else:
        choose = np.maximum if ord > 0 else np.minimum
        y = choose.reduce(size, axis=axis, keepdims=True)
        chosen = size == y
        slope = np.sign(x) * chosen / np.add.reduce(chosen, axis=axis, keepdims=True)
    slope = slope.astype(x.dtype, copy=False)
    result = y if keepdims else np.squeeze(y, axis=axis)
    return result, lambda dy: restore_axes(dy, x.shape, axis, keepdims) * slope


def _is_vector(x: np.ndarray, axis: Any) -> bool:
    return (
        isinstance(axis, int)
        or (axis is None and x.ndim == 1)
        or (isinstance(axis, tuple) and len(axis) == 1)
    )
