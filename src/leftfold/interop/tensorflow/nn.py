"""`tf.nn`, over `leftfold.ops`."""

# ruff: noqa: F401
from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.interop.tensorflow.math import l2_normalize
from leftfold.ops import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    moments,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
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
