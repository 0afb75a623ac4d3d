"""`ConvLSTMCell`: one step of an LSTM whose states are pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.layers.checks import positive_integer
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.recurrent.lstm import LSTMCell
from leftfold.layers.reshaping import checked_data_format
from leftfold.layers.serialization import known_layer
from leftfold.ops.convolution import conv_shape, conv_with_bias
from leftfold.ops.windows import per_axis, windows


@known_layer
class ConvLSTMCell(LSTMCell):
    """An `LSTMCell` with convolutions in the place of products.

    Args:
        rank: number of axes that windows move along.
        filters: channels of the states and of the output.
        kernel_size: window of both convolutions.
        strides: of the convolution of the inputs.
        padding: of the convolution of the inputs; that of the state keeps its size.
        data_format: where the channels are.
        dilation_rate: of the convolution of the inputs.
        cell: the other arguments of `LSTMCell`, in its order.
        **kwargs: those of every layer.

    Call arguments:
        inputs: `(batch, *sizes, channels)`, or `(batch, channels, *sizes)`.
        states: `[h, c]`, each of the output's shape.
        training: whether to drop.

    Reference: Shi et al., "Convolutional LSTM Network" (2015).
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        cell: Sequence[Any] = (),
        **kwargs: Any,
    ) -> None:
        called = f"ConvLSTM{rank}D"
        filters = positive_integer(called, "filters", filters)
        super().__init__(filters, *cell, implementation=1, **kwargs)
        self.rank = rank
        self.filters = filters
        self.kernel_size = per_axis(called, "kernel_size", kernel_size, rank)
        over = windows(
            called, rank, self.kernel_size, strides, padding, dilation_rate, ("valid", "same")
        )
        if max(over.strides) > 1 and max(over.dilation) > 1:
            raise ValueError(
                f"{called} expected strides or dilation_rate to be 1, got strides {over.strides} "
                f"and dilation_rate {over.dilation}."
            )
        self.strides = over.strides
        self.padding = over.padding
        self.data_format = checked_data_format(called, data_format)
        self.dilation_rate = over.dilation
        self.input_spec = InputSpec(ndim=rank + 2)

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else self.rank + 1

    def build(self, input_shape: Any) -> None:
        """Create the weights for inputs of that shape, all of whose sizes must be known."""
        if len(input_shape) != self.rank + 2 or None in input_shape[1:]:
            raise ValueError(
                f"ConvLSTM{self.rank}D expected inputs of shape (batch, timesteps, ...) with "
                f"{self.rank + 1} more axes of known sizes, got {tuple(input_shape)} for a step."
            )
        channels = input_shape[self._channel_axis]
        self.state_shape = self.compute_step_shape(input_shape)[1:]
        for name, seen in (("kernel", channels), ("recurrent_kernel", self.filters)):
            part = name.removesuffix("_kernel")
            weight = self.add_weight(
                shape=(*self.kernel_size, seen, 4 * self.filters),
                initializer=getattr(self, f"{part}_initializer"),
                name=name,
                regularizer=getattr(self, f"{part}_regularizer"),
                constraint=getattr(self, f"{part}_constraint"),
            )
            setattr(self, name, weight)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self._bias_shape(),
                initializer=self._first_bias,
                name="bias",
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.built = True

    def compute_step_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output and of both states for a step of that shape."""
        kernel = (*self.kernel_size, input_shape[self._channel_axis], self.filters)
        geometry = self.strides, self.padding, self.data_format, self.dilation_rate
        return conv_shape(f"ConvLSTM{self.rank}D", input_shape, kernel, *geometry)

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Zeros for both states."""
        shape = (batch_size, *self.state_shape)
        return [ops.zeros(shape, dtype=self.variable_dtype) for _ in range(2)]

    def masks(self, step: Any, training: bool | None) -> tuple[Any, Any]:
        """The dropout masks for inputs like `step` and for the state, `None` for no dropout.

        Args:
            step: anything with the shape and type of a step.
            training: whether anything drops at all.
        """
        if not training:
            return None, None
        state = np.broadcast_to(
            np.zeros((), self.variable_dtype), (step.shape[0], *self.state_shape)
        )
        return self.get_dropout_mask(step), self.get_recurrent_dropout_mask(state)

    def project_inputs(self, inputs: Any, masks: Any) -> Any:
        """What the inputs contribute to all gates, on the channels' axis.

        Args:
            inputs: steps, any number of them along the first axis.
            masks: for each gate a mask of the inputs' shape, or `None`.
        """
        geometry = self.strides, self.padding, self.data_format, self.dilation_rate
        if masks is None:
            return conv_with_bias(inputs, self.kernel, self.bias, *geometry)
        kernels = ops.split(self.kernel, 4, axis=-1)
        biases = [None] * 4 if self.bias is None else ops.split(self.bias, 4)
        gates = [
            conv_with_bias(inputs * mask, kernel, bias, *geometry)
            for mask, kernel, bias in zip(masks, kernels, biases, strict=True)
        ]
        return ops.concatenate(gates, axis=self._channel_axis)

    def step(self, z_inputs: Any, states: Any, masks: Any) -> tuple[Any, list[Any]]:
        """The output and the new states.

        Args:
            z_inputs: what `project_inputs` gave for the step.
            states: `[h, c]`.
            masks: for each gate a mask of the state, or `None`.
        """
        h, c = states
        if masks is None:
            z = z_inputs + self._project_state(h, self.recurrent_kernel)
        else:
            kernels = ops.split(self.recurrent_kernel, 4, axis=-1)
            pairs = zip(masks, kernels, strict=True)
            gates = [self._project_state(h * mask, kernel) for mask, kernel in pairs]
            z = z_inputs + ops.concatenate(gates, axis=self._channel_axis)
        z_i, z_f, z_c, z_o = ops.split(z, 4, axis=self._channel_axis)
        i, f, o = (self.recurrent_activation(gate) for gate in (z_i, z_f, z_o))
        c = f * c + i * self.activation(z_c)
        h = o * self.activation(c)
        return h, [h, c]

    def _project_state(self, h: Any, kernel: Any) -> Any:
        return ops.conv(h, kernel, padding="same", data_format=self.data_format)

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> Any:
        masks, recurrent_masks = self.masks(inputs, training)
        return self.step(self.project_inputs(inputs, masks), states, recurrent_masks)

    def settings(self) -> dict[str, Any]:
        settings = super().settings()
        del settings["units"]
        return settings | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
        }
