"""Noise and penalties during training: layers that pass their input on unchanged otherwise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold import ops, regularizers
from leftfold.engine.random import SeedGenerator
from leftfold.layers.checks import fraction, not_negative
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.reshaping import checked_data_format
from leftfold.layers.serialization import known_layer

_SELU_BOUND = -1.6732632423543772 * 1.0507009873554805
"""What `selu` tends to for very negative inputs."""


@known_layer
class Dropout(Layer):
    """Sets a random share of the inputs to zero while training, and scales the rest up.

    Args:
        rate: the share, from 0 to 1; the others are divided by `1 - rate`.
        noise_shape: the mask's shape, with 1 for axes along which it is the same:
            `(None, 1, None)` for the same mask at every timestep.
        seed: makes the masks repeatable.

    Raises:
        ValueError: for a rate outside 0 to 1.

    Reference: Srivastava et al., "Dropout" (2014).
    """

    steady = True

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = fraction(type(self).__name__, "rate", rate)
        self.noise_shape = _noise_shape(noise_shape)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        return ops.dropout(inputs, self.rate, self.seed_generator.next(), self.noise_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }


def _noise_shape(shape: Any) -> tuple[int | None, ...] | None:
    if shape is None:
        return None
    if isinstance(shape, str) or not hasattr(shape, "__iter__"):
        raise ValueError(f"Dropout expected noise_shape to be a list of sizes, got {shape!r}.")
    for size in shape:
        if size is not None and (not isinstance(size, int | np.integer) or size < 1):
            raise ValueError(
                "Dropout expected noise_shape to consist of positive integers and None, "
                f"got {tuple(shape)}."
            )
    return tuple(shape)


@known_layer
class SpatialDropout1D(Dropout):
    """Sets a random share of the features to zero, each for the whole sequence.

    Args:
        rate: the share, from 0 to 1.
        seed: makes the masks repeatable.
        name: the layer's name.
        dtype: element type.

    Reference: Tompson et al., "Efficient Object Localization" (2014).
    """

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(rate, (None, 1, None), seed, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=3)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}


@known_layer
class SpatialDropout2D(Dropout):
    """Sets a random share of the channels to zero, each for the whole picture.

    Args:
        rate: the share, from 0 to 1.
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
        seed: makes the masks repeatable.
        name: the layer's name.
        dtype: element type.
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.data_format = checked_data_format("SpatialDropout2D", data_format)
        last = self.data_format == "channels_last"
        noise_shape = (None, 1, 1, None) if last else (None, None, 1, 1)
        super().__init__(rate, noise_shape, seed, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=4)

    def get_config(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "seed": self.seed,
            "name": self.name,
            "dtype": self.dtype,
            "data_format": self.data_format,
        }


@known_layer
class GaussianNoise(Layer):
    """Adds normally distributed numbers while training.

    Args:
        stddev: their standard deviation.
        seed: makes them repeatable.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = not_negative("GaussianNoise", "stddev", stddev)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        noise = self.seed_generator.generator().normal(0.0, self.stddev, inputs.shape)
        return inputs + noise.astype(self.variable_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"stddev": self.stddev, "seed": self.seed}


@known_layer
class GaussianDropout(Layer):
    """Multiplies by normally distributed numbers of mean 1 while training.

    Args:
        rate: as that of a `Dropout` with the same mean and variance, from 0 to below 1: the
            numbers' standard deviation is `sqrt(rate / (1 - rate))`.
        seed: makes them repeatable.

    Raises:
        ValueError: for a rate outside of that.

    Reference: Srivastava et al., "Dropout" (2014), section 10.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = _below_one("GaussianDropout", rate)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        stddev = math.sqrt(self.rate / (1 - self.rate))
        factors = self.seed_generator.generator().normal(1.0, stddev, inputs.shape)
        return inputs * factors.astype(self.variable_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate, "seed": self.seed}


@known_layer
class AlphaDropout(Layer):
    """Dropout for `selu`: dropped inputs become its lower bound; mean and variance stay.

    Args:
        rate: the share that is dropped, from 0 to below 1.
        noise_shape: as in `Dropout`.
        seed: makes the masks repeatable.

    Raises:
        ValueError: for a rate outside of that.

    Reference: Klambauer et al., "Self-Normalizing Neural Networks" (2017).
    """

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = _below_one("AlphaDropout", rate)
        self.noise_shape = _noise_shape(noise_shape)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        key = self.seed_generator.next()
        ones = np.ones(inputs.shape, self.variable_dtype)
        kept = (np.asarray(ops.dropout(ones, self.rate, key, self.noise_shape)) > 0).astype(
            self.variable_dtype
        )
        factor = ((1 - self.rate) * (1 + self.rate * _SELU_BOUND**2)) ** -0.5
        offset = -factor * _SELU_BOUND * self.rate
        return (inputs * kept + _SELU_BOUND * (1 - kept)) * factor + offset

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }


def _below_one(layer: str, rate: Any) -> float:
    if fraction(layer, "rate", rate) == 1:
        raise ValueError(f"{layer} expected rate to be below 1, got {rate!r}.")
    return float(rate)


@known_layer
class ActivityRegularization(Layer):
    """Passes its input on, and adds a penalty on it to the loss.

    Args:
        l1: factor of the sum of the absolute values.
        l2: factor of the sum of the squares.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config | {"l1": self.l1, "l2": self.l2}
