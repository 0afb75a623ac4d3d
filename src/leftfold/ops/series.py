"""Functions for series of numbers: window functions, bins, areas, correlations."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.ops import reductions
from leftfold.ops.arithmetic import divide, multiply, subtract
from leftfold.ops.dtypes import dtype_name, floating
from leftfold.ops.elementwise import sqrt
from leftfold.ops.indexing import get_item
from leftfold.ops.linalg import matmul
from leftfold.ops.shape import moveaxis, transpose


def _window(values: np.ndarray) -> Tensor:
    return Tensor(values.astype(config.floatx()))


def bartlett(x: int) -> Tensor:
    """A triangle of `x` numbers from 0 up to 1 and back."""
    return _window(np.bartlett(int(x)))


def blackman(x: int) -> Tensor:
    """Blackman's window of `x` numbers."""
    return _window(np.blackman(int(x)))


def hamming(x: int) -> Tensor:
    """Hamming's window of `x` numbers."""
    return _window(np.hamming(int(x)))


def hanning(x: int) -> Tensor:
    """Hann's window of `x` numbers."""
    return _window(np.hanning(int(x)))


def kaiser(x: int, beta: float) -> Tensor:
    """Kaiser's window of `x` numbers, the narrower the larger `beta`."""
    return _window(np.kaiser(int(x), float(beta)))


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Tensor:
    """`num` numbers from `start` to `stop`, each the same multiple of the one before."""
    values = np.geomspace(as_full_array(start), as_full_array(stop), num, endpoint, axis=axis)
    return Tensor(values.astype(dtype_name(dtype or config.floatx())))


def percentile(
    x: Any, q: Any, axis: Any = None, method: Any = "linear", keepdims: bool = False
) -> Any:
    """The value below which `q` per cent of the elements along `axis` lie. Has no gradient."""
    return reductions.quantile(x, np.asarray(q) / 100, axis, method, keepdims)


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element along `axis` minus the smallest."""
    return subtract(reductions.max(x, axis, keepdims), reductions.min(x, axis, keepdims))


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The area below a line through points.

    Args:
        y: the heights, along `axis`.
        x: the places, shaped as `y` or `(n,)`; `dx` apart by default.
        dx: how far apart the points are.
        axis: along which they lie.
    """
    heights = moveaxis(y, axis, -1)
    means = (get_item(heights, np.s_[..., 1:]) + get_item(heights, np.s_[..., :-1])) * 0.5
    if x is None:
        return reductions.sum(means, axis=-1) * dx
    places = x if len(np.shape(x)) == 1 else moveaxis(x, axis, -1)
    return reductions.sum(multiply(means, reductions.diff(places)), axis=-1)


def corrcoef(x: Any) -> Any:
    """The correlation coefficients of the rows of `x` with each other, `(rows, rows)`."""
    apart = subtract(x, reductions.mean(x, axis=-1, keepdims=True))
    products = matmul(apart, transpose(apart))
    length = sqrt(reductions.sum(multiply(apart, apart), axis=-1, keepdims=True))
    return divide(divide(products, length), transpose(length))


@primitive
def digitize(x: Any, bins: Any, /) -> Any:
    """Between which of the rising `bins` each element lies: 0 below the first one."""
    return np.digitize(as_full_array(x), as_full_array(bins)).astype(np.int32), None


def histogram(x: Any, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """How many elements fall into each of equally wide bins, and the bins' edges."""
    values = floating(as_full_array(x))
    counts, edges = np.histogram(values, bins, range)
    return Tensor(counts.astype(np.int32)), Tensor(edges.astype(values.dtype))
