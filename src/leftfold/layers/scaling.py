"""Vectors of a given length or size."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


@known_layer
class UnitNormalization(Layer):
    """Each vector divided by its length.

    Args:
        axis: the axis or axes along which a vector lies.

    Example:
        >>> import numpy as np
        >>> np.asarray(UnitNormalization()(np.array([[3.0, 4.0]]))).round(3).tolist()
        [[0.6000000238418579, 0.800000011920929]]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _axes("UnitNormalization", axis)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)

    def compute_output_shape(self, input_shape: Any) -> Any:
        _check_axes(self._called, self.axis, input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}


@known_layer
class RMSNormalization(Layer):
    """Each vector divided by the root of its mean square, times a factor for each feature.

    Args:
        axis: the axis or axes of the features.
        epsilon: added to the mean square.

    Reference: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _axes("RMSNormalization", axis)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        _check_axes(self._called, self.axis, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        sizes = tuple(input_shape[axis] for axis in self.axis)
        self.scale = self.add_weight(sizes, "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        along = [1] * inputs.ndim
        for axis, size in zip(self.axis, self.scale.shape, strict=True):
            along[axis] = size
        scale = ops.reshape(self.scale, along)
        return ops.rms_normalization(inputs, scale, self.axis, self.epsilon)

    def compute_output_shape(self, input_shape: Any) -> Any:
        _check_axes(self._called, self.axis, input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis, "epsilon": self.epsilon}


def _axes(layer: str, axis: Any) -> Any:
    """An integer or a list of them.

    Raises:
        TypeError: for anything else.
    """
    axes = list(axis) if isinstance(axis, list | tuple) else [axis]
    if not axes or not all(isinstance(each, int) for each in axes):
        raise TypeError(f"{layer} expected axis to be an integer or a list of them, got {axis!r}.")
    return axes if isinstance(axis, list | tuple) else axis


def _check_axes(called: str, axis: Any, shape: Any) -> None:
    for each in axis if isinstance(axis, list) else [axis]:
        if not -len(shape) <= each < len(shape):
            raise ValueError(f"{called} has no axis {each} in inputs of shape {tuple(shape)}.")
