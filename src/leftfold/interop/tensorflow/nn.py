"""`tf.nn`, over `leftfold.ops`."""

# ruff: noqa: F401
from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.interop.tensorflow.arguments import translated
from leftfold.interop.tensorflow.math import (
    l2_normalize,
    sigmoid,
    softplus,
    softsign,
    tanh,
    top_k,
)

__all__ = [
    *("dropout", "elu", "embedding_lookup", "gelu", "l2_normalize", "leaky_relu", "log_softmax"),
    *("moments", "relu", "relu6", "selu", "sigmoid", "sigmoid_cross_entropy_with_logits", "silu"),
    *(
        "bias_add",
        "l2_loss",
        "softmax",
        "softmax_cross_entropy_with_logits",
        "softplus",
        "softsign",
    ),
    *("sparse_softmax_cross_entropy_with_logits", "swish", "tanh", "top_k"),
]


elu = translated(ops.elu, features="x")
leaky_relu = translated(ops.leaky_relu, features="x", alpha="negative_slope")
relu = translated(ops.relu, features="x")
relu6 = translated(ops.relu6, features="x")
selu = translated(ops.selu, features="x")
silu = translated(ops.silu, features="x")
swish = silu


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Any:
    """`x` times the share of a normal distribution below it, exactly unless asked otherwise."""
    return ops.gelu(features, approximate)


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Probabilities along an axis, the last by default."""
    return ops.softmax(logits, axis=-1 if axis is None else axis)


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """The logarithms of `softmax`."""
    return ops.log_softmax(logits, axis=-1 if axis is None else axis)


def moments(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """Mean and variance over `axes`."""
    return ops.moments(x, axes, keepdims)


def dropout(
    x: Any, rate: float, noise_shape: Any = None, seed: Any = None, name: Any = None
) -> Any:
    """`x` with a random share `rate` of its elements set to zero, the others scaled up."""
    from leftfold import random

    return random.dropout(x, rate, noise_shape, seed)


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: Any = None) -> Any:
    """The rows of a table at `ids`."""
    return ops.take(params, ids, axis=0)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: Any = None) -> Any:
    """The cross-entropy of class numbers, one for each row of logits."""
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, axis: int = -1, name: Any = None
) -> Any:
    """The cross-entropy of class probabilities, one for each row of logits."""
    return ops.categorical_crossentropy(labels, logits, from_logits=True, axis=axis)


def sigmoid_cross_entropy_with_logits(labels: Any, logits: Any, name: Any = None) -> Any:
    """The cross-entropy of answers that are yes or no, element by element."""
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def bias_add(value: Any, bias: Any, data_format: Any = None, name: Any = None) -> Any:
    """`value` with one number more in each of its last columns."""
    return ops.add(value, bias)


def l2_loss(t: Any, name: Any = None) -> Any:
    """Half the sum of squares."""
    return ops.sum(ops.square(t)) / 2
