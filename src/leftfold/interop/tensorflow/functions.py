"""Functions of `tf` that `leftfold.ops` has under other names or with other arguments."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import Tensor


class TensorShape(tuple[Any, ...]):
    """A shape: a tuple, with TensorFlow's methods."""

    @property
    def rank(self) -> int:
        return len(self)

    def as_list(self) -> list[Any]:
        """The sizes as a list."""
        return list(self)


def _get_shape(tensor: Tensor) -> TensorShape:
    """The shape, as TensorFlow's method gives it."""
    return TensorShape(tensor.shape)


def _set_shape(tensor: Tensor, shape: Any) -> None:
    """Check that a tensor has this shape; `None` stands for any size."""
    fits = len(shape) == tensor.ndim and all(
        wanted in (None, size) for wanted, size in zip(shape, tensor.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"set_shape expected a tensor of {tuple(shape)}, got {tensor.shape}.")


Tensor.get_shape = _get_shape  # type: ignore[attr-defined]
Tensor.set_shape = _set_shape  # type: ignore[attr-defined]


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor with these values."""
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    return ops.broadcast_to(tensor, shape) if tensor.size == 1 else ops.reshape(tensor, shape)


def convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """`value` as a tensor; texts become an array of texts."""
    array = value if isinstance(value, Tensor) else np.asarray(value)
    if isinstance(array, np.ndarray) and array.dtype.kind in "SU":
        return Tensor(array.astype(object))
    return ops.convert_to_tensor(value, dtype)


def is_tensor(x: Any) -> Any:
    """Whether `x` is a tensor."""
    return ops.is_tensor(x)


def identity(input: Any, name: str | None = None) -> Any:
    """A tensor like `input`."""
    return ops.convert_to_tensor(input)


def concat(values: Any, axis: int, name: str = "concat") -> Any:
    """Tensors one behind the other along `axis`."""
    return ops.concatenate(values, axis=axis)


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: int | None = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Any:
    """Slices of `params` along `axis` at `indices`.

    Args:
        params: what to take them from.
        indices: whole numbers; their first `batch_dims` axes are those of `params`.
        validate_indices: accepted, without effect.
        axis: the first one behind `batch_dims` by default.
        batch_dims: how many axes go side by side.
        name: accepted, without effect.
    """
    if not batch_dims:
        return ops.take(params, indices, axis=axis or 0)
    if axis not in (None, batch_dims):
        raise NotImplementedError(
            f"tf.gather expected axis={batch_dims} beside batch_dims={batch_dims}, got {axis}: "
            "use ops.take_along_axis."
        )
    places = np.asarray(indices)
    rows = np.indices(places.shape[:batch_dims])
    inner = (1,) * (places.ndim - batch_dims)
    side_by_side = [row.reshape(*row.shape, *inner) for row in rows]
    return ops.convert_to_tensor(params)[tuple([*side_by_side, places])]


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: Any = None
) -> Any:
    """Numbers from `start` (0 if only one number is given) up to `limit`."""
    if limit is None:
        start, limit = 0, start
    return ops.arange(start, limit, delta, dtype=dtype)


def one_hot(
    indices: Any,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """Rows with a one at each index."""
    found = ops.one_hot(indices, depth, -1 if axis is None else axis, dtype or "float32")
    if on_value is None and off_value is None:
        return found
    high = 1 if on_value is None else on_value
    low = 0 if off_value is None else off_value
    return found * (high - low) + low


def size(input: Any, out_type: Any = None, name: str | None = None) -> Any:
    """The number of elements."""
    return Tensor(np.asarray(ops.size(input), out_type or "int32"))


def rank(input: Any, name: str | None = None) -> Any:
    """The number of axes."""
    return Tensor(np.asarray(ops.ndim(input), np.int32))


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """`tensor` backwards along `axis`."""
    return ops.flip(tensor, axis=axis)


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: Any = None) -> Any:
    """The elements, or slices, where `mask` is true, one behind the other.

    Args:
        tensor: what to choose from.
        mask: true or false for each place of one axis of `tensor`, or of several.
        axis: the first of these axes.
        name: accepted, without effect.
    """
    tensor, chosen, first = ops.convert_to_tensor(tensor), np.asarray(mask, bool), axis or 0
    sizes = tuple(tensor.shape[first : first + chosen.ndim])
    if not chosen.ndim or sizes != chosen.shape:
        raise ValueError(f"tf.boolean_mask expected a mask of {sizes}, got {chosen.shape}.")
    return tensor[(slice(None),) * first + np.nonzero(chosen)]


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool", name: Any = None) -> Any:
    """For each length so many `True`, `False` behind them, up to `maxlen` (the greatest)."""
    counts = np.asarray(lengths)
    places = np.arange(int(counts.max(initial=0)) if maxlen is None else int(maxlen))
    return ops.cast(Tensor(places < counts[..., None]), dtype)


def function(func: Callable[..., Any] | None = None, **options: Any) -> Any:
    """The function itself: everything runs at once, and nothing is faster for being traced."""
    if func is None:
        return functools.partial(function, **options)

    @functools.wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    run.python_function = func  # type: ignore[attr-defined]
    run.get_concrete_function = _no_graphs  # type: ignore[attr-defined]
    return run


def _no_graphs(*args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError(
        "Leftfold has no graphs of tf.function: call the function, or save the model as .keras."
    )


def executing_eagerly() -> Any:
    """True, always."""
    return True


def enable_eager_execution(*args: Any, **kwargs: Any) -> None:
    """Nothing to do: everything runs at once."""


def disable_eager_execution() -> None:
    """Refused: there is nothing else than running at once."""
    raise NotImplementedError("Leftfold runs everything at once; there are no graphs to switch to.")


def py_function(func: Callable[..., Any], inp: Any, Tout: Any, name: str | None = None) -> Any:
    """`func(*inp)`."""
    return func(*inp)


def write(*inputs: Any, output_stream: Any = None, end: str = "\n", **options: Any) -> None:
    """Write values; tensors by their numbers."""
    texts = [str(item.data) if isinstance(item, Tensor) else str(item) for item in inputs]
    (output_stream or sys.stderr).write(" ".join(texts) + end)
