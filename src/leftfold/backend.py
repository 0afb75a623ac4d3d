"""What `keras.backend` offers beyond computing: settings, names, a fresh session."""

from typing import Any

import numpy as np

from leftfold.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from leftfold.engine import KerasTensor, naming, workspace
from leftfold.ops.dtypes import alike, dtype_name


def clear_session(free_memory: bool = True) -> None:
    """Start naming layers from nothing again, and give idle memory back.

    Args:
        free_memory: whether to release the memory kept for the next training step.

    Example:
        >>> from leftfold import backend, layers
        >>> backend.clear_session()
        >>> layers.Dense(1).name
        'dense'
    """
    naming.reset_names()
    if free_memory:
        workspace.clear()


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` stands for a value in a model under construction."""
    return isinstance(x, KerasTensor)


def standardize_dtype(dtype: Any) -> str:
    """The name of an element type given in any form; `floatx()` for `None`.

    Example:
        >>> standardize_dtype(int)
        'int32'
    """
    python = isinstance(dtype, type) and dtype in (bool, int, float)
    return dtype_name(dtype.__name__ if python else dtype)


def is_float_dtype(dtype: Any) -> bool:
    """Whether it is a type of floating-point numbers."""
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_int_dtype(dtype: Any) -> bool:
    """Whether it is a type of whole numbers."""
    return standardize_dtype(dtype).startswith(("int", "uint"))


def result_type(*dtypes: Any) -> str:
    """The element type of a sum of numbers of these types.

    Example:
        >>> result_type("int32", "float32")
        'float32'
    """
    total: Any = np.zeros(1, standardize_dtype(dtypes[0] if dtypes else None))
    for dtype in dtypes[1:]:
        first, second = alike(total, np.zeros(1, standardize_dtype(dtype)))
        total = first + second
    return str(total.dtype.name)


def get_uid(prefix: str = "") -> int:
    """A number that no call with that prefix has returned yet, from 1 on."""
    return naming.count_up(f"uid of {prefix}")


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
