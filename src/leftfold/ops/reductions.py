"""Reductions along axes, and running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.ops.axes import as_axes, positive_axes, reduced_size, restore_axes, spread
from leftfold.ops.dtypes import floating

_total: Any = np.add.reduce
_product: Any = np.multiply.reduce
"""`np.sum` and `np.prod` without their detour; NumPy's stubs do not know all they take."""


def _sum_dtype(x: np.ndarray) -> Any:
    """The type of a sum: that of `x`, but int32 where `x` is smaller than that."""
    return np.int32 if x.dtype.kind in "biu" and x.dtype.itemsize < 4 else x.dtype


@primitive
def sum(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum along `axis`.

    Args:
        x: any shape.
        axis: an axis, several, or `None` for all.
        keepdims: whether reduced axes stay, with size 1.

    Returns:
        `x` without the reduced axes.

    Example:
        >>> from leftfold import ops
        >>> ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
        [3.0, 7.0]
    """
    axis = as_axes(axis)
    y = _total(x, axis=axis, dtype=_sum_dtype(x), keepdims=keepdims)
    return y, lambda dy: spread(dy, x.shape, axis, keepdims)


@primitive
def mean(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """The arithmetic mean along `axis`."""
    axis, x = as_axes(axis), floating(x)
    count = reduced_size(x.shape, axis)
    y = np.true_divide(_total(x, axis=axis, keepdims=keepdims), count, dtype=x.dtype)
    return y, lambda dy: spread(dy / count, x.shape, axis, keepdims)


@primitive
def var(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean, along `axis`."""
    axis, x = as_axes(axis), floating(x)
    deviation = x - np.mean(x, axis=axis, keepdims=True)
    scale = 2 / reduced_size(x.shape, axis)

    def vjp(dy: Any) -> Any:
        return restore_axes(dy * scale, x.shape, axis, keepdims).astype(x.dtype) * deviation

    return np.mean(deviation * deviation, axis=axis, keepdims=keepdims), vjp


@primitive
def std(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """The root of the mean squared distance from the mean; its gradient at zero is taken as 0."""
    axis, x = as_axes(axis), floating(x)
    deviation = x - np.mean(x, axis=axis, keepdims=True)
    y = np.sqrt(np.mean(deviation * deviation, axis=axis, keepdims=keepdims))
    count = reduced_size(x.shape, axis)

    def vjp(dy: Any) -> Any:
        slope = np.where(y > 0, dy / (np.where(y > 0, y, 1) * count), 0).astype(x.dtype)
        return restore_axes(slope, x.shape, axis, keepdims) * deviation

    return y, vjp


@primitive
def max(x: Any, /, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The largest element along `axis`; equal ones share the gradient."""
    return _extreme(np.maximum, x, as_axes(axis), keepdims, initial)


@primitive
def min(x: Any, /, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The smallest element along `axis`; equal ones share the gradient."""
    return _extreme(np.minimum, x, as_axes(axis), keepdims, initial)


@primitive
def amax(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """`max` under its longer name."""
    return _extreme(np.maximum, x, as_axes(axis), keepdims, None)


@primitive
def amin(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """`min` under its longer name."""
    return _extreme(np.minimum, x, as_axes(axis), keepdims, None)


def _extreme(choose: Any, x: Any, axis: Any, keepdims: bool, initial: Any) -> Any:
    limits = {} if initial is None else {"initial": initial}
    y = choose.reduce(x, axis=axis, keepdims=keepdims, **limits)

    def vjp(dy: Any) -> Any:
        chosen = x == restore_axes(y, x.shape, axis, keepdims)
        count = _total(chosen, axis=axis, keepdims=True)
        share = restore_axes(dy, x.shape, axis, keepdims) / np.maximum(count, 1)
        return (chosen * share).astype(x.dtype)

    return y, vjp


@primitive
def prod(x: Any, /, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product along `axis`."""
    axis = as_axes(axis)
    y = _product(x, axis=axis, dtype=dtype or _sum_dtype(x), keepdims=keepdims)

    def vjp(dy: Any) -> Any:
        others = _products_of_others(x, positive_axes(axis, x.ndim))
        return restore_axes(dy, x.shape, axis, keepdims) * others

    return y, vjp


def _products_of_others(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """For each element the product of all others along `axes`, correct also beside zeros."""
    last = tuple(range(x.ndim - len(axes), x.ndim))
    moved = np.moveaxis(x, axes, last)
    flat = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
    before, after = np.ones_like(flat), np.ones_like(flat)
    np.cumprod(flat[..., :-1], axis=-1, out=before[..., 1:])
    np.cumprod(flat[..., :0:-1], axis=-1, out=after[..., -2::-1])
    return np.moveaxis((before * after).reshape(moved.shape), last, axes)


@primitive
def cumsum(x: Any, /, axis: int | None = None, dtype: Any = None) -> Any:
    """The running sum along `axis` (over the flattened tensor for `None`)."""
    flat = x.reshape(-1) if axis is None else x
    along = -1 if axis is None else axis

    def vjp(dy: Any) -> Any:
        running = np.flip(np.cumsum(np.flip(dy, along), axis=along), along)
        return running.astype(x.dtype, copy=False).reshape(x.shape)

    return np.cumsum(flat, axis=along, dtype=dtype or _sum_dtype(x)), vjp


@primitive
def cumprod(x: Any, /, axis: int | None = None, dtype: Any = None) -> Any:
    """The running product along `axis` (over the flattened tensor for `None`)."""
    flat = x.reshape(-1) if axis is None else x
    along = -1 if axis is None else axis
    y = np.cumprod(flat, axis=along, dtype=dtype or _sum_dtype(x))

    def vjp(dy: Any) -> Any:
        factors, slopes = np.moveaxis(flat, along, 0), np.moveaxis(dy, along, 0)
        before = np.concatenate([np.ones_like(factors[:1]), np.moveaxis(y, along, 0)[:-1]])
        later = np.empty_like(before)
        running = np.zeros_like(before[0])
        for i in range(len(factors) - 1, -1, -1):
            following = factors[i + 1] if i + 1 < len(factors) else 0
            running = slopes[i] + following * running
            later[i] = running
        return np.moveaxis(before * later, 0, along).astype(x.dtype).reshape(x.shape)

    return y, vjp


@primitive
def diff(a: Any, /, n: int = 1, axis: int = -1) -> Any:
    """The difference of each element and the one before it along `axis`, taken `n` times."""
    along = axis % a.ndim
    edges = [(1, 1) if i == along else (0, 0) for i in range(a.ndim)]

    def vjp(dy: Any) -> Any:
        for _ in range(n):
            dy = -np.diff(np.pad(dy, edges), axis=along)
        return dy

    return np.diff(a, n, along), vjp


@primitive
def logsumexp(x: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """`log(sum(exp(x)))` along `axis`, without overflow."""
    axis, x = as_axes(axis), floating(x)
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    shares = np.exp(x - top)
    total = np.sum(shares, axis=axis, keepdims=True)
    shares /= total
    y = np.log(total) + top
    if not keepdims:
        y = np.squeeze(y, axis=axis)
    return y, lambda dy: restore_axes(dy, x.shape, axis, keepdims) * shares


@primitive
def count_nonzero(x: Any, /, axis: Any = None) -> Any:
    """How many elements along `axis` are not zero."""
    return np.asarray(np.count_nonzero(x, axis=as_axes(axis)), np.int32), None


@primitive
def argmax(x: Any, /, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the largest element along `axis` is; the first one of equals."""
    return np.asarray(np.argmax(x, axis=axis, keepdims=keepdims), np.int32), None


@primitive
def argmin(x: Any, /, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the smallest element along `axis` is; the first one of equals."""
    return np.asarray(np.argmin(x, axis=axis, keepdims=keepdims), np.int32), None


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean along `axis`, weighted by `weights`.

    Args:
        x: any shape.
        axis: an axis, several, or `None` for all.
        weights: of the shape of `x`, or one weight for each position along a single `axis`.
    """
    from leftfold.ops.arithmetic import divide, multiply
    from leftfold.ops.shape import broadcast_to, reshape

    if weights is None:
        return mean(x, axis)
    shape, weights_shape = np.shape(x), np.shape(weights)
    if weights_shape != shape:
        if not isinstance(axis, int) or weights_shape != (shape[axis],):
            raise ValueError(
                f"weights expected shape {shape} or one weight for each position of a single "
                f"axis, got shape {weights_shape} and axis={axis}."
            )
        along = [1] * len(shape)
        along[axis] = -1
        weights = broadcast_to(reshape(weights, along), shape)
    return divide(sum(multiply(x, weights), axis), sum(weights, axis))


def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element along `axis`, or the mean of the two middle ones."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


@primitive
def quantile(
    x: Any, /, q: Any, axis: Any = None, method: Any = "linear", keepdims: bool = False
) -> Any:
    """The value below which the share `q` (from 0 to 1) of the elements along `axis` lies.

    Several shares give a first axis with a place for each. Has no gradient.
    """
    x = floating(x)
    shares = np.asarray(q, x.dtype)
    return np.quantile(x, shares, axis=as_axes(axis), method=method, keepdims=keepdims), None
