"""Convolutions over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leftfold import activations, constraints, initializers, ops, regularizers
from leftfold.layers.checks import positive_integer
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.reshaping import checked_data_format
from leftfold.layers.serialization import known_layer
from leftfold.ops.convolution import conv_shape, conv_with_bias
from leftfold.ops.windows import per_axis, windows

Part = tuple[Any, Any, Any]
"""Initialiser, regulariser and constraint of a weight."""


class Convolution(Layer):
    """Base of the convolutions over time: windows, weights, bias, activation, configuration.

    Args:
        kernel_size: timesteps that a window sees.
        strides: how far the window moves.
        padding: one of `paddings`.
        data_format: where the channels are.
        dilation_rate: distance of the timesteps that a window sees.
        activation: of the outputs.
        use_bias: whether there is a bias.
        parts: for each weight how it begins, what it costs and what is done to it. The arguments
            `<part>_initializer`, `<part>_regularizer` and `<part>_constraint` become attributes.
    """

    paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        parts: Mapping[str, Part],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        cls = type(self).__name__
        self.kernel_size = per_axis(cls, "kernel_size", kernel_size, 1)
        over = windows(cls, 1, self.kernel_size, strides, padding, dilation_rate, self.paddings)
        if over.strides > (1,) and over.dilation > (1,):
            raise ValueError(
                f"{cls} expected strides or dilation_rate to be 1, got strides {over.strides} and "
                f"dilation_rate {over.dilation}."
            )
        self.strides = over.strides
        self.padding = over.padding
        self.data_format = checked_data_format(cls, data_format)
        self.dilation_rate = over.dilation
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        for part, (initializer, regularizer, constraint) in parts.items():
            setattr(self, f"{part}_initializer", initializers.get(initializer))
            setattr(self, f"{part}_regularizer", regularizers.get(regularizer))
            setattr(self, f"{part}_constraint", constraints.get(constraint))
        self._parts = tuple(parts)
        self.bias: Any = None
        self.input_spec = InputSpec(ndim=3)

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else 2

    @property
    def _geometry(self) -> tuple[Any, ...]:
        """What the operations call strides, padding, data_format and dilation_rate."""
        return self.strides, self.padding, self.data_format, self.dilation_rate

    def _channels(self, input_shape: Any) -> int:
        """The number of channels of the inputs.

        Raises:
            ValueError: where that is unknown, or the rank is not 3.
        """
        if len(input_shape) != 3 or input_shape[self._channel_axis] is None:
            named = "timesteps, channels" if self._channel_axis == 2 else "channels, timesteps"
            raise ValueError(
                f"{self._called} expected inputs of shape (batch, {named}) with a known number of "
                f"channels, got {tuple(input_shape)}."
            )
        return int(input_shape[self._channel_axis])

    def _add_part(self, part: str, name: str, shape: tuple[int, ...]) -> Any:
        """The weight of a part."""
        return self.add_weight(
            shape,
            getattr(self, f"{part}_initializer"),
            regularizer=getattr(self, f"{part}_regularizer"),
            constraint=getattr(self, f"{part}_constraint"),
            name=name,
        )

    def _finish(self, input_shape: Any, filters: int) -> None:
        """The end of `build`: the bias, and what later inputs must have."""
        self.compute_output_shape(input_shape)
        if self.use_bias:
            self.bias = self._add_part("bias", "bias", (filters,))
        axes = {self._channel_axis: input_shape[self._channel_axis]}
        self.input_spec = InputSpec(ndim=3, axes=axes)

    def _activated(self, outputs: Any) -> Any:
        return outputs if self.activation is activations.linear else self.activation(outputs)

    def _biased(self, outputs: Any) -> Any:
        """The outputs with the bias of their channel."""
        if self.bias is None:
            return outputs
        behind = 2 - self._channel_axis
        return outputs + ops.reshape(self.bias, (-1, *[1] * behind))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }
        for part in self._parts:
            for kind, module in (
                ("initializer", initializers),
                ("regularizer", regularizers),
                ("constraint", constraints),
            ):
                config[f"{part}_{kind}"] = module.serialize(getattr(self, f"{part}_{kind}"))
        return config


@known_layer
class Conv1D(Convolution):
    """Every output sees a few neighbouring timesteps, all with the same weights.

    Args:
        filters: number of outputs at a timestep.
        kernel_size: how many timesteps an output sees.
        strides: an output every that many timesteps.
        padding: `"valid"`: outputs only where all timesteps they see exist; `"same"`: as many as
            timesteps, seen around each; `"causal"`: as many, none sees what comes after it.
        data_format: `"channels_last"` for inputs `(batch, timesteps, channels)`,
            `"channels_first"` for `(batch, channels, timesteps)`.
        dilation_rate: distance of the timesteps that an output sees.
        groups: the channels are split into that many groups, each with its share of the filters.
        activation: by name or function; none by default.
        use_bias: whether there is a `bias`.
        kernel_initializer: first values of `kernel`, (kernel_size, channels // groups, filters).
        bias_initializer: first values of `bias`, (filters,).
        kernel_regularizer: penalty on `kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to `kernel` after every update.
        bias_constraint: applied to `bias` after every update.

    Raises:
        ValueError: for arguments that cannot be meant, or inputs shorter than `kernel_size`.

    Example:
        >>> import numpy as np
        >>> Conv1D(4, 3, activation="relu")(np.ones((2, 10, 5))).shape
        (2, 8, 4)
    """

    paddings = ("valid", "same", "causal")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        parts = {
            "kernel": (kernel_initializer, kernel_regularizer, kernel_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, parts,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        self.filters = positive_integer("Conv1D", "filters", filters)
        self.groups = positive_integer("Conv1D", "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"Conv1D expected filters to be a multiple of groups, got {filters} filters and "
                f"{groups} groups."
            )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{self._called} expected a number of channels that {self.groups} groups can "
                f"share, got {channels} (input shape {tuple(input_shape)})."
            )
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self._add_part("kernel", "kernel", shape)
        self._finish(input_shape, self.filters)

    def call(self, inputs: Any) -> Any:
        return self._activated(conv_with_bias(inputs, self.kernel, self.bias, *self._geometry))

    def compute_output_shape(self, input_shape: Any) -> Any:
        kernel = (*self.kernel_size, self._channels(input_shape) // self.groups, self.filters)
        return conv_shape(self._called, input_shape, kernel, *self._geometry)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"filters": self.filters, "groups": self.groups}
