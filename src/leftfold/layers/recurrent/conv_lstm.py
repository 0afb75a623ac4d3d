"""`ConvLSTM1D`, `ConvLSTM2D`, `ConvLSTM3D`: LSTMs that read films."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.recurrent.conv_lstm_cell import ConvLSTMCell
from leftfold.layers.recurrent.fused import CellRNN, of_the_cell
from leftfold.layers.recurrent.scan import scan
from leftfold.layers.serialization import known_layer


class _ConvLSTM(CellRNN):
    """Base: the sequence's inputs go through one convolution, then the cell folds over time."""

    cell: ConvLSTMCell
    rank = 1

    recurrent_activation = of_the_cell("recurrent_activation")
    unit_forget_bias = of_the_cell("unit_forget_bias")
    filters = of_the_cell("filters")
    kernel_size = of_the_cell("kernel_size")
    strides = of_the_cell("strides")
    padding = of_the_cell("padding")
    data_format = of_the_cell("data_format")
    dilation_rate = of_the_cell("dilation_rate")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        **kwargs: Any,
    ) -> None:
        of_lstm = (
            activation, recurrent_activation, use_bias,
            kernel_initializer, recurrent_initializer, bias_initializer, unit_forget_bias,
            kernel_regularizer, recurrent_regularizer, bias_regularizer,
            kernel_constraint, recurrent_constraint, bias_constraint,
            dropout, recurrent_dropout, seed,
        )  # fmt: skip
        cell = ConvLSTMCell(
            self.rank, filters, kernel_size, strides, padding, data_format, dilation_rate, of_lstm,
            name="conv_lstm_cell", dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
        )  # fmt: skip
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell for the sizes and channels of a step."""
        super().build(sequences_shape, initial_state_shape)
        sizes = dict(enumerate(sequences_shape[2:], 2))
        self.input_spec = InputSpec(ndim=self.rank + 3, axes=sizes)

    def _read(
        self, sequences: Any, states: Any, mask: Any, training: bool | None
    ) -> tuple[Any, list[Any]]:
        if sequences.dtype != self.variable_dtype:
            sequences = ops.cast(sequences, self.variable_dtype)
        if states is None:
            states = self.get_initial_state(sequences.shape[0])
        batch, timesteps, *sizes = sequences.shape
        like = np.broadcast_to(np.zeros((), self.variable_dtype), (batch, *sizes))
        masks, recurrent_masks = self.cell.masks(like, training)
        if masks is not None:
            masks = np.repeat(masks, timesteps, axis=1)
        flat = ops.reshape(sequences, (batch * timesteps, *sizes))
        z = self.cell.project_inputs(flat, masks)
        return scan(
            lambda step, states: self.cell.step(step, states, recurrent_masks),
            ops.reshape(z, (batch, timesteps, *z.shape[1:])),
            states,
            states[0],
            mask,
            go_backwards=self.go_backwards,
            return_sequences=self.return_sequences,
            zero_output_for_mask=self.zero_output_for_mask,
        )

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """The shape of the output, with `return_state` followed by those of the states."""
        batch, timesteps, *step = sequences_shape
        state = self.cell.compute_step_shape((batch, *step))
        output = (batch, timesteps, *state[1:]) if self.return_sequences else state
        return (output, state, state) if self.return_state else output


@known_layer
class ConvLSTM1D(_ConvLSTM):
    """An LSTM whose states have a place for every element of a row, computed by convolutions.

    Args:
        filters: channels of the states and of the output.
        kernel_size: how many neighbours along the row a gate sees.
        strides: how far apart the outputs are.
        padding: `"valid"`: outputs only where all they see of the inputs exists; `"same"`: one
            for every place. The convolution of the state always keeps its size.
        data_format: `"channels_last"` for inputs `(batch, timesteps, columns, channels)`,
            `"channels_first"` for `(batch, timesteps, channels, columns)`.
        dilation_rate: distance of the places of the inputs that an output sees.
        activation: of the candidate and of the cell state when shown; `None` for none.
        recurrent_activation: of the gates; `None` for none.
        use_bias: whether there is a bias.
        kernel_initializer: first values of `kernel`, (*kernel_size, channels, 4 * filters).
        recurrent_initializer: first values of `recurrent_kernel`, (*kernel_size, filters,
            4 * filters).
        bias_initializer: first values of `bias`, (4 * filters,).
        unit_forget_bias: begin with a bias of 1 for the forget gate.
        kernel_regularizer: penalty on `kernel`.
        recurrent_regularizer: penalty on `recurrent_kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to `kernel` after each update.
        recurrent_constraint: applied to `recurrent_kernel` after each update.
        bias_constraint: applied to `bias` after each update.
        dropout: share of the inputs to drop in training, from 0 to 1, for every gate on its own;
            one mask a sequence.
        recurrent_dropout: share of the state to drop in training, alike.
        seed: fixes the dropout.
        return_sequences: return the output of every step, not only of the last.
        return_state: return the last hidden and cell state behind the output.
        go_backwards: read from the last step to the first, and answer in that order.
        stateful: begin each batch with the states in which the batch before it ended.

    Call arguments:
        sequences: as `data_format` says; all sizes but the batch's and the time's must be known.
        initial_state: `[h, c]`, each of the shape of an output; zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        training: whether to drop.

    Example:
        >>> import numpy as np
        >>> ConvLSTM1D(4, 3, padding="same")(np.ones((2, 5, 8, 3))).shape
        (2, 8, 4)

    Reference: Shi et al., "Convolutional LSTM Network" (2015).
    """

    rank = 1


@known_layer
class ConvLSTM2D(_ConvLSTM):
    """An LSTM that reads films: its states are pictures, computed by convolutions.

    Args:
        filters: channels of the states and of the output.
        kernel_size: rows and columns that a gate sees, one number for both or two.
        strides: how far apart the outputs are.
        padding: `"valid"`: outputs only where all they see of the inputs exists; `"same"`: one
            for every place. The convolution of the state always keeps its size.
        data_format: `"channels_last"` for inputs `(batch, timesteps, rows, columns, channels)`,
            `"channels_first"` for `(batch, timesteps, channels, rows, columns)`.
        dilation_rate: distance of the places of the inputs that an output sees.
        activation: of the candidate and of the cell state when shown; `None` for none.
        recurrent_activation: of the gates; `None` for none.
        use_bias: whether there is a bias.
        kernel_initializer: first values of `kernel`, (*kernel_size, channels, 4 * filters).
        recurrent_initializer: first values of `recurrent_kernel`, (*kernel_size, filters,
            4 * filters).
        bias_initializer: first values of `bias`, (4 * filters,).
        unit_forget_bias: begin with a bias of 1 for the forget gate.
        kernel_regularizer: penalty on `kernel`.
        recurrent_regularizer: penalty on `recurrent_kernel`.
        bias_regularizer: penalty on `bias`.
        activity_regularizer: penalty on the output.
        kernel_constraint: applied to `kernel` after each update.
        recurrent_constraint: applied to `recurrent_kernel` after each update.
        bias_constraint: applied to `bias` after each update.
        dropout: share of the inputs to drop in training, from 0 to 1, for every gate on its own;
            one mask a sequence.
        recurrent_dropout: share of the state to drop in training, alike.
        seed: fixes the dropout.
        return_sequences: return the output of every step, not only of the last.
        return_state: return the last hidden and cell state behind the output.
        go_backwards: read from the last step to the first, and answer in that order.
        stateful: begin each batch with the states in which the batch before it ended.

    Call arguments:
        sequences: as `data_format` says; all sizes but the batch's and the time's must be known.
        initial_state: `[h, c]`, each of the shape of an output; zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        training: whether to drop.

    Example:
        >>> import numpy as np
        >>> ConvLSTM2D(4, 3, return_sequences=True)(np.ones((2, 5, 8, 6, 3))).shape
        (2, 5, 6, 4, 4)

    Reference: Shi et al., "Convolutional LSTM Network" (2015).
    """

    rank = 2


@known_layer
class ConvLSTM3D(_ConvLSTM):
    """As `ConvLSTM2D`, with one axis more: films of bodies.

    The arguments are those of `ConvLSTM2D`.
    """

    rank = 3
