"""What all convolutions have in common: windows, weights, bias, activation, configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leftfold import activations, constraints, initializers, ops, regularizers
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.reshaping import checked_data_format
from leftfold.ops.windows import per_axis, windows

Part = tuple[Any, Any, Any]
"""Initialiser, regulariser and constraint of a weight."""


_AXES = {1: "timesteps", 2: "rows, columns", 3: "planes, rows, columns"}


class Convolution(Layer):
    """Base of the convolutions.

    Subclasses set `rank`, the number of axes that windows move along, and may set `paddings`.

    Args:
        kernel_size: elements that a window sees.
        strides: how far the window moves.
        padding: one of `paddings`.
        data_format: where the channels are.
        dilation_rate: distance of the elements that a window sees.
        activation: of the outputs.
        use_bias: whether there is a bias.
        parts: for each weight how it begins, what it costs and what is done to it. The arguments
            `<part>_initializer`, `<part>_regularizer` and `<part>_constraint` become attributes.
    """

    rank = 1
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
        self.kernel_size = per_axis(cls, "kernel_size", kernel_size, self.rank)
        over = windows(
            cls, self.rank, self.kernel_size, strides, padding, dilation_rate, self.paddings
        )
        if max(over.strides) > 1 and max(over.dilation) > 1:
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
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else self.rank + 1

    @property
    def _geometry(self) -> tuple[Any, ...]:
        """What the operations call strides, padding, data_format and dilation_rate."""
        return self.strides, self.padding, self.data_format, self.dilation_rate

    def _channels(self, input_shape: Any) -> int:
        """The number of channels of the inputs.

        Raises:
            ValueError: where that is unknown, or the inputs have another number of axes.
        """
        if len(input_shape) != self.rank + 2 or input_shape[self._channel_axis] is None:
            first = self.data_format == "channels_first"
            named = ("channels, {}" if first else "{}, channels").format(_AXES[self.rank])
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
        self.input_spec = InputSpec(ndim=self.rank + 2, axes=axes)

    def _activated(self, outputs: Any) -> Any:
        if self.activation is None or self.activation is activations.linear:
            return outputs
        return self.activation(outputs)

    def _biased(self, outputs: Any) -> Any:
        """The outputs with the bias of their channel."""
        if self.bias is None:
            return outputs
        behind = self.rank + 1 - self._channel_axis
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
