"""`Masking`: which timesteps of a series count."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


@known_layer
class Masking(Layer):
    """Makes the layers behind it skip timesteps in which all features equal `mask_value`.

    Args:
        mask_value: what padding consists of. Skipped steps become zeros.

    Example:
        >>> import numpy as np
        >>> Masking()(np.array([[[1.0, 2.0], [0.0, 0.0]]]))._keras_mask.tolist()
        [[True, False]]
    """

    steady = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        mask = self.compute_mask(inputs)
        outputs = ops.where(ops.expand_dims(mask, -1), inputs, 0)
        outputs._keras_mask = mask
        return outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True where a timestep has any feature that is not `mask_value`."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"mask_value": self.mask_value}
