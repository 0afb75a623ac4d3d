"""Convolutions backwards: from few places to many."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.layers.checks import positive_integer
from leftfold.layers.convolution_base import Convolution, Part
from leftfold.layers.serialization import known_layer
from leftfold.ops.transposed_convolution import conv_transpose_shape, output_paddings


class _ConvTranspose(Convolution):
    """Base of `Conv1DTranspose` and `Conv2DTranspose`, whose arguments are explained there."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any,
        padding: str,
        output_padding: Any,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        kernel: Part,
        bias: Part,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            {"kernel": kernel, "bias": bias}, **kwargs,
        )  # fmt: skip
        cls = type(self).__name__
        self.filters = positive_integer(cls, "filters", filters)
        self.output_padding = output_paddings(cls, output_padding, self.strides)

    @property
    def _geometry(self) -> tuple[Any, ...]:
        strides, padding, data_format, dilation_rate = super()._geometry
        return strides, padding, self.output_padding, data_format, dilation_rate

    def build(self, input_shape: Any) -> None:
        shape = (*self.kernel_size, self.filters, self._channels(input_shape))
        self.kernel = self._add_part("kernel", "kernel", shape)
        self._finish(input_shape, self.filters)

    def call(self, inputs: Any) -> Any:
        outputs = ops.conv_transpose(inputs, self.kernel, *self._geometry)
        return self._activated(self._biased(outputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        kernel = (*self.kernel_size, self.filters, self._channels(input_shape))
        return conv_transpose_shape(self._called, input_shape, kernel, *self._geometry)

    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "output_padding": self.output_padding}
        return super().get_config() | own


@known_layer
class Conv1DTranspose(_ConvTranspose):
    """The way back from a `Conv1D`: every timestep adds a window of its own to the outputs.

    Args:
        filters: number of outputs at a timestep.
        kernel_size: how many timesteps of the outputs an input reaches.
        strides: timesteps of the outputs for each of the inputs.
        padding: `"valid"`: all that the inputs reach; `"same"`: `strides` times as many timesteps.
        output_padding: timesteps of the outputs beyond the last input's own, fewer than
            `strides`; chosen by `padding` where it is `None`.
        data_format: `"channels_last"` for inputs `(batch, timesteps, channels)`,
            `"channels_first"` for `(batch, channels, timesteps)`.
        dilation_rate: distance of the timesteps that an input reaches.
        activation: by name or function; none by default.
        use_bias: whether there is a `bias`.
        kernel_initializer: first values of `kernel`, (kernel_size, filters, channels).
        bias_initializer: first values of `bias`, (filters,).
        kernel_regularizer: penalty on `kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to `kernel` after every update.
        bias_constraint: applied to `bias` after every update.

    Raises:
        ValueError: for arguments that cannot be meant.

    Example:
        >>> import numpy as np
        >>> Conv1DTranspose(4, 3, strides=2, padding="same")(np.ones((2, 10, 5))).shape
        (2, 20, 4)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        super().__init__(
            filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate,
            activation, use_bias, (kernel_initializer, kernel_regularizer, kernel_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip


@known_layer
class Conv2DTranspose(_ConvTranspose):
    """As `Conv1DTranspose`, along rows and columns.

    Args:
        filters: number of outputs at a place.
        kernel_size: rows and columns that an input reaches, one number for both or two.
        strides: rows and columns of the outputs for each of the inputs, one number or two.
        padding: as in `Conv1DTranspose`.
        output_padding: as in `Conv1DTranspose`, one number or two.
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
        dilation_rate: as in `Conv1DTranspose`.
        activation: as in `Conv1DTranspose`.
        use_bias: as in `Conv1DTranspose`.
        kernel_initializer: as in `Conv1DTranspose`.
        bias_initializer: as in `Conv1DTranspose`.
        kernel_regularizer: as in `Conv1DTranspose`.
        bias_regularizer: as in `Conv1DTranspose`.
        activity_regularizer: as in `Conv1DTranspose`.
        kernel_constraint: as in `Conv1DTranspose`.
        bias_constraint: as in `Conv1DTranspose`.
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
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
        super().__init__(
            filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate,
            activation, use_bias, (kernel_initializer, kernel_regularizer, kernel_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
