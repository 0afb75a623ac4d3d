"""Making tensors, changing their type, and looking at them."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.engine.symbolic import KerasTensor, leaves
from leftfold.engine.tensor import Tensor, as_array, as_full_array
from leftfold.ops.dtypes import dtype_name
from leftfold.ops.shape import broadcast_to, reshape, stack


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """`x` as a tensor.

    Args:
        x: an array, a number, nested lists of numbers, a list of tensors, or a tensor.
        dtype: the element type; that of `x` by default (the default float type for Python
            floats, int32 for Python integers).
        sparse: accepted for Keras; tensors are dense.
        ragged: accepted for Keras; tensors are rectangular.

    Example:
        >>> from leftfold import ops
        >>> ops.convert_to_tensor([1.0, 2.0]).dtype
        'float32'
    """
    if isinstance(x, list | tuple) and builtins.any(
        isinstance(item, Tensor | KerasTensor) for item in leaves(x)
    ):
        x = stack([convert_to_tensor(item) for item in x])
    if isinstance(x, Tensor | KerasTensor):
        return x if dtype is None or dtype_name(dtype) == x.dtype else cast(x, dtype)
    array = as_full_array(x)
    if array is None or array.dtype.kind not in "biufc":
        raise ValueError(f"x expected numbers in the form of a tensor, got {x!r}.")
    if dtype is None:
        return Tensor(array)
    return Tensor(np.asarray(x if isinstance(x, list | tuple) else array, dtype_name(dtype)))


def convert_to_numpy(x: Any) -> np.ndarray:
    """`x` as a NumPy array."""
    return np.array(as_full_array(x))


def array(x: Any, dtype: Any = None) -> Any:
    """`x` as a tensor: `convert_to_tensor` under NumPy's name."""
    return convert_to_tensor(x, dtype)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor (NumPy arrays and symbolic tensors are not)."""
    return isinstance(x, Tensor)


@primitive
def cast(x: Any, /, dtype: Any) -> Any:
    """`x` with another element type."""
    y = x.astype(dtype_name(dtype), copy=False)
    return y, (lambda dy: dy.astype(x.dtype)) if y.dtype.kind == "f" else None


def saturate_cast(x: Any, dtype: Any) -> Any:
    """`cast`, with numbers beyond the limits of an integer type brought to its limits."""
    from leftfold.ops.elementwise import clip

    kind = np.dtype(dtype_name(dtype))
    if kind.kind not in "iu":
        return cast(x, dtype)
    limits = np.iinfo(kind)
    return cast(clip(cast(x, "float64"), limits.min, limits.max), dtype)


@primitive
def copy(x: Any, /) -> Any:
    """The same values in memory of their own."""
    return x.copy(), lambda dy: dy


@primitive
def stop_gradient(variable: Any, /) -> Any:
    """The same values, through which no gradient flows."""
    return variable, None


def shape(x: Any) -> tuple[int | None, ...]:
    """The sizes of `x`, `None` where they are not known yet."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def dtype(x: Any) -> str:
    """The name of the element type."""
    return x.dtype if isinstance(x, Tensor | KerasTensor) else as_full_array(x).dtype.name


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def size(x: Any) -> int | None:
    """The number of elements, `None` where it is not known yet."""
    sizes = shape(x)
    return None if None in sizes else math.prod(sizes)  # type: ignore[arg-type]


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of zeros."""
    return Tensor(np.zeros(shape, dtype_name(dtype)))


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of ones."""
    return Tensor(np.ones(shape, dtype_name(dtype)))


