"""Convolutions over time that look at each channel for itself."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.layers.checks import positive_integer
from leftfold.layers.convolution_base import Convolution
from leftfold.layers.serialization import known_layer
from leftfold.ops.depthwise import depthwise_shape


@known_layer
class DepthwiseConv1D(Convolution):
    """A convolution in which every channel has filters of its own.

    Args:
        kernel_size: how many timesteps an output sees.
        strides: an output every that many timesteps.
        padding: `"valid"` or `"same"`.
        depth_multiplier: outputs for each channel.
        data_format: `"channels_last"` for inputs `(batch, timesteps, channels)`,
            `"channels_first"` for `(batch, channels, timesteps)`.
        dilation_rate: distance of the timesteps that an output sees.
        activation: by name or function; none by default.
        use_bias: whether there is a `bias`.
        depthwise_initializer: first values of `kernel`, (kernel_size, channels,
            depth_multiplier).
        bias_initializer: first values of `bias`, (channels * depth_multiplier,).
        depthwise_regularizer: penalty on `kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        depthwise_constraint: applied to `kernel` after every update.
        bias_constraint: applied to `bias` after every update.

    Raises:
        ValueError: for arguments that cannot be meant, or inputs shorter than `kernel_size`.

    Example:
        >>> import numpy as np
        >>> DepthwiseConv1D(3, depth_multiplier=2)(np.ones((2, 10, 5))).shape
        (2, 8, 10)
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        parts = {
            "depthwise": (depthwise_initializer, depthwise_regularizer, depthwise_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, parts,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = positive_integer(
            "DepthwiseConv1D", "depth_multiplier", depth_multiplier
        )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self._add_part("depthwise", "kernel", shape)
        self._finish(input_shape, channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        outputs = ops.depthwise_conv(inputs, self.kernel, *self._geometry)
        return self._activated(self._biased(outputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        kernel = (*self.kernel_size, self._channels(input_shape), self.depth_multiplier)
        return depthwise_shape(self._called, input_shape, kernel, *self._geometry)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"depth_multiplier": self.depth_multiplier}


@known_layer
class SeparableConv1D(Convolution):
    """A convolution of each channel for itself, then a mixture of all at every timestep.

    Args:
        filters: number of outputs at a timestep.
        kernel_size: how many timesteps an output sees.
        strides: an output every that many timesteps.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` for inputs `(batch, timesteps, channels)`,
            `"channels_first"` for `(batch, channels, timesteps)`.
        dilation_rate: distance of the timesteps that an output sees.
        depth_multiplier: how many numbers the first step makes of each channel.
        activation: by name or function; none by default.
        use_bias: whether there is a `bias`.
        depthwise_initializer: first values of `depthwise_kernel`, (kernel_size, channels,
            depth_multiplier).
        pointwise_initializer: first values of `pointwise_kernel`, (1, channels *
            depth_multiplier, filters).
        bias_initializer: first values of `bias`, (filters,).
        depthwise_regularizer: penalty on `depthwise_kernel`.
        pointwise_regularizer: penalty on `pointwise_kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        depthwise_constraint: applied to `depthwise_kernel` after every update.
        pointwise_constraint: applied to `pointwise_kernel` after every update.
        bias_constraint: applied to `bias` after every update.

    Raises:
        ValueError: for arguments that cannot be meant, or inputs shorter than `kernel_size`.

    Example:
        >>> import numpy as np
        >>> SeparableConv1D(4, 3)(np.ones((2, 10, 5))).shape
        (2, 8, 4)

    Reference: Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions" (2017).
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        parts = {
            "depthwise": (depthwise_initializer, depthwise_regularizer, depthwise_constraint),
            "pointwise": (pointwise_initializer, pointwise_regularizer, pointwise_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, parts,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        self.filters = positive_integer("SeparableConv1D", "filters", filters)
        self.depth_multiplier = positive_integer(
            "SeparableConv1D", "depth_multiplier", depth_multiplier
        )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        depthwise = (*self.kernel_size, channels, self.depth_multiplier)
        pointwise = (1, channels * self.depth_multiplier, self.filters)
        self.depthwise_kernel = self._add_part("depthwise", "depthwise_kernel", depthwise)
        self.pointwise_kernel = self._add_part("pointwise", "pointwise_kernel", pointwise)
        self._finish(input_shape, self.filters)

    def call(self, inputs: Any) -> Any:
        kernels = self.depthwise_kernel, self.pointwise_kernel
        outputs = ops.separable_conv(inputs, *kernels, *self._geometry)
        return self._activated(self._biased(outputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        kernel = (*self.kernel_size, self._channels(input_shape), self.depth_multiplier)
        shape = list(depthwise_shape(self._called, input_shape, kernel, *self._geometry))
        shape[self._channel_axis] = self.filters
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "depth_multiplier": self.depth_multiplier}
        return super().get_config() | own
