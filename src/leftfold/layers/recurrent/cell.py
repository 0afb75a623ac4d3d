"""What the three built-in cells share: weights, dropout, configuration."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import activations, constraints, initializers, ops, regularizers
from leftfold.engine.random import SeedGenerator
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.recurrent.dropout import DropoutRNNCell, checked_rate


class GatedCell(Layer, DropoutRNNCell):
    """A cell whose gates each have a block of columns in one kernel and one recurrent kernel.

    Subclasses set `gates`, their number, and define `call`. The arguments are those of
    `SimpleRNNCell`; `implementation` is accepted as Keras accepts it, and matters for one thing
    only: with 1, or with any recurrent dropout, every gate drops on its own.
    """

    steady = True

    gates = 1

    def __init__(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        implementation: int = 2,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__.removesuffix("Cell")
        if isinstance(units, bool) or not isinstance(units, int | np.integer) or units <= 0:
            raise ValueError(f"{name} expected units to be a positive integer, got {units!r}.")
        super().__init__(**kwargs)
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = checked_rate(name, "dropout", dropout)
        self.recurrent_dropout = checked_rate(name, "recurrent_dropout", recurrent_dropout)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.implementation = 1 if self.recurrent_dropout else implementation
        self.dropout_mask_count = self.gates if self.implementation == 1 else 1
        self.state_size: Any = self.units
        self.output_size = self.units

    def build(self, input_shape: Any) -> None:
        """Create the weights for inputs of shape (batch, features)."""
        width = self.gates * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], width),
            initializer=self.kernel_initializer,
            name="kernel",
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, width),
            initializer=self.recurrent_initializer,
            name="recurrent_kernel",
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self._bias_shape(),
                initializer=self._first_bias,
                name="bias",
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(ndim=2, axes={-1: input_shape[-1]})
        self.built = True

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def biases(self) -> tuple[Any, Any]:
        """The bias apart: what is added to the product of the inputs, and what is left."""
        return self.bias, None

    def _first_bias(self, shape: Any, dtype: Any = None) -> Any:
        return self.bias_initializer(shape, dtype=dtype)

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Zeros for every state, (batch, units)."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size, size), dtype=self.variable_dtype) for size in sizes]

    def dropout_masks(self, inputs: Any, training: bool | None) -> Any:
        """The masks for inputs and hidden state of one sequence, `None` where nothing drops.

        They stay the same until `reset_dropout_mask` and `reset_recurrent_dropout_mask`.

        Args:
            inputs: a step, (batch, features), or a sequence, (batch, timesteps, features).
            training: whether anything drops at all.
        """
        if not training or not (self.dropout or self.recurrent_dropout):
            return None, None

        def one_step(size: int) -> np.ndarray:
            return np.broadcast_to(np.zeros((), self.variable_dtype), (inputs.shape[0], size))

        return (
            self.get_dropout_mask(one_step(inputs.shape[-1])),
            self.get_recurrent_dropout_mask(one_step(self.units)),
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.settings()}

    def settings(self) -> dict[str, Any]:
        """The constructor's own arguments, as plain data."""
        return {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def project(x: Any, weights: Any, masks: np.ndarray | None) -> Any:
    """`x @ weights`; under dropout each gate sees `x` through its own mask.

    Args:
        x: (batch, features).
        weights: (features, gates * units).
        masks: (1 or gates, batch, features), or `None`.
    """
    if masks is None:
        return ops.matmul(x, weights)
    gates = ops.split(weights, len(masks), axis=1)
    return ops.concatenate(
        [ops.matmul(x * mask, gate) for mask, gate in zip(masks, gates, strict=True)], axis=1
    )
