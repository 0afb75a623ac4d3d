"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from leftfold import activations, constraints, initializers, ops, regularizers
from leftfold.layers.checks import not_negative
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


class _Elementwise(Layer):
    """A layer whose output has the shape and the mask of its input."""

    steady = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@known_layer
class Activation(_Elementwise):
    """Any activation function.

    Args:
        activation: by name or function.

    Example:
        >>> import numpy as np
        >>> Activation("relu")(np.array([[-1.0, 2.0]])).tolist()
        [[0.0, 2.0]]
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"activation": activations.serialize(self.activation)}


@known_layer
class ReLU(_Elementwise):
    """`max(x, 0)`, with an optional ceiling, slope below and threshold.

    Args:
        max_value: the ceiling; none by default.
        negative_slope: slope below the threshold.
        threshold: where the function leaves zero.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else not_negative("ReLU", "max_value", max_value)
        self.negative_slope = not_negative("ReLU", "negative_slope", negative_slope)
        self.threshold = not_negative("ReLU", "threshold", threshold)

    def call(self, inputs: Any) -> Any:
        return activations.relu(
            inputs,
            negative_slope=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


@known_layer
class LeakyReLU(_Elementwise):
    """`x` where it is positive, else `negative_slope * x`.

    Args:
        negative_slope: slope below zero (`alpha` in older code).
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        self.negative_slope = not_negative("LeakyReLU", "negative_slope", negative_slope)

    def call(self, inputs: Any) -> Any:
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"negative_slope": self.negative_slope}


@known_layer
class ELU(_Elementwise):
    """`x` where it is positive, else `alpha * (exp(x) - 1)` (Clevert et al. 2015).

    Args:
        alpha: the limit far below zero is `-alpha`.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        return ops.elu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"alpha": self.alpha}


@known_layer
class Softmax(_Elementwise):
    """Positive numbers along an axis that sum to 1.

    Args:
        axis: the axis, or several.

    Call arguments:
        inputs: logits.
        mask: boolean, broadcasting against the inputs; where it is `False` the result is 0.
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.softmax(inputs, axis=self.axis)
        lowest = -3e4 if inputs.dtype == "float16" else -1e9
        outputs = ops.softmax(ops.where(mask, inputs, lowest), axis=self.axis)
        return ops.where(mask, outputs, 0)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}


@known_layer
class PReLU(_Elementwise):
    """`x` where it is positive, else `alpha * x` with `alpha` learnt (He et al. 2015).

    Args:
        alpha_initializer: first values of `alpha`.
        alpha_regularizer: penalty on `alpha`.
        alpha_constraint: applied to `alpha` after every update.
        shared_axes: axes along which `alpha` is the same; `[1]` for sequences.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, list | tuple):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape: Any) -> None:
        shared = self.shared_axes or []
        sizes = [1 if axis in shared else n for axis, n in enumerate(input_shape)][1:]
        self.alpha = self.add_weight(
            sizes,
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        own = {axis: n for axis, n in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=own)

    def call(self, inputs: Any) -> Any:
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


@known_layer
class Identity(_Elementwise):
    """Passes its input on."""

    def call(self, inputs: Any) -> Any:
        return inputs
