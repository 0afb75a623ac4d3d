"""Several timesteps in one: windows of them, or the whole sequence."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.reshaping import checked_data_format
from leftfold.layers.serialization import known_layer
from leftfold.ops.pooling import masked_max, masked_mean
from leftfold.ops.sliding_pools import pool_shape
from leftfold.ops.windows import per_axis, windows


class _GlobalPooling1D(Layer):
    """Base: one number for each feature out of all timesteps that count."""

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_data_format(type(self).__name__, data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=3)
        self.supports_masking = True
        self._axis = 1 if self.data_format == "channels_last" else 2

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        if self.keepdims:
            shape[self._axis] = 1
        else:
            del shape[self._axis]
        return tuple(shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: the timesteps are gone."""
        return None

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format, "keepdims": self.keepdims}


@known_layer
class GlobalAveragePooling1D(_GlobalPooling1D):
    """The mean of each feature over the timesteps that are not masked.

    A sequence that is masked throughout gives zeros.

    Args:
        data_format: `"channels_last"` for inputs `(batch, timesteps, features)`,
            `"channels_first"` for `(batch, features, timesteps)`.
        keepdims: whether to keep the axis of the timesteps, with size 1.

    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling1D()(np.array([[[1.0], [3.0]]])).tolist()
        [[2.0]]
    """

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.mean(inputs, axis=self._axis, keepdims=self.keepdims)
        return masked_mean(inputs, mask, self._axis, self.keepdims)


@known_layer
class GlobalMaxPooling1D(_GlobalPooling1D):
    """The maximum of each feature over the timesteps that are not masked.

    A sequence that is masked throughout gives zeros.

    Args:
        data_format: `"channels_last"` for inputs `(batch, timesteps, features)`,
            `"channels_first"` for `(batch, features, timesteps)`.
        keepdims: whether to keep the axis of the timesteps, with size 1.
    """

    def call(self, inputs: Any) -> Any:
        # Keras's layer has no argument `mask`, and files name the arguments of each call.
        mask = inputs._keras_mask
        if mask is None:
            return ops.max(inputs, axis=self._axis, keepdims=self.keepdims)
        return masked_max(inputs, mask, self._axis, self.keepdims)


class _Pooling1D(Layer):
    """Base: one number for each feature out of every window of timesteps."""

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
        self.pool_size = per_axis(cls, "pool_size", pool_size, 1)
        strides = self.pool_size if strides is None else strides
        over = windows(cls, 1, self.pool_size, strides, padding, names=("valid", "same"))
        self.strides = over.strides
        self.padding = over.padding
        self.data_format = checked_data_format(cls, data_format)
        self.input_spec = InputSpec(ndim=3)

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
class MaxPooling1D(_Pooling1D):
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
class AveragePooling1D(_Pooling1D):
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
