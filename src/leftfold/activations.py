"""Activation functions, and how they are found by name.

Example:
    >>> from leftfold import activations
    >>> activations.get("relu")([-1.0, 2.0]).tolist()
    [0.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from leftfold import ops
from leftfold.engine.registry import Registry
from leftfold.ops import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)

swish = silu
hard_swish = hard_silu


def linear(x: Any) -> Any:
    """`x` as it is."""
    return x


def exponential(x: Any) -> Any:
    """`exp(x)`."""
    return ops.exp(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """`x` times the probability that a standard normal number is below `x`.

    Args:
        x: any shape.
        approximate: whether by the tanh formula (Hendrycks and Gimpel 2016) or exactly.
    """
    return ops.gelu(x, approximate)


def mish(x: Any) -> Any:
    """`x * tanh(softplus(x))` (Misra 2019)."""
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """`max(x, 0)`, and its variants.

    Args:
        x: any shape.
        negative_slope: the slope below `threshold`.
        max_value: the largest value, without limit by default.
        threshold: where the function begins to be `x`.
    """
    if threshold == 0 and max_value is None:
        return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
    y = ops.threshold(x, threshold, 0.0)
    if max_value is not None:
        y = ops.clip(y, 0.0, max_value)
    if negative_slope:
        below = ops.relu(ops.subtract(threshold, x))
        y = ops.subtract(y, ops.multiply(below, negative_slope))
    return y


_REGISTRY = Registry(
    "activation",
    [
        celu,
        elu,
        exponential,
        gelu,
        glu,
        hard_shrink,
        hard_sigmoid,
        hard_silu,
        hard_tanh,
        leaky_relu,
        linear,
        log_sigmoid,
        log_softmax,
        mish,
        relu,
        relu6,
        selu,
        sigmoid,
        silu,
        soft_shrink,
        softmax,
        softplus,
        softsign,
        sparse_plus,
        sparse_sigmoid,
        sparsemax,
        squareplus,
        tanh,
        tanh_shrink,
        threshold,
    ],
    aliases={"swish": silu, "hard_swish": hard_silu},
)

_KERNEL_NAMES = {
    function: function.__name__
    for function in (
        linear,
        tanh,
        sigmoid,
        relu,
        hard_sigmoid,
        softplus,
        softsign,
        elu,
        selu,
        exponential,
        relu6,
    )
}


def kernel_name(activation: Callable[..., Any]) -> str | None:
    """The name under which the recurrent kernels know `activation`, `None` if they do not."""
    return _KERNEL_NAMES.get(activation)


def get(identifier: Any) -> Callable[..., Any]:
    """The activation meant by a name, a configuration, or a function itself.

    Args:
        identifier: such as `"tanh"`; `None` means `linear`.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
    """
    return linear if identifier is None else _REGISTRY.get(identifier)


def serialize(activation: Callable[..., Any] | None) -> Any:
    """The name of an activation of this module; the configuration of any other one."""
    if activation is None:
        return "linear"
    name = getattr(activation, "__name__", "")
    if _REGISTRY.names.get(name) is activation:
        return name
    return _REGISTRY.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation that `serialize` described.

    Args:
        config: a name or a configuration.
        custom_objects: the user's own functions by name.

    Raises:
        ValueError: for an unknown name.
    """
    return _REGISTRY.deserialize(config, custom_objects)
