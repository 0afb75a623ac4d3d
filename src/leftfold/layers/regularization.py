"""Noise during training: layers that pass their input on unchanged otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine.random import SeedGenerator
from leftfold.layers.checks import fraction, not_negative
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


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
        return inputs + noise.astype(self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"stddev": self.stddev, "seed": self.seed}
