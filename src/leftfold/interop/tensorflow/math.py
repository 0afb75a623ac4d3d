"""`tf.math`, whose names `tf` has as well, over `leftfold.ops`."""

# ruff: noqa: F401
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leftfold import ops
from leftfold.ops import (
    abs,
    add,
    argmax,
    argmin,
    ceil,
    clip,
    cos,
    cosh,
    count_nonzero,
    cumprod,
    cumsum,
    divide,
    divide_no_nan,
    einsum,
    equal,
    erf,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    in_top_k,
    less,
    less_equal,
    log,
    log1p,
    log_sigmoid,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    norm,
    not_equal,
    reciprocal,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    softsign,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    tensordot,
    top_k,
)
from leftfold.ops import arccos as acos
from leftfold.ops import arcsin as asin
from leftfold.ops import arctan as atan
from leftfold.ops import arctan2 as atan2
from leftfold.ops import isfinite as is_finite
from leftfold.ops import isinf as is_inf
from leftfold.ops import isnan as is_nan
from leftfold.ops import mod as floormod
from leftfold.ops import power as pow

__all__ = [
    *("abs", "acos", "add", "argmax", "argmin", "asin", "atan", "ceil", "cos", "cosh"),
    *("cumprod", "cumsum", "divide", "divide_no_nan", "einsum", "equal", "erf", "exp", "expm1"),
    *("floor", "greater", "greater_equal", "in_top_k", "less", "less_equal", "log", "log1p"),
    *("log_sigmoid", "logical_and", "logical_not", "logical_or", "logical_xor"),
    *("maximum", "minimum", "mod", "multiply", "negative", "norm", "not_equal", "pow"),
    *("reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "softplus", "softsign"),
    *("sqrt", "square", "subtract", "tan", "tanh", "tensordot", "top_k"),
    *("add_n", "clip_by_global_norm", "clip_by_norm", "clip_by_value", "confusion_matrix"),
    *("l2_normalize", "reduce_all", "reduce_any", "reduce_logsumexp", "reduce_max", "reduce_mean"),
    *("reduce_min", "reduce_prod", "reduce_std", "reduce_sum", "reduce_variance"),
    *("atan2", "count_nonzero", "floormod", "is_finite", "is_inf", "is_nan", "segment_sum"),
    *("squared_difference", "unsorted_segment_sum"),
]


def _reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(
        input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
    ) -> Any:
        return function(input_tensor, axis=axis, keepdims=keepdims)

    reduce.__doc__ = f"`leftfold.ops.{function.__name__}`, with TensorFlow's arguments."
    return reduce


reduce_all = _reduction(ops.all)
reduce_any = _reduction(ops.any)
reduce_logsumexp = _reduction(ops.logsumexp)
reduce_max = _reduction(ops.max)
reduce_mean = _reduction(ops.mean)
reduce_min = _reduction(ops.min)
reduce_prod = _reduction(ops.prod)
reduce_std = _reduction(ops.std)
reduce_sum = _reduction(ops.sum)
reduce_variance = _reduction(ops.var)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Any:
    """`(x - y)**2`."""
    return ops.square(ops.subtract(x, y))


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """The sums of neighbouring rows that share a number."""
    return ops.segment_sum(data, segment_ids)


def unsorted_segment_sum(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Any:
    """The sums of rows that share a number."""
    return ops.segment_sum(data, segment_ids, int(num_segments))


def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of several tensors."""
    total = inputs[0]
    for tensor in inputs[1:]:
        total = total + tensor
    return total


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: Any = None) -> Any:
    """`t`, no smaller and no larger than the two."""
    return ops.clip(t, clip_value_min, clip_value_max)


def clip_by_norm(t: Any, clip_norm: float, axes: Any = None, name: str | None = None) -> Any:
    """`t`, scaled down where its norm is above `clip_norm`."""
    size = ops.sqrt(ops.sum(ops.square(t), axis=axes, keepdims=True))
    return t * (clip_norm / ops.maximum(size, clip_norm))


def clip_by_global_norm(t_list: Any, clip_norm: float, use_norm: Any = None) -> Any:
    """All tensors, scaled down together where their common norm is above `clip_norm`.

    Returns:
        The tensors, and the norm before.
    """
    given = [t for t in t_list if t is not None]
    total = use_norm
    if total is None:
        total = ops.sqrt(add_n([ops.sum(ops.square(t)) for t in given]))
    factor = clip_norm / ops.maximum(total, clip_norm)
    return [None if t is None else t * factor for t in t_list], total


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: Any = None) -> Any:
    """`x` divided by its norm along `axis`."""
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squares, epsilon))


def confusion_matrix(labels: Any, predictions: Any, num_classes: int | None = None) -> Any:
    """How often each class (rows) was taken for each (columns)."""
    import numpy as np

    actual = np.asarray(labels).astype(np.int64).ravel()
    predicted = np.asarray(predictions).astype(np.int64).ravel()
    classes = num_classes or int(max(actual.max(initial=-1), predicted.max(initial=-1))) + 1
    counts = np.bincount(actual * classes + predicted, minlength=classes * classes)
    return ops.convert_to_tensor(counts.reshape(classes, classes).astype(np.int32))
