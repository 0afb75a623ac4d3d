"""A whole sequence, picture or film in one number for each feature."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.reshaping import checked_data_format
from leftfold.layers.serialization import known_layer
from leftfold.ops.pooling import masked_max, masked_mean


class _GlobalPooling(Layer):
    """Base: one number for each feature out of all that lies along `rank` axes."""

    rank = 1

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_data_format(type(self).__name__, data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        first = 1 if self.data_format == "channels_last" else 2
        self._axes = tuple(range(first, first + self.rank))

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = [1 if axis in self._axes else n for axis, n in enumerate(input_shape)]
        if not self.keepdims:
            sizes = [n for axis, n in enumerate(sizes) if axis not in self._axes]
        return tuple(sizes)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format, "keepdims": self.keepdims}


class _GlobalPooling1D(_GlobalPooling):
    """Base: out of all timesteps that count."""

    steady = True

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True
        self._axis = self._axes[0]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: the timesteps are gone."""
        return None


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


@known_layer
class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of each channel over all rows and columns.

    Args:
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
        keepdims: whether to keep the other axes, with size 1.
    """

    rank = 2

    def call(self, inputs: Any) -> Any:
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


@known_layer
class GlobalAveragePooling3D(_GlobalPooling):
    """The mean of each channel over all planes, rows and columns.

    Args:
        data_format: `"channels_last"` for inputs `(batch, planes, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, planes, rows, columns)`.
        keepdims: whether to keep the other axes, with size 1.
    """

    rank = 3

    def call(self, inputs: Any) -> Any:
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


@known_layer
class GlobalMaxPooling2D(_GlobalPooling):
    """The maximum of each channel over all rows and columns.

    Args:
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
        keepdims: whether to keep the other axes, with size 1.
    """

    rank = 2

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


@known_layer
class GlobalMaxPooling3D(_GlobalPooling):
    """The maximum of each channel over all planes, rows and columns.

    Args:
        data_format: `"channels_last"` for inputs `(batch, planes, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, planes, rows, columns)`.
        keepdims: whether to keep the other axes, with size 1.
    """

    rank = 3

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)
