"""Initialisers by chance, and the fans by which their spread is chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine.random import SeedGenerator, as_generator, fresh_seed
from leftfold.initializers.initializer import Initializer, resolve_dtype

_TRUNCATED_SPREAD = 0.87962566103423978
"""Standard deviation of a standard normal distribution cut off at two."""


class RandomInitializer(Initializer):
    """Base of those that draw random numbers.

    Args:
        seed: an integer or `None`: every call of this object gives the same values (with
            `None` the seed is drawn once, from the session's); a `SeedGenerator`: every call
            gives new ones.
    """

    def __init__(self, seed: int | SeedGenerator | dict[str, Any] | None = None) -> None:
        if isinstance(seed, dict):
            seed = SeedGenerator(seed["config"]["seed"])
        if seed is not None and not isinstance(seed, int | np.integer | SeedGenerator):
            raise ValueError(
                f"{type(self).__name__} expected seed to be an integer, a SeedGenerator or None, "
                f"got {seed!r}."
            )
        self._initial_seed = seed
        self.seed = fresh_seed() if seed is None else seed

    def _uniform(self, shape: Sequence[int], low: float, high: float, dtype: Any) -> np.ndarray:
        dtype = resolve_dtype(dtype)
        drawn = _drawn_in(dtype)
        values = as_generator(self.seed).random(tuple(shape), drawn)
        return (values * drawn.type(high - low) + drawn.type(low)).astype(dtype, copy=False)

    def _normal(self, shape: Sequence[int], mean: float, stddev: float, dtype: Any) -> np.ndarray:
        dtype = resolve_dtype(dtype)
        drawn = _drawn_in(dtype)
        values = as_generator(self.seed).standard_normal(tuple(shape), drawn)
        return (values * drawn.type(stddev) + drawn.type(mean)).astype(dtype, copy=False)

    def _truncated_normal(
        self, shape: Sequence[int], mean: float, stddev: float, dtype: Any
    ) -> np.ndarray:
        dtype = resolve_dtype(dtype)
        drawn = _drawn_in(dtype)
        generator = as_generator(self.seed)
        values = generator.standard_normal(math.prod(shape), drawn)
        outside = np.flatnonzero(np.abs(values) > 2)
        while outside.size:
            values[outside] = generator.standard_normal(outside.size, drawn)
            outside = outside[np.abs(values[outside]) > 2]
        values = values.reshape(tuple(shape))
        return (values * drawn.type(stddev) + drawn.type(mean)).astype(dtype, copy=False)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self._initial_seed}


def _drawn_in(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type in which numbers are drawn: float64 for itself, float32 for all others."""
    return dtype if dtype == np.float64 else np.dtype(np.float32)


class RandomNormal(RandomInitializer):
    """Normally distributed around `mean` with standard deviation `stddev`.

    Args:
        mean: the centre.
        stddev: the standard deviation.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return self._normal(shape, self.mean, self.stddev, dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    """As `RandomNormal`, with values further than two deviations from `mean` drawn again."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return self._truncated_normal(shape, self.mean, self.stddev, dtype)


class RandomUniform(RandomInitializer):
    """Evenly distributed from `minval` up to (not including) `maxval`.

    Args:
        minval: the lower bound.
        maxval: the upper bound.
        seed: see `RandomInitializer`.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return self._uniform(shape, self.minval, self.maxval, dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class Orthogonal(RandomInitializer):
    """A matrix with orthonormal rows or columns, whichever there are fewer of, times `gain`.

    More than two sizes are read as a matrix of all but the last by the last. Saxe, McClelland
    and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks", 2014.

    Args:
        gain: factor.
        seed: see `RandomInitializer`.

    Raises:
        ValueError: when called with a shape of fewer than two sizes.

    Example:
        >>> q = Orthogonal(seed=1)((3, 5))
        >>> bool(abs(q @ q.T - np.eye(3)).max() < 1e-6)
        True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal expected a shape of at least two sizes, got {tuple(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(self._normal(tall, 0.0, 1.0, np.float64))
        q *= np.sign(np.diag(r))  # without it the distribution would not be uniform
        q = q if rows >= columns else q.T
        return np.ascontiguousarray((self.gain * q).reshape(tuple(shape)), resolve_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}
