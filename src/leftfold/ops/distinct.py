"""Token ids by the distinct ones among them: what is the same for equal ids is computed once."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import workspace
from leftfold.engine.kernels import kernel as find_kernel
from leftfold.engine.primitive import primitive
from leftfold.ops.fused import check_range


@primitive
def token_ids(numbers: Any, /, vocabulary: int) -> Any:
    """Ids as int32.

    Args:
        numbers: whole numbers from 0 to `vocabulary - 1`, of any shape and type.
        vocabulary: how many ids there are.

    Raises:
        ValueError: where a number is none of them.

    Example:
        >>> token_ids(np.array([2.0, 0.0]), vocabulary=3).numpy()
        array([2, 0], dtype=int32)
    """
    ids = numbers
    if numbers.dtype != np.int32:
        with np.errstate(invalid="ignore"):  # NaN is told below
            ids = numbers.astype(np.int32)
        if not np.array_equal(ids, numbers):
            raise ValueError("token_ids expected whole numbers.")
    check_range(ids, vocabulary, "token_ids", "id")
    return ids, None


@primitive
def distinct(ids: Any, /, vocabulary: int) -> Any:
    """The distinct ids in ascending order, and for every id its place among them.

    Args:
        ids: whole numbers from 0 to `vocabulary - 1`, int32, of any shape.
        vocabulary: how many ids there are.

    Returns:
        `(count,)` and a tensor shaped as `ids`, both int32.

    Raises:
        IndexError: for an id outside the vocabulary.

    Example:
        >>> words, places = distinct(np.array([[7, 3], [3, 3]], np.int32), 10)
        >>> words.tolist(), places.tolist()
        ([3, 7], [[1, 0], [0, 0]])
    """
    words, places = (workspace.empty(shape, np.int32) for shape in ((vocabulary,), ids.shape))
    count = find_kernel("distinct_ids")(ids.reshape(-1), words, places.reshape(-1))
    return (words[:count], places), None
