"""The extremes and products of what belongs to the same segment."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import as_full_array


def _extreme(data: Any, segment_ids: Any, count: int | None, choose: Any, start: float) -> Any:
    data, segments = as_full_array(data), as_full_array(segment_ids)
    if data.dtype.kind != "f":
        limits = np.iinfo(data.dtype)
        start = limits.min if start < 0 else limits.max
    count = int(segments.max(initial=-1)) + 1 if count is None else count
    y = np.full((count, *data.shape[1:]), start, data.dtype)
    choose.at(y, segments, data)
    chosen = data == y[segments]
    ties = np.zeros(y.shape, data.dtype)
    np.add.at(ties, segments, chosen)
    return y, lambda dy: ((dy / np.maximum(ties, 1))[segments] * chosen, None)


@primitive
def segment_max(
    data: Any, segment_ids: Any, /, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """The largest of the slices of `data` that belong to the same segment; see `segment_sum`."""
    return _extreme(data, segment_ids, num_segments, np.maximum, -np.inf)


@primitive
def segment_min(
    data: Any, segment_ids: Any, /, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """The smallest of the slices of `data` that belong to the same segment; see `segment_sum`."""
    return _extreme(data, segment_ids, num_segments, np.minimum, np.inf)
