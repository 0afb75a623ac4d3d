"""Several steps of a network in one primitive, on the kernels: less memory, less time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold.engine.config import epsilon as default_epsilon
from leftfold.engine.kernels import kernel as find_kernel
from leftfold.engine.primitive import primitive
from leftfold.engine.tape import RowGradient
from leftfold.engine.tensor import as_full_array
from leftfold.ops.axes import positive_axes
from leftfold.ops.dtypes import floating
from leftfold.ops.linalg import gemm


@primitive
def embedding(table: Any, ids: Any, /) -> Any:
    """The rows of `table` at `ids`.

    Args:
        table: `(vocabulary, features)`.
        ids: whole numbers from 0 to `vocabulary - 1`, of any shape.

    Returns:
        `(*ids.shape, features)`.

    Raises:
        ValueError: for an id outside the vocabulary.

    Example:
        >>> from leftfold import ops
        >>> ops.embedding([[0.0, 1.0], [2.0, 3.0]], [1, 0, 1]).tolist()
        [[2.0, 3.0], [0.0, 1.0], [2.0, 3.0]]
    """
    table, ids = as_full_array(table), as_full_array(ids)
    flat = _whole_numbers(ids).reshape(-1)
    check_range(flat, table.shape[0], "embedding", "id")
    flat = np.ascontiguousarray(flat, np.int32)
    table = np.ascontiguousarray(table)
    rows = find_kernel("embedding_forward", table.dtype)(table, flat)

    def vjp(dy: Any) -> Any:
        slopes = np.ascontiguousarray(dy.reshape(-1, table.shape[1]))
        backward = find_kernel("embedding_backward", dy.dtype)
        return RowGradient(table.shape, dy.dtype, lambda total: backward(total, flat, slopes)), None

    return rows.reshape(*ids.shape, table.shape[1]), vjp


def _whole_numbers(ids: np.ndarray) -> np.ndarray:
    """`ids`, which may be floats as long as they are whole."""
    if ids.dtype.kind == "f" and not np.array_equal(ids, np.trunc(ids)):
        raise ValueError(
            f"embedding expected whole numbers as ids, got {ids.dtype} with fractions."
        )
    return ids


def check_range(numbers: np.ndarray, limit: int, operation: str, what: str) -> None:
    """Refuse numbers that are not from 0 to `limit - 1`."""
    if numbers.size and not (
        np.minimum.reduce(numbers, axis=None) >= 0 and np.maximum.reduce(numbers, axis=None) < limit
    ):
        wrong = numbers[(numbers < 0) | (numbers >= limit)][0]
        raise ValueError(
            f"{operation} expected every {what} from 0 to {limit - 1} "
            f"({limit} in all), got {what} {wrong}."
        )


@primitive
def dense(
    x: Any, kernel: Any, bias: Any = None, /, *, bfloat16: bool = False, needs: Any = ()
) -> Any:
    """`x @ kernel + bias` for any leading axes, as one product of matrices.

    Args:
        x: `(..., features)`.
        kernel: `(features, units)`.
        bias: `(units,)` or `None`.
        bfloat16: round the operands of products, here and for the gradient, to bfloat16 where
            the processor multiplies such numbers; sums stay float32.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        `(..., units)`.

    Raises:
        ValueError: where the number of features differs.
    """
    x, kernel = floating(as_full_array(x)), as_full_array(kernel)
    if x.ndim < 1 or x.shape[-1] != kernel.shape[0]:
        raise ValueError(
            f"dense expected x with {kernel.shape[0]} features, for a kernel of shape "
            f"{kernel.shape}, got shape {x.shape}."
        )
    rows = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
    if rows.dtype != kernel.dtype:
        common = np.result_type(rows, kernel)
        rows, kernel = rows.astype(common), kernel.astype(common)
    y = gemm(rows, kernel, bias=bias, bfloat16=bfloat16)

    def vjp(dy: Any) -> Any:
        backward = find_kernel("dense_backward", kernel.dtype, bfloat16)
        slopes = dy.reshape(-1, kernel.shape[1])
        dx, d_kernel, d_bias = backward(rows, kernel, slopes, *needs)
        return None if dx is None else dx.reshape(x.shape), d_kernel, d_bias

    return y if x.ndim == 2 else y.reshape(*x.shape[:-1], kernel.shape[1]), vjp


@primitive
def dropout(x: Any, /, rate: float, key: tuple[int, int], noise_shape: Any = None) -> Any:
    """`x` with a random share of its elements set to zero and the others scaled up.

    Args:
        x: any shape.
        rate: the share that becomes zero, from 0 to 1; the others are divided by `1 - rate`.
        key: two 32-bit words; the same key gives the same mask (`SeedGenerator.next()`).
        noise_shape: the mask's shape, which broadcasts against that of `x`; `None` or -1 for a
            size that is that of `x`. All of `x` by default.

    Raises:
        ValueError: for a rate outside 0 to 1.
    """
    x = floating(x)
    if not 0 <= rate <= 1:
        raise ValueError(f"rate expected a number from 0 to 1, got {rate}.")
    if rate == 0:
        return x, lambda dy: dy
    shape = _mask_shape(x.shape, noise_shape)
    if shape == x.shape and rate < 1:
        y, mask = find_kernel("dropout", x.dtype)(*key, x.reshape(-1), rate)
        backward = find_kernel("dropout_gradient", x.dtype)
        return y.reshape(shape), lambda dy: backward(dy.reshape(-1), mask).reshape(shape)
    if rate == 1:
        mask = np.zeros(shape, x.dtype)
    else:
        mask = find_kernel("dropout_mask")(*key, math.prod(shape), rate).reshape(shape)
        mask = mask.astype(x.dtype, copy=False)
    return x * mask, lambda dy: dy * mask


def _mask_shape(shape: tuple[int, ...], noise_shape: Any) -> tuple[int, ...]:
    if noise_shape is None:
        return shape
    if len(noise_shape) != len(shape) or any(
        n not in (None, -1, 1, size) for n, size in zip(noise_shape, shape, strict=True)
    ):
        raise ValueError(
            f"noise_shape expected sizes of 1, None or those of x, {shape}, got {noise_shape}."
        )
    return tuple(s if n in (None, -1) else int(n) for n, s in zip(noise_shape, shape, strict=True))


@primitive
def softmax_cross_entropy(labels: Any, logits: Any, /) -> Any:
    """Minus the logarithm of the probability that softmax gives to the right class.

    Args:
        labels: class numbers, of any shape.
        logits: `(*labels.shape, classes)`.

    Returns:
        One loss for each label.

    Raises:
        ValueError: for shapes that do not fit, or a label outside the classes.
    """
    return softmax_cross_entropy_values(as_full_array(labels), floating(as_full_array(logits)))


def softmax_cross_entropy_values(labels: np.ndarray, logits: np.ndarray) -> Any:
    """The losses of arrays, and the function that carries their gradient back."""
    if logits.ndim < 1 or labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"labels expected the shape of logits without the axis of the classes, "
            f"{logits.shape[:-1]}, got {labels.shape}."
        )
    classes = logits.shape[-1]
    flat = np.ascontiguousarray(labels.reshape(-1), np.int32)
    check_range(flat, classes, "softmax_cross_entropy", "label")
    rows = np.ascontiguousarray(logits.reshape(-1, classes))
    losses, *_, probabilities = find_kernel("softmax_crossentropy", rows.dtype)(rows, flat, 0.0)

    def vjp(dy: Any) -> Any:
        slopes = np.ascontiguousarray(dy.reshape(-1))
        backward = find_kernel("softmax_crossentropy_gradient", rows.dtype)
        return None, backward(probabilities, flat, slopes, 0.0).reshape(logits.shape)

    return losses.reshape(labels.shape), vjp


@primitive
def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    /,
    axis: Any = -1,
    epsilon: float | None = None,
    *,
    needs: Any = (),
) -> Any:
    """`x` with mean 0 and variance 1 along `axis`, times `gamma`, plus `beta`.

    Args:
        x: any shape.
        gamma: factors, of the sizes of the normalised axes, or `None`.
        beta: offsets, alike.
        axis: the axis or axes that are normalised.
        epsilon: added to the variance, `config.epsilon()` by default.
        needs: which tensors need a gradient; given by the tape.

    Reference: Ba, Kiros and Hinton, "Layer Normalization" (2016).
    """
    x = floating(as_full_array(x))
    epsilon = default_epsilon() if epsilon is None else epsilon
    axes = positive_axes(axis, x.ndim)
    others = tuple(a for a in range(x.ndim) if a not in axes)
    shape = [n if a in axes else 1 for a, n in enumerate(x.shape)]
    scale = None if gamma is None else as_full_array(gamma).reshape(shape)
    count = math.prod(x.shape[a] for a in axes)

    def mean(values: np.ndarray) -> Any:  # that of NumPy takes as long as all the rest
        return np.add.reduce(values, axis=axes, keepdims=True) / x.dtype.type(count)

    centred = x - mean(x)
    variance = mean(centred * centred)
    inverse = (1 / np.sqrt(variance + epsilon)).astype(x.dtype, copy=False)
    normal = centred * inverse
    y = normal if scale is None else normal * scale
    if beta is not None:
        y = y + as_full_array(beta).reshape(shape)

    def vjp(dy: Any) -> Any:
        dx = dgamma = dbeta = None
        if needs[0]:
            slope = dy if scale is None else dy * scale
            dx = slope - mean(slope)
            dx -= normal * mean(slope * normal)
            dx *= inverse
        if needs[1]:
            dgamma = np.add.reduce(dy * normal, axis=others).reshape(gamma.shape)
        if needs[2]:
            dbeta = np.add.reduce(dy, axis=others).reshape(beta.shape)
        return dx, dgamma, dbeta

    return y, vjp
