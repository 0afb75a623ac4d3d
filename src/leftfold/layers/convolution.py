"""Convolutions in which every output sees all channels, or all of its group."""

from __future__ import annotations

from typing import Any

from leftfold.layers.checks import positive_integer
from leftfold.layers.convolution_base import Convolution, Part
from leftfold.layers.serialization import known_layer
from leftfold.ops.convolution import conv_shape, conv_with_bias


class _Conv(Convolution):
    """Base of `Conv1D`, `Conv2D` and `Conv3D`, whose arguments are explained there."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        groups: int,
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
        self.groups = positive_integer(cls, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{cls} expected filters to be a multiple of groups, got {self.filters} filters "
                f"and {self.groups} groups."
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


@known_layer
class Conv1D(_Conv):
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
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, groups, activation,
            use_bias, (kernel_initializer, kernel_regularizer, kernel_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip


@known_layer
class Conv2D(_Conv):
    """Every output sees a neighbourhood in rows and columns, all with the same weights.

    Args:
        filters: number of outputs at a place.
        kernel_size: rows and columns that an output sees, one number for both or two.
        strides: how far apart the outputs are, one number or two.
        padding: `"valid"`: outputs only where all they see exists; `"same"`: one for every place.
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
        dilation_rate: distance of the places that an output sees, one number or two.
        groups: the channels are split into that many groups, each with its share of the filters.
        activation: by name or function; none by default.
        use_bias: whether there is a `bias`.
        kernel_initializer: first values of `kernel`, (*kernel_size, channels // groups, filters).
        bias_initializer: first values of `bias`, (filters,).
        kernel_regularizer: penalty on `kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to `kernel` after every update.
        bias_constraint: applied to `bias` after every update.

    Example:
        >>> import numpy as np
        >>> Conv2D(4, 3, padding="same")(np.ones((2, 10, 8, 5))).shape
        (2, 10, 8, 4)
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
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
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, groups, activation,
            use_bias, (kernel_initializer, kernel_regularizer, kernel_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip


@known_layer
class Conv3D(_Conv):
    """As `Conv2D`, along three axes: rows and columns of planes, or of the frames of a film.

    Args:
        filters: number of outputs at a place.
        kernel_size: planes, rows and columns that an output sees, one number for all or three.
        strides: how far apart the outputs are, one number or three.
        padding: as in `Conv2D`.
        data_format: `"channels_last"` for inputs `(batch, planes, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, planes, rows, columns)`.
        dilation_rate: as in `Conv2D`.
        groups: as in `Conv2D`.
        activation: as in `Conv2D`.
        use_bias: as in `Conv2D`.
        kernel_initializer: as in `Conv2D`.
        bias_initializer: as in `Conv2D`.
        kernel_regularizer: as in `Conv2D`.
        bias_regularizer: as in `Conv2D`.
        activity_regularizer: as in `Conv2D`.
        kernel_constraint: as in `Conv2D`.
        bias_constraint: as in `Conv2D`.
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1, 1),
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
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, groups, activation,
            use_bias, (kernel_initializer, kernel_regularizer, kernel_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
