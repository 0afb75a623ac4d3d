"""The activations that recurrent kernels know by name.

Each is written with its derivative as a function of its *output*, so that a recurrence keeps
the activated gates alone for its backward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]

_SELU_SCALE = 1.0507009873554805
_SELU_ALPHA = 1.6732632423543772
"""The fixed point of mean 0 and variance 1: Klambauer et al. (2017), arXiv:1706.02515."""


class Activation(NamedTuple):
    """`y = function(x)`, and `derivative(y) = dy/dx`."""

    function: Function
    derivative: Function


ACTIVATIONS: dict[str, Activation] = {
    "linear": Activation(lambda x: x, np.ones_like),
    "tanh": Activation(np.tanh, lambda y: 1 - y * y),
    "sigmoid": Activation(
        # 1 / (1 + exp(-x)), written so that nothing overflows.
        lambda x: 0.5 * np.tanh(0.5 * x) + 0.5,
        lambda y: y * (1 - y),
    ),
    "relu": Activation(
        lambda x: np.maximum(x, 0),
        lambda y: (y > 0).astype(y.dtype),
    ),
    "relu6": Activation(
        lambda x: np.clip(x, 0, 6),
        lambda y: ((y > 0) & (y < 6)).astype(y.dtype),
    ),
    "hard_sigmoid": Activation(
        lambda x: np.clip(x / 6 + 0.5, 0, 1),
        lambda y: ((y > 0) & (y < 1)).astype(y.dtype) / 6,
    ),
    "softplus": Activation(
        lambda x: np.logaddexp(x, np.zeros((), x.dtype)),
        lambda y: -np.expm1(-y),
    ),
    "softsign": Activation(
        lambda x: x / (1 + np.abs(x)),
        lambda y: (1 - np.abs(y)) ** 2,
    ),
    "elu": Activation(
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        lambda y: np.where(y > 0, 1, y + 1).astype(y.dtype),
    ),
    "selu": Activation(
        lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0))),
        lambda y: np.where(y > 0, _SELU_SCALE, y + _SELU_SCALE * _SELU_ALPHA).astype(y.dtype),
    ),
    "exponential": Activation(np.exp, lambda y: y),
}


def activation_by_name(name: str) -> Activation:
    """The activation called `name`, with its derivative."""
    if name not in ACTIVATIONS:
        raise ValueError(
            f"activation expected one of {', '.join(sorted(ACTIVATIONS))}, got {name!r}."
        )
    return ACTIVATIONS[name]
