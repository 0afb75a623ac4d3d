"""One number for each feature out of the timesteps that count: masked mean and maximum.

Written out because they see every output of a recurrent layer: composed of `where` and
reductions they would take longer than the recurrence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import workspace
from leftfold.engine.primitive import primitive


@primitive
def masked_mean(x: Any, mask: Any, /, axis: int = 1, keepdims: bool = False) -> Any:
    """The mean over the steps where `mask` holds; zeros for a sequence without any.

    Args:
        x: `(batch, timesteps, features)`, or `(batch, features, timesteps)` for `axis=2`.
        mask: `(batch, timesteps)`, boolean.
        axis: that of the timesteps.
        keepdims: whether to keep it, with size 1.

    Example:
        >>> masked_mean([[[1.0], [2.0], [9.0]]], [[True, True, False]]).tolist()
        [[1.5]]
    """
    steps = np.moveaxis(x, axis, 1)
    weights = mask.astype(x.dtype)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1)
    y = np.einsum("btf,bt->bf", steps, weights)

    def vjp(dy: Any) -> Any:
        dx = workspace.empty(steps.shape, x.dtype)
        np.multiply(weights[:, :, None], _flat(dy, axis, keepdims)[:, None], out=dx)
        return np.moveaxis(dx, 1, axis), None

    return _kept(y, axis, keepdims), vjp


@primitive
def masked_max(x: Any, mask: Any, /, axis: int = 1, keepdims: bool = False) -> Any:
    """The maximum over the steps where `mask` holds; zeros for a sequence without any.

    Args as for `masked_mean`. Steps that share the maximum share its gradient.

    Example:
        >>> masked_max([[[1.0], [2.0], [9.0]]], [[True, True, False]]).tolist()
        [[2.0]]
    """
    steps = np.moveaxis(x, axis, 1)
    counts = mask[:, :, None]
    lowest = np.finfo(x.dtype).min
    y = np.max(steps, axis=1, where=counts, initial=lowest)
    y[~mask.any(axis=1)] = 0

    def vjp(dy: Any) -> Any:
        chosen = steps == y[:, None]
        chosen &= counts
        share = _flat(dy, axis, keepdims) / np.maximum(chosen.sum(axis=1), 1)
        dx = workspace.empty(steps.shape, x.dtype)
        np.multiply(chosen, share.astype(x.dtype)[:, None], out=dx)
        return np.moveaxis(dx, 1, axis), None

    return _kept(y, axis, keepdims), vjp


def _kept(y: np.ndarray, axis: int, keepdims: bool) -> np.ndarray:
    return np.expand_dims(y, axis) if keepdims else y


def _flat(dy: np.ndarray, axis: int, keepdims: bool) -> np.ndarray:
    return np.squeeze(dy, axis) if keepdims else dy
