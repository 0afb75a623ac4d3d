"""Reductions that leave NaN out."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.ops import reductions
from leftfold.ops.arithmetic import divide, subtract
from leftfold.ops.axes import as_axes
from leftfold.ops.comparison import isnan
from leftfold.ops.creation import cast
from leftfold.ops.dtypes import floating
from leftfold.ops.elementwise import sqrt, square
from leftfold.ops.indexing import where


def _filled(x: Any, value: float) -> Any:
    return where(isnan(x), value, x)


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum along `axis`, NaN left out."""
    return reductions.sum(_filled(x, 0.0), axis, keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product along `axis`, NaN left out."""
    return reductions.prod(_filled(x, 1.0), axis, keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sum of all up to each element, NaN left out."""
    return reductions.cumsum(_filled(x, 0.0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The product of all up to each element, NaN left out."""
    return reductions.cumprod(_filled(x, 1.0), axis, dtype)


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean along `axis` of what is not NaN; NaN where there is nothing."""
    total = nansum(x, axis, keepdims)
    count = reductions.sum(cast(~isnan(x), total.dtype), axis, keepdims)
    return divide(total, count)


def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean along `axis` of what is not NaN."""
    return nanmean(square(subtract(x, nanmean(x, axis, keepdims=True))), axis, keepdims)


def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The standard deviation along `axis` of what is not NaN."""
    return sqrt(nanvar(x, axis, keepdims))


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element along `axis` that is not NaN; NaN where there is nothing else."""
    return _extreme(x, axis, keepdims, reductions.max, -np.inf)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element along `axis` that is not NaN; NaN where there is nothing else."""
    return _extreme(x, axis, keepdims, reductions.min, np.inf)


def _extreme(x: Any, axis: Any, keepdims: bool, choose: Any, least: float) -> Any:
    nothing = reductions.min(cast(isnan(x), "int32"), axis, keepdims)
    return where(nothing > 0, np.nan, choose(_filled(x, least), axis, keepdims))


@primitive
def nanargmax(x: Any, /, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the largest element along `axis` is that is not NaN; -1 where there is nothing else."""
    return _place(x, axis, keepdims, np.argmax, -np.inf), None


@primitive
def nanargmin(x: Any, /, axis: int | None = None, keepdims: bool = False) -> Any:
    """Where the smallest element along `axis` is that is not NaN; -1 where there is none."""
    return _place(x, axis, keepdims, np.argmin, np.inf), None


def _place(x: np.ndarray, axis: Any, keepdims: bool, choose: Any, least: float) -> np.ndarray:
    missing = np.isnan(x)
    place = choose(np.where(missing, least, x), axis=axis, keepdims=keepdims)
    return np.where(missing.all(axis=axis, keepdims=keepdims), -1, place).astype(np.int32)


@primitive
def nanquantile(
    x: Any, /, q: Any, axis: Any = None, method: Any = "linear", keepdims: bool = False
) -> Any:
    """`quantile` of what is not NaN. Has no gradient."""
    x = floating(x)
    shares = np.asarray(q, x.dtype)
    return np.nanquantile(x, shares, axis=as_axes(axis), method=method, keepdims=keepdims), None


def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: Any = "linear", keepdims: bool = False
) -> Any:
    """`percentile` of what is not NaN. Has no gradient."""
    return nanquantile(x, np.asarray(q) / 100, axis, method, keepdims)


def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle along `axis` of what is not NaN. Has no gradient."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)