def empty(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor whose values are yet to be set (they are zeros)."""
    return zeros(shape, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """A tensor with `fill_value` everywhere."""
    value = convert_to_tensor(fill_value, dtype_name(dtype))
    return copy(broadcast_to(value, shape))


@primitive
def zeros_like(x: Any, /, dtype: Any = None) -> Any:
    """Zeros in the shape and type of `x`."""
    return np.zeros(x.shape, dtype_name(dtype, x.dtype.name)), None


@primitive
def ones_like(x: Any, /, dtype: Any = None) -> Any:
    """Ones in the shape and type of `x`."""
    return np.ones(x.shape, dtype_name(dtype, x.dtype.name)), None


@primitive
def empty_like(x: Any, /, dtype: Any = None) -> Any:
    """`zeros_like`: values yet to be set."""
    return np.zeros(x.shape, dtype_name(dtype, x.dtype.name)), None


@primitive
def full_like(x: Any, /, fill_value: Any, dtype: Any = None) -> Any:
    """`fill_value` in the shape and type of `x`."""
    value = np.asarray(as_full_array(fill_value), dtype_name(dtype, x.dtype.name))
    return np.broadcast_to(value, x.shape).copy(), None


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """`N` rows and `M` columns of zeros with ones on the `k`-th diagonal."""
    return Tensor(np.eye(N, M, k, dtype_name(dtype)))


def identity(n: int, dtype: Any = None) -> Tensor:
    """The identity matrix of `n` rows."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Ones on and below the `k`-th diagonal, zeros above."""
    return Tensor(np.tri(N, M, k, dtype_name(dtype)))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """The numbers from `start` up to but without `stop`, `step` apart.

    Args:
        start: the first number; the end, if it stands alone (then the first is 0).
        stop: the end.
        step: the distance, 1 by default.
        dtype: int32 if all are integers, else the default float type.
    """
    bounds = (0, start, step) if stop is None else (start, stop, step)
    numbers = [1 if n is None else np.asarray(as_array(n)).item() for n in bounds]
    whole = builtins.all(isinstance(n, int) for n in numbers)
    return Tensor(np.arange(*numbers).astype(dtype_name(dtype, "int32" if whole else None)))


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers in equal steps from `start` to `stop`.

    Args:
        start: the first number, or a tensor of first numbers.
        stop: the last number.
        num: how many.
        endpoint: whether `stop` itself is one of them.
        retstep: whether to return the step as well.
        dtype: the element type, the default float type by default.
        axis: the axis along which the numbers run, if there are several of them.
    """
    start, stop = as_array(start), as_array(stop)
    numbers, step = np.linspace(start, stop, num, endpoint, retstep=True, axis=axis)
    tensor = Tensor(np.asarray(numbers, dtype_name(dtype)))
    return (tensor, step) if retstep else tensor


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """`base` to the power of each number of `linspace`."""
    exponents = linspace(start, stop, num, endpoint, dtype="float64", axis=axis)
    return Tensor(np.power(base, exponents.data).astype(dtype_name(dtype)))


def meshgrid(*x: Any, indexing: str = "xy") -> list[Any]:
    """The coordinates of the grid that vectors span, one tensor of the grid's shape for each."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing expected 'xy' or 'ij', got {indexing!r}.")
    places = list(range(len(x)))
    if indexing == "xy" and len(x) > 1:
        places[:2] = [1, 0]
    sizes = [1] * len(x)
    for vector, place in zip(x, places, strict=True):
        sizes[place] = shape(vector)[0] if ndim(vector) else 1  # type: ignore[assignment]
    grids = []
    for vector, place in zip(x, places, strict=True):
        along = [1] * len(x)
        along[place] = -1
        grids.append(broadcast_to(reshape(vector, along), sizes))
    return grids


@primitive
def tril(x: Any, /, k: int = 0) -> Any:
    """`x` with zeros above the `k`-th diagonal of its last two axes."""
    return np.tril(x, k), lambda dy: np.tril(dy, k)


@primitive
def triu(x: Any, /, k: int = 0) -> Any:
    """`x` with zeros below the `k`-th diagonal of its last two axes."""
    return np.triu(x, k), lambda dy: np.triu(dy, k)


@primitive
def diag(x: Any, /, k: int = 0) -> Any:
    """A matrix with the vector `x` on its `k`-th diagonal, or that diagonal of a matrix `x`."""

    def vjp(dy: Any) -> Any:
        if x.ndim == 1:
            return np.diagonal(dy, k)
        return _on_diagonal(dy, x.shape, k, 0, 1)

    return np.diag(x, k), vjp


@primitive
def diagonal(x: Any, /, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements whose positions along `axis1` and `axis2` differ by `offset`."""
    y = np.diagonal(x, offset, axis1, axis2)
    return y, lambda dy: _on_diagonal(dy, x.shape, offset, axis1, axis2)


def _on_diagonal(dy: Any, shape: Any, offset: int, axis1: int, axis2: int) -> np.ndarray:
    total = np.zeros(shape, dy.dtype)
    last = np.moveaxis(total, (axis1, axis2), (-2, -1))
    place = np.arange(dy.shape[-1])
    last[..., place + builtins.max(-offset, 0), place + builtins.max(offset, 0)] = dy
    return total


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal."""
    from leftfold.ops.reductions import sum

    return sum(diagonal(x, offset, axis1, axis2), axis=-1)
