"""Activation functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold.engine.kernels import kernel
from leftfold.engine.primitive import primitive
from leftfold.ops.axes import positive_axes
from leftfold.ops.dtypes import floating
from leftfold.ops.elementwise import erf_values

_LARGEST_EXPONENT = {
    np.dtype(np.float16): 11.0,
    np.dtype(np.float32): 88.0,
    np.dtype(np.float64): 709.0,
}
"""The largest whole number whose exponential is finite."""


def sigmoid_values(x: np.ndarray) -> np.ndarray:
    """`1 / (1 + exp(-x))` in one new array, without overflow."""
    y = np.maximum(x, -_LARGEST_EXPONENT[x.dtype], out=np.empty_like(x))
    np.negative(y, out=y)
    np.exp(y, out=y)
    y += 1
    return np.reciprocal(y, out=y)


def softplus_values(x: np.ndarray) -> np.ndarray:
    """`log(1 + exp(x))` without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@primitive
def relu(x: Any, /) -> Any:
    """`max(x, 0)`; the gradient at zero is 0."""
    y = np.maximum(x, 0)
    return y, lambda dy: dy * (y > 0)


@primitive
def relu6(x: Any, /) -> Any:
    """`min(max(x, 0), 6)`."""
    y = np.minimum(np.maximum(floating(x), 0), 6)
    return y, lambda dy: dy * ((y > 0) & (y < 6))


@primitive
def leaky_relu(x: Any, /, negative_slope: float = 0.2) -> Any:
    """`x` where it is positive, else `negative_slope * x`."""
    x = floating(x)
    slope = np.where(x > 0, 1, negative_slope).astype(x.dtype)
    return x * slope, lambda dy: dy * slope


@primitive
def elu(x: Any, /, alpha: float = 1.0) -> Any:
    """`x` where it is positive, else `alpha * (exp(x) - 1)` (Clevert et al. 2015)."""
    return _elu(floating(x), alpha, 1.0, 1.0)


@primitive
def celu(x: Any, /, alpha: float = 1.0) -> Any:
    """`x` where it is positive, else `alpha * (exp(x / alpha) - 1)` (Barron 2017)."""
    return _elu(floating(x), alpha, 1.0, alpha)


@primitive
def selu(x: Any, /) -> Any:
    """`elu` scaled so that mean 0 and variance 1 are kept (Klambauer et al. 2017)."""
    return _elu(floating(x), 1.6732632423543772, 1.0507009873554805, 1.0)


def _elu(x: np.ndarray, alpha: float, scale: float, width: float) -> Any:
    """`scale * x` above zero, `scale * alpha * (exp(x / width) - 1)` below."""
    below = np.expm1(np.minimum(x, 0) / width)
    y = scale * np.where(x > 0, x, alpha * below)
    slope = scale * np.where(x > 0, 1, (alpha / width) * (below + 1))
    return y, lambda dy: dy * slope.astype(x.dtype, copy=False)


@primitive
def sigmoid(x: Any, /) -> Any:
    """`1 / (1 + exp(-x))`."""
    y = sigmoid_values(floating(x))
    return y, lambda dy: dy * y * (1 - y)


@primitive
def log_sigmoid(x: Any, /) -> Any:
    """`log(sigmoid(x))`, exact where that is far below zero."""
    x = floating(x)
    return -softplus_values(-x), lambda dy: dy * sigmoid_values(-x)


@primitive
def hard_sigmoid(x: Any, /) -> Any:
    """`x / 6 + 1 / 2`, cut off at 0 and 1."""
    x = floating(x)
    return _hard_sigmoid(x), lambda dy: dy * ((np.abs(x) < 3) / 6).astype(x.dtype)


def _hard_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.clip(x / 6 + 0.5, 0, 1)


@primitive
def silu(x: Any, /) -> Any:
    """`x * sigmoid(x)`, also known as swish."""
    x = floating(x)
    gate = sigmoid_values(x)
    y = x * gate
    return y, lambda dy: dy * (gate + y * (1 - gate))


@primitive
def hard_silu(x: Any, /) -> Any:
    """`x * hard_sigmoid(x)`."""
    x = floating(x)
    gate = _hard_sigmoid(x)
    return x * gate, lambda dy: dy * (gate + x * (np.abs(x) < 3) / 6).astype(x.dtype)


@primitive
def gelu(x: Any, /, approximate: bool = True) -> Any:
    """`x` times the probability that a standard normal number is below `x`.

    Args:
        x: any shape.
        approximate: whether by the tanh formula (Hendrycks and Gimpel 2016) or exactly.
    """
    x = floating(x)
    if approximate:
        scale = math.sqrt(2 / math.pi)
        bent = np.tanh(scale * (x + 0.044715 * x**3))
        share = 0.5 * (1 + bent)
        density = 0.5 * (1 - bent * bent) * scale * (1 + 3 * 0.044715 * x * x)
    else:
        share = 0.5 * (1 + erf_values(x / math.sqrt(2)))
        density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return x * share, lambda dy: dy * (share + x * density)


@primitive
def softplus(x: Any, /) -> Any:
    """`log(1 + exp(x))`."""
    x = floating(x)
    return softplus_values(x), lambda dy: dy * sigmoid_values(x)


@primitive
def softsign(x: Any, /) -> Any:
    """`x / (1 + |x|)`."""
    x = floating(x)
    below = 1 + np.abs(x)
    return x / below, lambda dy: dy / (below * below)


