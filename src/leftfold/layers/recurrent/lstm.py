"""`LSTM` and its cell, the gates in Keras's order i, f, c, o."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import activations, ops
from leftfold.layers.recurrent.cell import GatedCell, project
from leftfold.layers.recurrent.fused import FusedRNN, cell_keywords, checked_use_cudnn, of_the_cell
from leftfold.layers.serialization import known_layer
from leftfold.ops import recurrent


@known_layer
class LSTMCell(GatedCell):
    """One step of a long short-term memory.

    The equations are in `leftfold.engine.reference.lstm`.

    Args:
        units: size of the hidden state, which is also the output, and of the cell state.
        activation: of the candidate and of the cell state when shown; `None` for none.
        recurrent_activation: of the gates; `None` for none.
        use_bias: whether there is a bias.
        kernel_initializer: first values of `kernel`, (features, 4 * units).
        recurrent_initializer: first values of `recurrent_kernel`, (units, 4 * units).
        bias_initializer: first values of `bias`, (4 * units,).
        unit_forget_bias: begin with a bias of 1 for the forget gate, so that the cell first
            remembers (Jozefowicz et al., 2015).
        kernel_regularizer: penalty on `kernel`.
        recurrent_regularizer: penalty on `recurrent_kernel`.
        bias_regularizer: penalty on `bias`.
        kernel_constraint: applied to `kernel` after each update.
        recurrent_constraint: applied to `recurrent_kernel` after each update.
        bias_constraint: applied to `bias` after each update.
        dropout: share of the inputs to drop in training, from 0 to 1.
        recurrent_dropout: share of the hidden state to drop in training, from 0 to 1. Any makes
            each gate drop inputs and hidden state on its own.
        seed: fixes the dropout.

    Call arguments:
        inputs: (batch, features).
        states: `[h, c]`, the hidden and the cell state, (batch, units) each.
        training: whether to drop.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> cell = layers.LSTMCell(4)
        >>> output, [h, c] = cell(np.ones((2, 3)), cell.get_initial_state(batch_size=2))
        >>> output.shape
        (2, 4)
    """

    gates = 4

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units, activation, use_bias,
            kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint,
            dropout, recurrent_dropout, seed, **kwargs,
        )  # fmt: skip
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def _first_bias(self, shape: Any, dtype: Any = None) -> Any:
        if not self.unit_forget_bias:
            return super()._first_bias(shape, dtype)
        before = self.bias_initializer((self.units,), dtype=dtype)
        after = self.bias_initializer((2 * self.units,), dtype=dtype)
        return np.concatenate([before, np.ones(self.units, dtype), after])

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> Any:
        h, c = states
        kept, recurrent_kept = self.dropout_masks(inputs, training)
        z = project(inputs, self.kernel, kept) + project(h, self.recurrent_kernel, recurrent_kept)
        if self.bias is not None:
            z = z + self.bias
        z_i, z_f, z_c, z_o = ops.split(z, 4, axis=1)
        i, f, o = (self.recurrent_activation(gate) for gate in (z_i, z_f, z_o))
        c = f * c + i * self.activation(z_c)
        h = o * self.activation(c)
        return h, [h, c]

    def settings(self) -> dict[str, Any]:
        return {
            **super().settings(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }


@known_layer
class LSTM(FusedRNN):
    """The long short-term memory of Hochreiter and Schmidhuber (1997), with forget gates.

    Args:
        units: size of the hidden state, which is also the output, and of the cell state.
        activation: of the candidate and of the cell state when shown; `None` for none.
        recurrent_activation: of the gates; `None` for none.
        use_bias: whether there is a bias.
        kernel_initializer: first values of `kernel`, (features, 4 * units).
        recurrent_initializer: first values of `recurrent_kernel`, (units, 4 * units).
        bias_initializer: first values of `bias`, (4 * units,).
        unit_forget_bias: begin with a bias of 1 for the forget gate.
        kernel_regularizer: penalty on `kernel`.
        recurrent_regularizer: penalty on `recurrent_kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to `kernel` after each update.
        recurrent_constraint: applied to `recurrent_kernel` after each update.
        bias_constraint: applied to `bias` after each update.
        dropout: share of the inputs to drop in training, from 0 to 1; one mask a sequence.
        recurrent_dropout: share of the hidden state to drop in training, from 0 to 1. Any makes
            each gate drop inputs and hidden state on its own.
        seed: fixes the dropout.
        return_sequences: return the output of every step, not only of the last.
        return_state: return the last hidden and cell state behind the output.
        go_backwards: read from the last step to the first, and answer in that order.
        stateful: begin each batch with the states in which the batch before it ended.
        unroll: accepted as in Keras; makes no difference.
        use_cudnn: accepted as in Keras; makes no difference.

    Call arguments:
        sequences: (batch, timesteps, features).
        initial_state: `[h, c]`, (batch, units) each; zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        training: whether to drop.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> lstm = layers.LSTM(4, return_sequences=True, return_state=True)
        >>> output, h, c = lstm(np.ones((2, 7, 3)))
        >>> output.shape, h.shape, c.shape
        ((2, 7, 4), (2, 4), (2, 4))
    """

    recurrent_activation = of_the_cell("recurrent_activation")
    unit_forget_bias = of_the_cell("unit_forget_bias")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            units, activation, recurrent_activation, use_bias,
            kernel_initializer, recurrent_initializer, bias_initializer, unit_forget_bias,
            kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint,
            dropout, recurrent_dropout, seed, **cell_keywords("lstm_cell", kwargs),
        )  # fmt: skip
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.use_cudnn = checked_use_cudnn(type(self).__name__, use_cudnn)

    def _read_at_once(
        self, sequences: Any, weights: Any, states: list[Any], **settings: Any
    ) -> Any:
        return recurrent.lstm(sequences, *weights, *states, **settings)
