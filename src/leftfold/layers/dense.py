"""`Dense`: every output sees every input."""

from __future__ import annotations

from typing import Any

from leftfold import activations, constraints, initializers, ops, regularizers
from leftfold.layers.checks import positive_integer
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


@known_layer
class Dense(Layer):
    """`activation(inputs @ kernel + bias)` along the last axis.

    Args:
        units: size of the output.
        activation: by name or function; none by default.
        use_bias: whether there is a `bias`.
        kernel_initializer: first values of `kernel`, (features, units).
        bias_initializer: first values of `bias`, (units,).
        kernel_regularizer: penalty on `kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to `kernel` after every update.
        bias_constraint: applied to `bias` after every update.

    Raises:
        ValueError: when `units` is not a positive integer.

    Example:
        >>> import numpy as np
        >>> Dense(3, activation="relu")(np.ones((2, 5))).shape
        (2, 3)
    """

    steady = True

    def __init__(
        self,
        units: int,
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
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive_integer("Dense", "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        self.kernel = self.add_weight(
            (features, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Any) -> Any:
        outputs = ops.dense(inputs, self.kernel, self.bias, bfloat16=self._bfloat16)
        if self.activation is None or self.activation is activations.linear:
            return outputs
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
