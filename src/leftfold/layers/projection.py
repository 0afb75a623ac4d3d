"""`Projection`: a product with a kernel of any number of axes, a part of attention layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from leftfold import ops
from leftfold.initializers import Initializer, VarianceScaling
from leftfold.layers.layer import Layer


class Projection(Layer):
    """`inputs @ kernel + bias` over the last axes of the inputs, to several axes.

    Args:
        axes: how many of the inputs' last axes are summed over.
        sizes: sizes of the axes that take their place.
        use_bias: whether there is a `bias`, of shape `sizes`.
        kernel_initializer: first values of `kernel`, (*summed, *sizes).
        bias_initializer: first values of `bias`.
        kernel_regularizer: penalty on `kernel`.
        bias_regularizer: penalty on `bias`.
        kernel_constraint: applied to `kernel` after every update.
        bias_constraint: applied to `bias` after every update.
    """

    def __init__(
        self,
        axes: int,
        sizes: Sequence[int],
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axes = axes
        self.sizes = tuple(sizes)
        self.use_bias = use_bias
        self._kernel_settings = (kernel_initializer, kernel_regularizer, kernel_constraint)
        self._bias_settings = (bias_initializer, bias_regularizer, bias_constraint)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        summed = tuple(input_shape[-self.axes :])
        initializer, regularizer, constraint = self._kernel_settings
        self.kernel = self.add_weight(
            (*summed, *self.sizes),
            by_axes(
                initializer, range(len(summed)), range(len(summed), len(summed) + len(self.sizes))
            ),
            regularizer=regularizer,
            constraint=constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            initializer, regularizer, constraint = self._bias_settings
            self.bias = self.add_weight(
                self.sizes, initializer, regularizer=regularizer, constraint=constraint, name="bias"
            )

    def call(self, inputs: Any) -> Any:
        outer, width = inputs.shape[: -self.axes], math.prod(self.sizes)
        features = math.prod(inputs.shape[-self.axes :])
        kernel = ops.reshape(self.kernel, (features, width))
        bias = None if self.bias is None else ops.reshape(self.bias, (width,))
        outputs = ops.dense(
            ops.reshape(inputs, (*outer, features)), kernel, bias, bfloat16=self._bfloat16
        )
        return ops.reshape(outputs, (*outer, *self.sizes))


def by_axes(initializer: Any, inputs: Sequence[int], outputs: Sequence[int]) -> Any:
    """A fresh copy of the initialiser that knows which axes of a kernel are its inputs.

    A copy, because one initialiser gives the same values each time.

    Args:
        initializer: the initialiser; functions are returned as they are.
        inputs: the axes along which inputs lie.
        outputs: those along which outputs do.
    """
    if not isinstance(initializer, Initializer):
        return initializer
    if not isinstance(initializer, VarianceScaling) or initializer.input_axes is not None:
        return initializer.clone()
    config = initializer.get_config()
    config["input_axes"] = list(inputs)
    config["output_axes"] = list(outputs)
    return type(initializer).from_config(config)
