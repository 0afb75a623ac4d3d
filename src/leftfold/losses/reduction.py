"""From losses of single elements to one number: masks, weights, sums and means."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from leftfold import ops
from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import as_full_array

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
"""The reductions that are all the mean over all elements where none is weighted or masked."""
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


F = TypeVar("F", bound=Callable[..., Any])
_means: dict[int, Callable[[Any, Any], Any]] = {}
"""By the identity of loss functions, which stay; `functools.wraps` would copy an attribute."""


def with_mean(mean: Callable[[Any, Any], Any]) -> Callable[[F], F]:
    """Say how the mean of all values of a loss function is computed at once, in less time.

    Args:
        mean: gives it for tensors of equal rank, for the function's default settings.
    """

    def attach(function: F) -> F:
        _means[id(function)] = mean
        return function

    return attach


def mean_of_all(function: Any) -> Callable[[Any, Any], Any] | None:
    """What `with_mean` said of a loss function."""
    return _means.get(id(function))


def check_reduction(reduction: Any) -> Any:
    """`reduction`, or a complaint about one that does not exist."""
    if reduction not in REDUCTIONS:
        known = ", ".join(repr(r) for r in REDUCTIONS)
        raise ValueError(f"reduction expected one of {known}, got {reduction!r}.")
    return reduction


def to_same_rank(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Add or drop a last axis of size 1, so that `(batch,)` and `(batch, 1)` can be compared."""
    rank_true, rank_pred = len(y_true.shape), len(y_pred.shape)
    if rank_true == rank_pred + 1 and y_true.shape[-1] == 1:
        if rank_pred == 1:
            y_pred = ops.expand_dims(y_pred, -1)
        else:
            y_true = ops.squeeze(y_true, -1)
    elif rank_pred == rank_true + 1 and y_pred.shape[-1] == 1:
        if rank_true == 1:
            y_true = ops.expand_dims(y_true, -1)
        else:
            y_pred = ops.squeeze(y_pred, -1)
    return y_true, y_pred


def reduce_losses(losses: Any, sample_weight: Any, mask: Any, reduction: str | None) -> Any:
    """Weigh the losses of single elements and bring them together.

    Args:
        losses: `(batch, ...)`.
        sample_weight: weights of samples `(batch,)`, or of their elements; `None` for 1.
        mask: `True` where an element counts, shaped as the losses; `None` for all of them. A
            mean is taken over the elements that count.
        reduction: one of `REDUCTIONS`.

    Returns:
        A scalar, or the weighted losses for the reductions `"none"` and `None`.
    """
    weight = element_weights(tuple(losses.shape), sample_weight, mask, reduction)
    if weight is not None:
        weight = weight.astype(losses.dtype)
    if reduction in (None, "none"):
        return losses if weight is None else losses * weight
    if not losses.shape and weight is not None:
        losses = ops.broadcast_to(losses, weight.shape)
    if not losses.shape:
        return losses
    if reduction == "sum":
        divisor = 1.0
    elif reduction == "mean_with_sample_weight" and weight is not None:
        divisor = float(weight.sum())
    else:
        divisor = float(math.prod(losses.shape))
    return _weighted_sum(losses, weight, 1 / divisor if divisor else 0.0)


@primitive
def _weighted_sum(losses: Any, /, weight: np.ndarray | None, factor: float) -> Any:
    weighted = losses if weight is None else losses * weight
    share = losses.dtype.type(factor)

    def vjp(dy: np.ndarray) -> np.ndarray:
        slope = dy * share
        if weight is None:
            slopes = np.empty_like(losses)
            slopes.fill(slope)
            return slopes
        return np.broadcast_to(slope * weight, losses.shape)

    return np.add.reduce(weighted, axis=None) * share, vjp


def element_weights(
    shape: tuple[int, ...], sample_weight: Any, mask: Any, reduction: str | None
) -> np.ndarray | None:
    """What each loss counts, broadcastable to `shape`; `None` where all count 1."""
    weight = None
    if mask is not None:
        mask = np.asarray(mask).astype(bool)
        weight = mask.astype(np.float64)
        if reduction in ("mean", "sum_over_batch_size"):
            # The mean divides by all elements; this makes it one over those that count.
            weight *= mask.size / max(np.count_nonzero(mask), 1)
        weight = _fit("mask", weight, shape)
    if sample_weight is not None:
        given = _fit("sample_weight", as_full_array(sample_weight), shape)
        weight = given if weight is None else weight * given
    return weight


def _fit(name: str, weight: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`weight` such that its first axes are those of the losses."""
    if not shape:
        return weight
    if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    if weight.ndim < len(shape) and weight.shape == shape[: weight.ndim]:
        weight = weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))
    fits = weight.ndim <= len(shape) and all(
        n in (1, size) for n, size in zip(reversed(weight.shape), reversed(shape), strict=False)
    )
    if not fits:
        raise ValueError(
            f"The {name} of shape {weight.shape} does not fit losses of shape {shape}. Weights "
            "and masks per timestep need one loss per timestep: give y_true and y_pred a last "
            "axis of features."
        )
    return weight
