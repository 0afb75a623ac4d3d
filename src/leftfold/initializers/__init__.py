"""First values of weights, by Keras's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.registry import Registry
from leftfold.engine.tensor import Tensor
from leftfold.initializers.constant import Constant, Identity, Ones, Zeros
from leftfold.initializers.initializer import Initializer
from leftfold.initializers.random import (
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
)
from leftfold.initializers.variance_scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    compute_fans,
)

IdentityInitializer = identity = Identity
OrthogonalInitializer = orthogonal = Orthogonal
constant, ones, zeros = Constant, Ones, Zeros
random_normal, random_uniform = RandomNormal, RandomUniform
truncated_normal, variance_scaling = TruncatedNormal, VarianceScaling
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform

_registry = Registry(
    "initializer",
    [
        Constant,
        GlorotNormal,
        GlorotUniform,
        HeNormal,
        HeUniform,
        Identity,
        LecunNormal,
        LecunUniform,
        Ones,
        Orthogonal,
        RandomNormal,
        RandomUniform,
        TruncatedNormal,
        VarianceScaling,
        Zeros,
    ],
    {
        "IdentityInitializer": Identity,
        "OrthogonalInitializer": Orthogonal,
        "normal": RandomNormal,
        "one": Ones,
        "uniform": RandomUniform,
        "zero": Zeros,
    },
)
serialize = _registry.serialize
deserialize = _registry.deserialize


def get(identifier: Any) -> Any:
    """The initialiser meant by a name, a configuration, a class, a function or an array.

    Args:
        identifier: such as `"glorot_uniform"`; an array stands for these very values.

    Returns:
        A function of `(shape, dtype)`, or `None` for `None`.

    Raises:
        ValueError: for an unknown name, with the nearest known one.

    Example:
        >>> get("ones")((2,))
        array([1., 1.], dtype=float32)
    """
    if isinstance(identifier, np.ndarray | Tensor):
        return _exactly(np.asarray(identifier))
    return _registry.get(identifier)


def _exactly(values: np.ndarray) -> Any:
    def initialize(shape: Any, dtype: Any = None) -> np.ndarray:
        if tuple(shape) != values.shape:
            raise ValueError(
                f"The initial values have shape {values.shape}, but the weight has shape "
                f"{tuple(shape)}."
            )
        return values.astype(dtype or values.dtype)

    return initialize


__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "compute_fans",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]
