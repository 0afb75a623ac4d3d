"""Random tensors. The same seed, and the same `set_random_seed`, give the same numbers.

Every function takes `seed`: an integer (the same numbers on every call), a `SeedGenerator` (new
numbers on every call, the same ones in every run), or `None` (the session's own sequence).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine.random import SeedGenerator, as_generator
from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.ops.dtypes import dtype_name

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Numbers from a normal distribution.

    Args:
        shape: the result's shape.
        mean: the distribution's mean.
        stddev: its standard deviation.
        dtype: a float type, the default one by default.
        seed: see the module.

    Example:
        >>> from leftfold import random
        >>> random.normal((2, 3), seed=7).shape
        (2, 3)
    """
    draws = as_generator(seed).standard_normal(shape)
    return _floats(draws * stddev + mean, dtype)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Numbers from a normal distribution, drawn again if two deviations or more from the mean."""
    generator = as_generator(seed)
    draws = np.asarray(generator.standard_normal(shape))
    while (far := np.abs(draws) > 2).any():
        draws[far] = generator.standard_normal(np.count_nonzero(far))
    return _floats(draws * stddev + mean, dtype)


def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Numbers spread evenly from `minval` up to but without `maxval`."""
    name = _float_type(dtype)
    draws = as_generator(seed).random(shape, dtype=np.float64 if name == "float64" else np.float32)
    return _floats(draws * (maxval - minval) + minval, name)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Integers spread evenly from `minval` up to but without `maxval`."""
    name = dtype_name(dtype, "int32")
    if np.dtype(name).kind not in "iu":
        raise ValueError(f"dtype expected an integer type, got {dtype!r}.")
    if int(maxval) <= int(minval):
        raise ValueError(f"maxval expected an integer above minval={minval}, got {maxval}.")
    return Tensor(np.asarray(as_generator(seed).integers(int(minval), int(maxval), shape), name))


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers from the gamma distribution with shape parameter `alpha` and rate 1."""
    return _floats(as_generator(seed).standard_gamma(as_full_array(alpha), shape), dtype)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers from the beta distribution with the parameters `alpha` and `beta`."""
    draws = as_generator(seed).beta(as_full_array(alpha), as_full_array(beta), shape)
    return _floats(draws, dtype)


def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Tensor:
    """How many of `counts` trials succeed that each succeed with the given probability."""
    trials = as_full_array(counts).astype(np.int64)
    draws = as_generator(seed).binomial(trials, as_full_array(probabilities), shape)
    return _floats(draws, dtype)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Classes drawn with the probabilities `softmax(logits)`.

    Args:
        logits: `(batch, classes)`.
        num_samples: how many to draw for each row.
        dtype: an integer type.
        seed: see the module.

    Returns:
        `(batch, num_samples)`.
    """
    scores = as_full_array(logits)
    if scores.ndim != 2:
        raise ValueError(f"logits expected shape (batch, classes), got {scores.shape}.")
    bounds = np.cumsum(ops.softmax(scores.astype(np.float64)).data, axis=1)
    draws = as_generator(seed).random((len(scores), num_samples)) * bounds[:, -1:]
    classes = np.sum(draws[:, :, None] >= bounds[:, None, :-1], axis=2)
    return Tensor(classes.astype(dtype_name(dtype, "int32")))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """The slices of `x` along `axis` in random order."""
    values = as_full_array(x)
    order = as_generator(seed).permutation(values.shape[axis])
    return ops.take(x, order, axis)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """`inputs` with a random share `rate` set to zero and the rest divided by `1 - rate`.

    Args:
        inputs: any shape.
        rate: from 0 to 1.
        noise_shape: the shape of the random mask, which broadcasts; `None` for a size that is
            that of `inputs`.
        seed: see the module.
    """
    generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
    return ops.dropout(inputs, rate, generator.next(), noise_shape)


def _float_type(dtype: Any) -> str:
    name = dtype_name(dtype)
    if np.dtype(name).kind != "f":
        raise ValueError(f"dtype expected a float type, got {dtype!r}.")
    return name


def _floats(draws: Any, dtype: Any) -> Tensor:
    return Tensor(np.asarray(draws, _float_type(dtype)))
