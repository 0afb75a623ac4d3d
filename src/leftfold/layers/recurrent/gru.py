"""`GRU` and its cell, the gates in Keras's order z, r, h."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import activations, ops
from leftfold.layers.recurrent.cell import GatedCell, project
from leftfold.layers.recurrent.fused import FusedRNN, cell_keywords, checked_use_cudnn, of_the_cell
from leftfold.layers.serialization import known_layer
from leftfold.ops import recurrent

_SECOND_ROW = np.array([[0.0], [1.0]], np.float32)


@known_layer
class GRUCell(GatedCell):
    """One step of a gated recurrent unit.

    The equations are in `leftfold.engine.reference.gru`.

    Args:
        units: size of the hidden state, which is also the output.
        activation: of the candidate; `None` for none.
        recurrent_activation: of the gates; `None` for none.
        use_bias: whether there is a bias.
        kernel_initializer: first values of `kernel`, (features, 3 * units).
        recurrent_initializer: first values of `recurrent_kernel`, (units, 3 * units).
        bias_initializer: first values of `bias`, (2, 3 * units) with `reset_after`, one row for
            the inputs and one for the hidden state, else (3 * units,).
        kernel_regularizer: penalty on `kernel`.
        recurrent_regularizer: penalty on `recurrent_kernel`.
        bias_regularizer: penalty on `bias`.
        kernel_constraint: applied to `kernel` after each update.
        recurrent_constraint: applied to `recurrent_kernel` after each update.
        bias_constraint: applied to `bias` after each update.
        dropout: share of the inputs to drop in training, from 0 to 1.
        recurrent_dropout: share of the hidden state to drop in training, from 0 to 1. Any makes
            each gate drop inputs and hidden state on its own.
        reset_after: whether the reset gate acts after the product with the recurrent kernel.
        seed: fixes the dropout.

    Call arguments:
        inputs: (batch, features).
        states: `[h]`, the hidden state (batch, units), or the state alone.
        training: whether to drop.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> cell = layers.GRUCell(4)
        >>> output, [h] = cell(np.ones((2, 3)), cell.get_initial_state(batch_size=2))
        >>> output.shape
        (2, 4)
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
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
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def biases(self) -> tuple[Any, Any]:
        if self.bias is None or not self.reset_after:
            return self.bias, None
        return self.bias[0], self.bias * _SECOND_ROW

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> Any:
        h = states[0] if isinstance(states, list | tuple) else states
        kept, recurrent_kept = self.dropout_masks(inputs, training)
        of_input = project(inputs, self.kernel, kept)
        if self.bias is not None:
            of_input = of_input + (self.bias[0] if self.reset_after else self.bias)
        x_z, x_r, x_h = ops.split(of_input, 3, axis=1)
        if self.reset_after:
            of_state = project(h, self.recurrent_kernel, recurrent_kept)
            if self.bias is not None:
                of_state = of_state + self.bias[1]
            h_z, h_r, h_h = ops.split(of_state, 3, axis=1)
            z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
            candidate = self.activation(x_h + r * h_h)
        else:
            gates, last = ops.split(self.recurrent_kernel, [2 * self.units], axis=1)
            gates_kept, last_kept = (
                (None, None) if recurrent_kept is None else (recurrent_kept[:2], recurrent_kept[2:])
            )
            h_z, h_r = ops.split(project(h, gates, gates_kept), 2, axis=1)
            z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
            candidate = self.activation(x_h + project(r * h, last, last_kept))
        h = z * h + (1 - z) * candidate
        return h, [h] if isinstance(states, list | tuple) else h

    def settings(self) -> dict[str, Any]:
        return {
            **super().settings(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }


@known_layer
class GRU(FusedRNN):
    """The gated recurrent units of Cho et al. (2014).

    Args:
        units: size of the hidden state, which is also the output.
        activation: of the candidate; `None` for none.
        recurrent_activation: of the gates; `None` for none.
        use_bias: whether there is a bias.
        kernel_initializer: first values of `kernel`, (features, 3 * units).
        recurrent_initializer: first values of `recurrent_kernel`, (units, 3 * units).
        bias_initializer: first values of `bias`, (2, 3 * units) with `reset_after`, else
            (3 * units,).
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
        return_state: return the last state behind the output.
        go_backwards: read from the last step to the first, and answer in that order.
        stateful: begin each batch with the state in which the batch before it ended.
        unroll: accepted as in Keras; makes no difference.
        reset_after: whether the reset gate acts after the product with the recurrent kernel.
        use_cudnn: accepted as in Keras; makes no difference.

    Call arguments:
        sequences: (batch, timesteps, features).
        initial_state: `[h]`, (batch, units); zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        training: whether to drop.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> output, h = layers.GRU(4, return_sequences=True, return_state=True)(np.ones((2, 7, 3)))
        >>> output.shape, h.shape
        ((2, 7, 4), (2, 4))
    """

    cell: GRUCell

    recurrent_activation = of_the_cell("recurrent_activation")
    reset_after = of_the_cell("reset_after")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = GRUCell(
            units, activation, recurrent_activation, use_bias,
            kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint,
            dropout, recurrent_dropout, reset_after, seed, **cell_keywords("gru_cell", kwargs),
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
        settings["reset_after"] = self.cell.reset_after
        return recurrent.gru(sequences, *weights, *states, **settings)
