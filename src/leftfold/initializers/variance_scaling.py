"""Initialisers whose spread follows from the number of inputs and outputs of the weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from leftfold.initializers.random import _TRUNCATED_SPREAD, RandomInitializer

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


class VarianceScaling(RandomInitializer):
    """Random values of variance `scale / n`, where `n` is a number of inputs or outputs.

    Args:
        scale: positive factor.
        mode: what `n` is: `"fan_in"` (inputs), `"fan_out"` (outputs), `"fan_avg"` (their mean).
        distribution: `"truncated_normal"` (also `"normal"`), `"untruncated_normal"` or
            `"uniform"`.
        seed: see `RandomInitializer`.
        input_axes: axes whose sizes multiply to the number of inputs; with `output_axes`
            replaces the usual reading of the shape.
        output_axes: axes whose sizes multiply to the number of outputs.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if scale <= 0:
            raise ValueError(f"VarianceScaling expected scale to be positive, got {scale}.")
        if mode not in _MODES:
            raise ValueError(
                f"VarianceScaling expected mode to be one of {', '.join(_MODES)}, got {mode!r}."
            )
        if distribution not in _DISTRIBUTIONS:
            raise ValueError(
                f"VarianceScaling expected distribution to be one of {', '.join(_DISTRIBUTIONS)}, "
                f"got {distribution!r}."
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        counts = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        variance = self.scale / max(1.0, counts[self.mode])
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return self._uniform(shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return self._normal(shape, 0.0, math.sqrt(variance), dtype)
        return self._truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_SPREAD, dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            "seed": self._initial_seed,
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """The number of inputs and of outputs of a weight.

    A matrix maps its rows to its columns (the matrices of all gates count as one); a
    convolution's last two sizes are channels in and out, each seen at every position of the
    kernel.
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[i] for i in input_axes), math.prod(shape[i] for i in output_axes)
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    positions = math.prod(shape[:-2])
    return shape[-2] * positions, shape[-1] * positions


class _Preset(VarianceScaling):
    """A variance scaling whose scale, mode and distribution have a name of their own.

    Args:
        seed: see `RandomInitializer`.
        input_axes: see `VarianceScaling`.
        output_axes: see `VarianceScaling`.
    """

    _preset: ClassVar[tuple[float, str, str]]

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._preset, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        return {
            "seed": self._initial_seed,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class GlorotUniform(_Preset):
    """Uniform with variance 2 / (inputs + outputs), also called Xavier; the default of kernels.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010. Arguments: `seed`, `input_axes`, `output_axes`.
    """

    _preset = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Truncated normal with variance 2 / (inputs + outputs); see `GlorotUniform`."""

    _preset = (1.0, "fan_avg", "truncated_normal")


class LecunUniform(_Preset):
    """Uniform with variance 1 / inputs.

    LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998. Arguments: `seed`,
    `input_axes`, `output_axes`.
    """

    _preset = (1.0, "fan_in", "uniform")


class LecunNormal(_Preset):
    """Truncated normal with variance 1 / inputs; see `LecunUniform`."""

    _preset = (1.0, "fan_in", "truncated_normal")


class HeUniform(_Preset):
    """Uniform with variance 2 / inputs, for ReLU.

    He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015. Arguments: `seed`,
    `input_axes`, `output_axes`.
    """

    _preset = (2.0, "fan_in", "uniform")


class HeNormal(_Preset):
    """Truncated normal with variance 2 / inputs, for ReLU; see `HeUniform`."""

    _preset = (2.0, "fan_in", "truncated_normal")