@primitive
def softmax(x: Any, /, axis: Any = -1) -> Any:
    """Positive numbers along `axis` that sum to 1: `exp(x) / sum(exp(x))`.

    Args:
        x: any shape.
        axis: an axis, or several over which to sum.
    """
    x = floating(x)
    axes = positive_axes(axis, x.ndim)
    last = tuple(range(x.ndim - len(axes), x.ndim))

    def as_rows(array: np.ndarray) -> np.ndarray:
        moved = array if axes == last else np.moveaxis(array, axes, last)
        return np.ascontiguousarray(moved).reshape(-1, classes)

    def from_rows(rows: np.ndarray) -> np.ndarray:
        if axes == last:
            return rows.reshape(x.shape)
        others = [n for a, n in enumerate(x.shape) if a not in axes]
        return np.moveaxis(rows.reshape(*others, *(x.shape[a] for a in axes)), last, axes)

    classes = math.prod([x.shape[a] for a in axes])
    if classes == 0:
        raise ValueError(f"softmax expected at least one element along axis {axis}, got {x.shape}.")
    probabilities = kernel("softmax", x.dtype)(as_rows(x))
    gradient = kernel("softmax_gradient", x.dtype)
    return from_rows(probabilities), lambda dy: from_rows(gradient(probabilities, as_rows(dy)))


def log_softmax_values(x: np.ndarray, axis: Any = -1) -> np.ndarray:
    """`log(softmax(x))` without overflow and without the logarithm of 0."""
    y = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    y -= np.log(np.add.reduce(np.exp(y), axis=axis, keepdims=True))
    return y


@primitive
def log_softmax(x: Any, /, axis: Any = -1) -> Any:
    """`log(softmax(x))`, exact where that is far below zero."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    y = log_softmax_values(floating(x), axis)
    return y, lambda dy: dy - np.exp(y) * np.add.reduce(dy, axis=axis, keepdims=True)


@primitive
def sparsemax(x: Any, /, axis: int = -1) -> Any:
    """The nearest point of the probability simplex (Martins and Astudillo 2016)."""
    rows = np.moveaxis(floating(x), axis, -1)
    descending = -np.sort(-rows, axis=-1)
    sums = np.cumsum(descending, axis=-1)
    ranks = np.arange(1, rows.shape[-1] + 1)
    kept = np.count_nonzero(1 + ranks * descending > sums, axis=-1, keepdims=True)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    y = np.maximum(rows - threshold, 0).astype(rows.dtype)

    def vjp(dy: Any) -> Any:
        slopes, support = np.moveaxis(dy, axis, -1), y > 0
        share = np.sum(slopes * support, axis=-1, keepdims=True) / kept
        return np.moveaxis(support * (slopes - share), -1, axis).astype(dy.dtype)

    return np.moveaxis(y, -1, axis), vjp


@primitive
def glu(x: Any, /, axis: int = -1) -> Any:
    """The first half along `axis` times the sigmoid of the second (Dauphin et al. 2016)."""
    x = floating(x)
    if x.shape[axis] % 2:
        raise ValueError(f"glu expected an even size along axis {axis}, got shape {x.shape}.")
    value, gate = np.split(x, 2, axis)
    share = sigmoid_values(gate)

    def vjp(dy: Any) -> Any:
        return np.concatenate([dy * share, dy * value * share * (1 - share)], axis)

    return value * share, vjp


@primitive
def hard_tanh(x: Any, /) -> Any:
    """`x`, cut off at -1 and 1."""
    return np.clip(x, -1, 1), lambda dy: dy * (np.abs(x) < 1)


@primitive
def tanh_shrink(x: Any, /) -> Any:
    """`x - tanh(x)`."""
    x = floating(x)
    bent = np.tanh(x)
    return x - bent, lambda dy: dy * bent * bent


@primitive
def soft_shrink(x: Any, /, threshold: float = 0.5) -> Any:
    """`x` brought nearer to zero by `threshold`, and zero if it was nearer than that."""
    distance = np.maximum(np.abs(x) - threshold, 0)
    return np.sign(x) * distance, lambda dy: dy * (distance > 0)


@primitive
def hard_shrink(x: Any, /, threshold: float = 0.5) -> Any:
    """`x`, and zero where it is not farther from zero than `threshold`."""
    kept = np.abs(x) > threshold
    return x * kept, lambda dy: dy * kept


@primitive
def threshold(x: Any, /, threshold: float, default_value: float) -> Any:
    """`x` where it is above `threshold`, else `default_value`."""
    kept = x > threshold
    return np.where(kept, x, default_value).astype(x.dtype), lambda dy: dy * kept


@primitive
def squareplus(x: Any, /, b: float = 4) -> Any:
    """`(x + sqrt(x * x + b)) / 2` (Barron 2021)."""
    x = floating(x)
    root = np.sqrt(x * x + b)
    return (x + root) / 2, lambda dy: dy * (1 + x / root) / 2


@primitive
def sparse_plus(x: Any, /) -> Any:
    """0 up to -1, `x` from 1 on, and `(x + 1) ** 2 / 4` between."""
    inner = np.clip(x, -1, 1)
    return np.where(x > 1, x, (inner + 1) ** 2 / 4), lambda dy: dy * (inner + 1) / 2


@primitive
def sparse_sigmoid(x: Any, /) -> Any:
    """`(x + 1) / 2`, cut off at 0 and 1."""
    x = floating(x)
    return np.clip((x + 1) / 2, 0, 1), lambda dy: dy * ((np.abs(x) < 1) / 2).astype(x.dtype)


swish = silu
hard_swish = hard_silu
