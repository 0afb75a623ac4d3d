"""`tf.math`, whose names `tf` has as well, over `leftfold.ops`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from leftfold import ops
from leftfold.interop.tensorflow.arguments import translated

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


abs = translated(ops.abs)
acos = translated(ops.arccos)
asin = translated(ops.arcsin)
atan = translated(ops.arctan)
ceil = translated(ops.ceil)
cos = translated(ops.cos)
cosh = translated(ops.cosh)
erf = translated(ops.erf)
exp = translated(ops.exp)
expm1 = translated(ops.expm1)
floor = translated(ops.floor)
is_finite = translated(ops.isfinite)
is_inf = translated(ops.isinf)
is_nan = translated(ops.isnan)
log = translated(ops.log)
log1p = translated(ops.log1p)
log_sigmoid = translated(ops.log_sigmoid)
logical_not = translated(ops.logical_not)
negative = translated(ops.negative)
reciprocal = translated(ops.reciprocal)
round = translated(ops.round)
rsqrt = translated(ops.rsqrt)
sigmoid = translated(ops.sigmoid)
sign = translated(ops.sign)
sin = translated(ops.sin)
sinh = translated(ops.sinh)
softplus = translated(ops.softplus, features="x")
softsign = translated(ops.softsign, features="x")
sqrt = translated(ops.sqrt)
square = translated(ops.square)
tan = translated(ops.tan)
tanh = translated(ops.tanh)

_TWO = {"x": "x1", "y": "x2"}
add = translated(ops.add, **_TWO)
atan2 = translated(ops.arctan2, **_TWO)
divide = translated(ops.divide, **_TWO)
divide_no_nan = translated(ops.divide_no_nan, **_TWO)
equal = translated(ops.equal, **_TWO)
floormod = translated(ops.mod, **_TWO)
greater = translated(ops.greater, **_TWO)
greater_equal = translated(ops.greater_equal, **_TWO)
less = translated(ops.less, **_TWO)
less_equal = translated(ops.less_equal, **_TWO)
logical_and = translated(ops.logical_and, **_TWO)
logical_or = translated(ops.logical_or, **_TWO)
logical_xor = translated(ops.logical_xor, **_TWO)
maximum = translated(ops.maximum, **_TWO)
minimum = translated(ops.minimum, **_TWO)
mod = translated(ops.mod, **_TWO)
multiply = translated(ops.multiply, **_TWO)
not_equal = translated(ops.not_equal, **_TWO)
pow = translated(ops.power, **_TWO)
subtract = translated(ops.subtract, **_TWO)

einsum = translated(ops.einsum)
in_top_k = translated(ops.in_top_k)
tensordot = translated(ops.tensordot, a="x1", b="x2")


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


def _place(function: Callable[..., Any]) -> Callable[..., Any]:
    def find(input: Any, axis: Any = 0, output_type: Any = "int64", name: str | None = None) -> Any:
        return ops.cast(function(input, axis=axis), output_type)

    find.__doc__ = f"`leftfold.ops.{function.__name__}`, along the first axis by default."
    return find


argmax = _place(ops.argmax)
argmin = _place(ops.argmin)


def _running(function: Callable[..., Any], neutral: int) -> Callable[..., Any]:
    def run(
        x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: Any = None
    ) -> Any:
        x = ops.flip(x, axis=axis) if reverse else x
        found = function(x, axis=axis)
        if exclusive:
            before = [(0, 0)] * len(found.shape)
            before[axis] = (1, 0)
            places = ops.arange(found.shape[axis])
            found = ops.take(ops.pad(found, before, "constant", neutral), places, axis=axis)
        return ops.flip(found, axis=axis) if reverse else found

    run.__doc__ = f"`leftfold.ops.{function.__name__}`, along the first axis by default."
    return run


cumsum = _running(ops.cumsum, 0)
cumprod = _running(ops.cumprod, 1)


def count_nonzero(
    input: Any, axis: Any = None, keepdims: bool = False, dtype: Any = "int64", name: Any = None
) -> Any:
    """How many elements are not 0."""
    return ops.sum(ops.cast(ops.not_equal(input, 0), dtype), axis=axis, keepdims=keepdims)


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None, name: Any = None
) -> Any:
    """The norm of vectors or matrices; of all elements together without an axis."""
    kind = None if ord == "euclidean" else ord
    return ops.norm(tensor, ord=kind, axis=axis, keepdims=bool(keepdims))


class TopK(NamedTuple):
    """What `top_k` returns: the largest elements, and where they were."""

    values: Any
    indices: Any


def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> TopK:
    """The `k` largest elements along the last axis."""
    return TopK(*ops.top_k(input, int(k), sorted))


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
