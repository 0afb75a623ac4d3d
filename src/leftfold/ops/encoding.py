"""Class numbers and group numbers: as vectors of ones, counted, summed over."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import as_full_array
from leftfold.ops.dtypes import dtype_name
from leftfold.ops.reductions import max


@primitive
def one_hot(
    x: Any, /, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """A new axis with a 1 at the place that the class number says, zeros elsewhere.

    Args:
        x: class numbers, of any shape; numbers outside the classes give zeros only.
        num_classes: how many classes.
        axis: where the new axis stands.
        dtype: the element type, the default float type by default.
        sparse: accepted for Keras; the result is dense.
    """
    hits = x[..., None] == np.arange(num_classes)
    return np.moveaxis(hits.astype(dtype_name(dtype)), -1, axis), None


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
) -> Any:
    """A vector of ones at the classes that occur in each row, zeros elsewhere.

    Args:
        inputs: class numbers, `(batch, n)` or `(n,)`.
        num_classes: how many classes.
        axis: where the axis of the classes stands before the rows are joined.
        dtype: the element type, the default float type by default.
        sparse: accepted for Keras; the result is dense.
    """
    if num_classes is None:
        raise ValueError("multi_hot expected num_classes, the number of classes.")
    encoded = one_hot(inputs, num_classes, axis, dtype)
    return max(encoded, axis=1 if len(np.shape(inputs)) > 1 else 0)


@primitive
def bincount(x: Any, weights: Any = None, /, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each of 0, 1, 2, ... occurs in `x`, or the sum of its weights.

    Args:
        x: `(n,)` or `(batch, n)`, counted row by row; none negative.
        weights: of the shape of `x`, or `None`.
        minlength: the least number of counts.
        sparse: accepted for Keras; the result is dense.
    """
    x = as_full_array(x)
    shares = None if weights is None else as_full_array(weights)
    length = builtins.max(minlength, int(x.max(initial=-1)) + 1)
    rows = x.reshape(-1, x.shape[-1])
    counts = np.zeros((len(rows), length), np.int32 if shares is None else shares.dtype)
    np.add.at(
        counts,
        (np.arange(len(rows))[:, None], rows),
        1 if shares is None else shares.reshape(rows.shape),
    )
    return counts.reshape(*x.shape[:-1], length), None


@primitive
def segment_sum(
    data: Any, segment_ids: Any, /, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """The sums of the slices of `data` that belong to the same segment.

    Args:
        data: `(n, ...)`.
        segment_ids: `(n,)`, the segment of each slice.
        num_segments: how many segments, the largest number plus 1 by default.
        sorted: accepted for Keras; the numbers may come in any order.

    Returns:
        `(num_segments, ...)`.
    """
    data, segments = as_full_array(data), as_full_array(segment_ids)
    count = int(segments.max(initial=-1)) + 1 if num_segments is None else num_segments
    y = np.zeros((count, *data.shape[1:]), data.dtype)
    np.add.at(y, segments, data)
    return y, lambda dy: (dy[segments], None)
