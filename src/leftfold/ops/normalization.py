"""Bringing tensors to a common scale."""

from __future__ import annotations

from typing import Any

from leftfold.engine.config import epsilon as default_epsilon
from leftfold.ops.arithmetic import add, divide, maximum, minimum, multiply, subtract
from leftfold.ops.creation import shape
from leftfold.ops.elementwise import rsqrt, square
from leftfold.ops.linalg import norm
from leftfold.ops.reductions import mean, sum, var
from leftfold.ops.shape import expand_dims, reshape


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """The mean and the variance of `x` along `axes`.

    Args:
        x: any shape.
        axes: the axes to reduce.
        keepdims: whether they stay, with size 1.
        synchronized: whether across machines, which is not supported.
    """
    if synchronized:
        raise ValueError("synchronized=True is not supported: there is one machine.")
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """`x` divided by its norm along `axis`.

    Args:
        x: any shape.
        axis: the axis or axes of one vector.
        order: of the norm, a positive integer.
        epsilon: a lower bound of the norm, `config.epsilon()` by default.

    Example:
        >>> from leftfold import ops
        >>> ops.normalize([3.0, 4.0]).tolist()
        [0.6000000238418579, 0.800000011920929]
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"order expected a positive integer, got {order!r}.")
    smallest = default_epsilon() if epsilon is None else epsilon
    if not shape(x):
        x = expand_dims(x, 0)
    if order == 2:
        return multiply(x, minimum(rsqrt(sum(square(x), axis, True)), 1 / smallest))
    return divide(x, maximum(norm(x, order, axis, True), smallest))


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Any:
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`, one of each for a feature.

    Args:
        x: any shape.
        mean: `(features,)`.
        variance: `(features,)`.
        axis: the axis of the features.
        offset: `(features,)` or `None`.
        scale: `(features,)` or `None`.
        epsilon: keeps the root away from zero.
    """
    along = [1] * len(shape(x))
    along[axis] = -1
    factor = rsqrt(add(reshape(variance, along), epsilon))
    if scale is not None:
        factor = multiply(factor, reshape(scale, along))
    y = multiply(subtract(x, reshape(mean, along)), factor)
    return y if offset is None else add(y, reshape(offset, along))


def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """`x` divided by the root of its mean square along `axis`, times `scale`.

    Args:
        x: any shape.
        scale: factors that broadcast against `x`, or `None`.
        axis: the axis or axes of one vector.
        epsilon: added to the mean square, `config.epsilon()` by default.

    Reference: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
    """
    smallest = default_epsilon() if epsilon is None else epsilon
    y = multiply(x, rsqrt(add(mean(square(x), axis, True), smallest)))
    return y if scale is None else multiply(y, scale)
