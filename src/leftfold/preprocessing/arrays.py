"""Labels to one-hot rows, vectors to unit length."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers to one-hot rows.

    Args:
        x: integers from 0 to `num_classes - 1`, of any shape; a last axis of size 1 is dropped.
        num_classes: width of the rows; the highest class plus one by default.

    Returns:
        A float64 array with one more axis than `x`.

    Raises:
        ValueError: for a number that is no class; it names the number.

    Example:
        >>> to_categorical([0, 2], num_classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    classes = np.asarray(x)
    if classes.dtype.kind not in "iub" and not np.all(classes == np.floor(classes)):
        wrong = classes[classes != np.floor(classes)]
        raise ValueError(f"to_categorical expected integers, got {wrong.flat[0]}.")
    classes = classes.astype(np.int64)
    if classes.ndim > 1 and classes.shape[-1] == 1:
        classes = classes[..., 0]
    if not num_classes:
        if not classes.size:
            raise ValueError("to_categorical expected num_classes for an empty array.")
        num_classes = int(classes.max()) + 1
    wrong = classes[(classes < 0) | (classes >= num_classes)]
    if wrong.size:
        raise ValueError(
            f"to_categorical expected classes from 0 to {num_classes - 1}, got {wrong.flat[0]}."
        )
    return np.eye(num_classes)[classes]


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """`x` divided by its norm along `axis`; zeros stay zeros.

    Args:
        x: an array.
        axis: the axis of each vector.
        order: of the norm; 2 is Euclid's.

    Example:
        >>> normalize([[3.0, 4.0], [0.0, 0.0]])
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)
