"""One number for each feature out of every window of timesteps, or of rows and columns."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.reshaping import checked_data_format
from leftfold.layers.serialization import known_layer
from leftfold.ops.sliding_pools import pool_shape
from leftfold.ops.windows import per_axis, windows


class _Pooling(Layer):
    """Base: one number for each feature out of every window along `rank` axes."""

    rank = 1

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        name: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        cls = type(self).__name__
        self.pool_size = per_axis(cls, "pool_size", pool_size, self.rank)
        strides = self.pool_size if strides is None else strides
        over = windows(cls, self.rank, self.pool_size, strides, padding, names=("valid", "same"))
        self.strides = over.strides
        self.padding = over.padding
        self.data_format = checked_data_format(cls, data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _geometry(self) -> tuple[Any, ...]:
        return self.pool_size, self.strides, self.padding, self.data_format

    def compute_output_shape(self, input_shape: Any) -> Any:
        return pool_shape(self._called, tuple(input_shape), *self._geometry)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


@known_layer
class MaxPooling1D(_Pooling):
    """The maximum of each feature over every window of timesteps.

    Args:
        pool_size: timesteps of a window.
        strides: how far the window moves; by its own size by default.
        padding: `"valid"`: whole windows only; `"same"`: one for every `strides` timesteps.
        data_format: `"channels_last"` for inputs `(batch, timesteps, features)`,
            `"channels_first"` for `(batch, features, timesteps)`.
        name: the layer's name.

    Raises:
        ValueError: for arguments that cannot be meant, or inputs shorter than a window.

    Example:
        >>> import numpy as np
        >>> MaxPooling1D(2)(np.array([[[1.0], [4.0], [2.0], [3.0]]])).tolist()
        [[[4.0], [3.0]]]
    """

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        return ops.max_pool(inputs, *self._geometry)


@known_layer
class AveragePooling1D(_Pooling):
    """The mean of each feature over every window of timesteps; padding does not count.

    Args:
        pool_size: timesteps of a window.
        strides: how far the window moves; by its own size by default.
        padding: `"valid"`: whole windows only; `"same"`: one for every `strides` timesteps.
        data_format: `"channels_last"` for inputs `(batch, timesteps, features)`,
            `"channels_first"` for `(batch, features, timesteps)`.
        name: the layer's name.

    Raises:
        ValueError: for arguments that cannot be meant, or inputs shorter than a window.

    Example:
        >>> import numpy as np
        >>> AveragePooling1D(2)(np.array([[[1.0], [4.0], [2.0], [3.0]]])).tolist()
        [[[2.5], [2.5]]]
    """

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        return ops.average_pool(inputs, *self._geometry)


@known_layer
class MaxPooling2D(_Pooling):
    """The maximum of each channel over every window of rows and columns.

    Args:
        pool_size: the window's size, one number or one for each axis.
        strides: how far the window moves; by its own size by default.
        padding: `"valid"` or `"same"`, as in `MaxPooling1D`.
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
        name: the layer's name.
    """

    rank = 2

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        return ops.max_pool(inputs, *self._geometry)


@known_layer
class MaxPooling3D(_Pooling):
    """The maximum of each channel over every window of planes, rows and columns.

    Args:
        pool_size: the window's size, one number or one for each axis.
        strides: how far the window moves; by its own size by default.
        padding: `"valid"` or `"same"`, as in `MaxPooling1D`.
        data_format: `"channels_last"` for inputs `(batch, planes, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, planes, rows, columns)`.
        name: the layer's name.
    """

    rank = 3

    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        return ops.max_pool(inputs, *self._geometry)


@known_layer
class AveragePooling2D(_Pooling):
    """The mean of each channel over every window of rows and columns.

    Args:
        pool_size: the window's size, one number or one for each axis.
        strides: how far the window moves; by its own size by default.
        padding: `"valid"` or `"same"`, as in `AveragePooling1D`.
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
        name: the layer's name.
    """

    rank = 2

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        return ops.average_pool(inputs, *self._geometry)


@known_layer
class AveragePooling3D(_Pooling):
    """The mean of each channel over every window of planes, rows and columns.

    Args:
        pool_size: the window's size, one number or one for each axis.
        strides: how far the window moves; by its own size by default.
        padding: `"valid"` or `"same"`, as in `AveragePooling1D`.
        data_format: `"channels_last"` for inputs `(batch, planes, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, planes, rows, columns)`.
        name: the layer's name.
    """

    rank = 3

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        return ops.average_pool(inputs, *self._geometry)
