"""A whole sequence in one vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.reshaping import checked_data_format
from leftfold.layers.serialization import known_layer


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

    def _expanded(self, mask: Any) -> Any:
        """A mask of timesteps, ready to broadcast against the inputs."""
        return ops.expand_dims(mask, 3 - self._axis)

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
        mask = self._expanded(mask)
        total = ops.sum(ops.where(mask, inputs, 0), axis=self._axis, keepdims=self.keepdims)
        count = ops.sum(ops.cast(mask, inputs.dtype), axis=self._axis, keepdims=self.keepdims)
        return ops.divide_no_nan(total, count)


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
        mask = self._expanded(mask)
        lowest = float(np.finfo(inputs.dtype).min)
        largest = ops.max(ops.where(mask, inputs, lowest), self._axis, keepdims=self.keepdims)
        any_step = ops.any(mask, axis=self._axis, keepdims=self.keepdims)
        return ops.where(any_step, largest, 0)
