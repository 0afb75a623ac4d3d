"""`SimpleRNN` and its cell: `h' = activation(x W + h R + b)`."""

from __future__ import annotations

from typing import Any

from leftfold.layers.recurrent.cell import GatedCell, project
from leftfold.layers.recurrent.fused import FusedRNN, cell_keywords
from leftfold.layers.serialization import known_layer
from leftfold.ops import recurrent


@known_layer
class SimpleRNNCell(GatedCell):
    """One step of a simple recurrent network.

    Args:
        units: size of the hidden state, which is also the output.
        activation: of the new state; `None` for none.
        use_bias: whether there is a bias.
        kernel_initializer: first values of `kernel`, (features, units).
        recurrent_initializer: first values of `recurrent_kernel`, (units, units).
        bias_initializer: first values of `bias`, (units,).
        kernel_regularizer: penalty on `kernel`.
        recurrent_regularizer: penalty on `recurrent_kernel`.
        bias_regularizer: penalty on `bias`.
        kernel_constraint: applied to `kernel` after each update.
        recurrent_constraint: applied to `recurrent_kernel` after each update.
        bias_constraint: applied to `bias` after each update.
        dropout: share of the inputs to drop in training, from 0 to 1.
        recurrent_dropout: share of the hidden state to drop in training, from 0 to 1.
        seed: fixes the dropout.

    Call arguments:
        sequence: one step, (batch, features).
        states: `[h]`, the hidden state (batch, units), or the state alone.
        training: whether to drop.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> cell = layers.SimpleRNNCell(4)
        >>> output, [h] = cell(np.ones((2, 3)), cell.get_initial_state(batch_size=2))
        >>> output.shape
        (2, 4)
    """

    gates = 1

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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

    def call(self, sequence: Any, states: Any, training: bool | None = False) -> Any:
        h = states[0] if isinstance(states, list | tuple) else states
        kept, recurrent_kept = self.dropout_masks(sequence, training)
        z = project(sequence, self.kernel, kept) + project(h, self.recurrent_kernel, recurrent_kept)
        if self.bias is not None:
            z = z + self.bias
        h = self.activation(z)
        return h, [h] if isinstance(states, list | tuple) else h


@known_layer
class SimpleRNN(FusedRNN):
    """The simple recurrent network of Elman (1990): the hidden state feeds back into itself.

    Args:
        units: size of the hidden state, which is also the output.
        activation: of the new state; `None` for none.
        use_bias: whether there is a bias.
        kernel_initializer: first values of `kernel`, (features, units).
        recurrent_initializer: first values of `recurrent_kernel`, (units, units).
        bias_initializer: first values of `bias`, (units,).
        kernel_regularizer: penalty on `kernel`.
        recurrent_regularizer: penalty on `recurrent_kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to `kernel` after each update.
        recurrent_constraint: applied to `recurrent_kernel` after each update.
        bias_constraint: applied to `bias` after each update.
        dropout: share of the inputs to drop in training, from 0 to 1; one mask a sequence.
        recurrent_dropout: share of the hidden state to drop in training, from 0 to 1.
        return_sequences: return the output of every step, not only of the last.
        return_state: return the last state behind the output.
        go_backwards: read from the last step to the first, and answer in that order.
        stateful: begin each batch with the state in which the batch before it ended.
        unroll: accepted as in Keras; makes no difference.
        seed: fixes the dropout.

    Call arguments:
        sequences: (batch, timesteps, features).
        initial_state: `[h]`, (batch, units); zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        training: whether to drop.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> layers.SimpleRNN(4, return_sequences=True)(np.ones((2, 7, 3))).shape
        (2, 7, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units, activation, use_bias,
            kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint,
            dropout, recurrent_dropout, seed, **cell_keywords("simple_rnn_cell", kwargs),
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

    def _read_at_once(
        self, sequences: Any, weights: Any, states: list[Any], **settings: Any
    ) -> Any:
        return recurrent.simple_rnn(sequences, *weights, *states, **settings)
