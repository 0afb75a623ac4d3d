"""`Tensor`: a NumPy array that a tape can follow."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from leftfold.engine.config import floatx
from leftfold.engine.recording import recording, spoil_trace

ArrayLike = Any
"""Whatever `numpy.asarray` takes, and `Tensor`."""


@functools.cache
def dtype_name(dtype: np.dtype[Any]) -> str:
    """`dtype.name`, which NumPy works out anew each time; `"string"` for texts."""
    return TEXT if is_text(dtype) else dtype.name


TEXT = "string"
"""The element type of texts, which are Python's own in arrays of objects."""


def is_text(dtype: np.dtype[Any]) -> bool:
    """Whether arrays of that type hold texts: objects are nothing else here."""
    return dtype.kind in "OUST"


class Tensor:
    """An array on its way through a network.

    A thin wrapper around `data`. It adds what a bare array cannot carry: whether a tape
    follows it (`tracked`), and the mask that layers hand to each other (`_keras_mask`, the
    name that code written for Keras reads). Arithmetic and indexing are attached by
    `leftfold.ops`, so that they are recorded like every other primitive.

    Where only recurrences of a model read vectors of a table, it gives them a stand-in of the same
    shape and `looked_up`, a `Lookup`: they can then compute once for each distinct id.

    Args:
        data: the values; a NumPy array is wrapped without a copy.
        tracked: whether gradients with respect to this tensor may be asked for.
    """

    __slots__ = ("__weakref__", "_keras_mask", "data", "looked_up", "tracked")
    __array_priority__ = 100.0

    def __init__(self, data: ArrayLike, tracked: bool = False) -> None:
        self.data: np.ndarray = data if type(data) is np.ndarray else np.asarray(data)
        self.tracked = tracked
        self._keras_mask: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def size(self) -> int:
        return self.data.size

    @property
    def dtype(self) -> str:
        """The name of the element type, such as `"float32"`."""
        return dtype_name(self.data.dtype)

    def numpy(self) -> np.ndarray:
        """The values as a NumPy array; texts as bytes, a single one by itself, as in TensorFlow."""
        spoil_trace()
        if is_text(self.data.dtype):
            return _encoded(self.data)
        return self.data

    def item(self) -> Any:
        """The only element as a Python number."""
        spoil_trace()
        return self.data.item()

    def tolist(self) -> Any:
        spoil_trace()
        return self.data.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """What NumPy reads; refused where that would cut a gradient in silence."""
        spoil_trace()
        if self.tracked and recording():
            raise TypeError(
                f"A NumPy function was given a tensor of shape {self.shape} while gradients are "
                "recorded, and would cut them off: use the function of leftfold.ops with that "
                "name, or give it x.numpy() if no gradient should flow."
            )
        if dtype is not None and np.dtype(dtype) != self.data.dtype:
            return self.data.astype(dtype)
        return self.data.copy() if copy else self.data

    def __len__(self) -> int:
        return len(self.data)

    def __bool__(self) -> bool:
        spoil_trace()
        return bool(self.data)

    def __int__(self) -> int:
        spoil_trace()
        return int(self.data)

    def __float__(self) -> float:
        spoil_trace()
        return float(self.data)

    def __index__(self) -> int:
        spoil_trace()
        return self.data.__index__()

    def __format__(self, spec: str) -> str:
        """The values alone, as NumPy writes them."""
        values = self.numpy()
        return format(values[()] if isinstance(values, np.ndarray) else values, spec)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<Tensor shape={self.shape} dtype={self.dtype}\n{self.data!r}>"


def _encoded(texts: np.ndarray) -> Any:
    encoded = np.empty(texts.shape, object)
    for place, text in np.ndenumerate(texts):
        encoded[place] = text.encode() if isinstance(text, str) else text
    return encoded if texts.ndim else encoded.item()


def as_array(value: ArrayLike) -> Any:
    """The bare operand behind `value`: tensors unwrapped, Python and NumPy scalars left weak.

    A NumPy scalar becomes a Python number, so that `x * np.sqrt(2)` keeps the dtype of a
    float32 `x`. Lists become arrays of the default float type or of int32, as in Keras.
    """
    if value is None or isinstance(value, np.ndarray):
        return value
    if isinstance(value, Tensor):
        spoil_trace()
        return value.data
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, int | float):
        return value
    array = np.asarray(value)
    if not isinstance(value, list | tuple):
        return array
    if any(isinstance(item, Tensor) and item.tracked for item in value):
        raise TypeError(
            "A list of tensors was given where one tensor is expected. "
            "Join them with leftfold.ops.stack, so that gradients can flow."
        )
    if array.dtype.kind == "f":
        return array.astype(floatx(), copy=False)
    return array.astype(np.int32) if array.dtype.kind == "i" else array


def as_full_array(value: ArrayLike) -> Any:
    """`as_array`, with Python numbers as arrays of the default float type, int32 or bool."""
    value = as_array(value)
    if value is None or isinstance(value, np.ndarray):
        return value
    if isinstance(value, bool):
        return np.asarray(value)
    return np.asarray(value, np.int32 if isinstance(value, int) else floatx())
