"""`tf.random`, over `leftfold.random`: the same seed gives the same numbers, though others."""

from __future__ import annotations

from typing import Any

from leftfold import random as source
from leftfold.engine.random import set_random_seed

__all__ = ["categorical", "normal", "set_seed", "shuffle", "truncated_normal", "uniform"]


def set_seed(seed: int) -> None:
    """Begin all random numbers of the session at `seed`."""
    set_random_seed(seed)


def normal(
    shape: Any,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Numbers from a normal distribution."""
    return source.normal(shape, mean, stddev, dtype, seed)


def truncated_normal(
    shape: Any,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Numbers from a normal distribution cut off at two standard deviations."""
    return source.truncated_normal(shape, mean, stddev, dtype, seed)


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Numbers from `minval` to below `maxval`; whole ones for an integer type."""
    if "int" in str(dtype):
        if maxval is None:
            raise ValueError("tf.random.uniform expected maxval for whole numbers, got None.")
        return source.randint(shape, minval, maxval, dtype, seed)
    return source.uniform(shape, minval, 1.0 if maxval is None else maxval, dtype, seed)


def categorical(
    logits: Any, num_samples: int, dtype: Any = "int64", seed: Any = None, name: Any = None
) -> Any:
    """Class numbers `(rows, num_samples)`, drawn by the softmax of each row of logits."""
    return source.categorical(logits, num_samples, dtype or "int64", seed)


def shuffle(value: Any, seed: Any = None, name: Any = None) -> Any:
    """The rows of `value` in random order."""
    return source.shuffle(value, seed=seed)
