"""`RNN`: any cell, step by step over a sequence."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.engine import KerasTensor, registry
from leftfold.engine.legacy import tell_once
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.layers.call import context, map_shapes
from leftfold.layers.layer import OLDER_SHAPE, Layer
from leftfold.layers.recurrent.cell_contract import (
    check_cell,
    initial_state_of,
    output_size_of,
    step_function,
)
from leftfold.layers.recurrent.dropout import forget_dropout_masks
from leftfold.layers.recurrent.memory import Memory
from leftfold.layers.recurrent.scan import scan
from leftfold.layers.recurrent.stacked_cells import StackedRNNCells
from leftfold.layers.serialization import deserialize, known_layer


@known_layer
class RNN(Layer):
    """Reads sequences with a cell: `output, states = cell(step, states)` for every step.

    Args:
        cell: an object with `call(inputs, states)` that returns `(output, new_states)`, and
            `state_size`, an integer or a list of them; optionally `output_size` and
            `get_initial_state(batch_size)`. A list of cells is stacked.
        return_sequences: return the output of every step, not only of the last.
        return_state: return the last states behind the output.
        go_backwards: read from the last step to the first, and answer in that order.
        stateful: begin each batch with the states in which the batch before it ended. The first
            batch sets the number of rows; a smaller batch uses and changes the first rows only.
        unroll: accepted as in Keras; makes no difference.
        zero_output_for_mask: with `return_sequences`, zeros at masked steps instead of the
            output carried over them.

    Call arguments:
        sequences: (batch, timesteps, ...).
        initial_state: the states to begin with, each (batch, size); zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step: its states
            and its output are carried over. Before its first step that output is the initial
            state.
        training: passed on to the cell.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> rnn = layers.RNN([layers.LSTMCell(4), layers.GRUCell(5)])
        >>> rnn(np.ones((2, 7, 3))).shape
        (2, 5)
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)
        take_older_arguments(type(self).__name__, kwargs)
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        check_cell(cell, f"{type(self).__name__} expected cell")
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self._memory = Memory()

    @property
    def state_size(self) -> list[Any]:
        """The size of each state."""
        size = self.cell.state_size
        return list(size) if isinstance(size, list | tuple) else [size]

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The states to begin with when none are given."""
        states = initial_state_of(self.cell, batch_size, self.variable_dtype)
        return list(states) if isinstance(states, list | tuple) else [states]

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell, and the states that a stateful layer keeps."""
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
            self.cell.built = True
        if self.stateful and self.states is None:
            if sequences_shape[0] is None:
                raise ValueError(
                    f"{self._called} is stateful and needs to know the batch size; give it to "
                    f"the input, as in Input(batch_shape=(32, ...)). Got {sequences_shape}."
                )
            self._memory.begin(self.get_initial_state(sequences_shape[0]))
        self.built = True

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = False,
    ) -> Any:
        if context.probing:
            shapes = self.compute_output_shape(sequences.shape)
            return map_shapes(lambda shape: ops.zeros(shape, dtype=self.variable_dtype), shapes)
        batch = sequences.shape[0]
        states = None
        if initial_state is not None:
            states = self._checked_states(initial_state, batch)
        elif self.stateful:
            states = self._memory.first_rows(batch, self._called)
        mask = next(leaves(mask))
        try:
            output, states = self._read(sequences, states, mask, training)
        finally:
            forget_dropout_masks(self.cell)
        if self.stateful:
            self._memory.keep(states)
        return (output, *states) if self.return_state else output

    def _read(
        self, sequences: Any, states: Any, mask: Any, training: bool | None
    ) -> tuple[Any, list[Any]]:
        """The output and the last states."""
        if states is None:
            states = self.get_initial_state(sequences.shape[0])
        return scan(
            step_function(self.cell, training),
            sequences,
            states,
            self._output_before(states),
            mask,
            go_backwards=self.go_backwards,
            return_sequences=self.return_sequences,
            zero_output_for_mask=self.zero_output_for_mask,
        )

    def _output_before(self, states: list[Any]) -> Any:
        """What counts as the output before the first step: the first state (of the top cell)."""
        top = states[-1] if isinstance(states[0], list | tuple) else states[0]
        first = next(leaves(top))
        shape = (first.shape[0], output_size_of(self.cell))
        return first if first.shape == shape else ops.zeros(shape, dtype=self.variable_dtype)

    def _checked_states(self, initial_state: Any, batch: int | None) -> list[Any]:
        states = initial_state if isinstance(initial_state, list | tuple) else [initial_state]
        expected = [(batch, *s.shape[1:]) for s in leaves(self.get_initial_state(1))]
        found = [tuple(s.shape) for s in leaves(states)]
        if len(found) != len(expected) or not all(map(_fits, found, expected)):
            raise ValueError(
                f"{self._called} expected initial_state to have {len(expected)} "
                f"state{'s' * (len(expected) > 1)} of shape "
                f"{', '.join(str(shape) for shape in expected)}, got "
                f"{', '.join(str(shape) for shape in found) or 'none'}."
            )
        return list(states)

    @property
    def states(self) -> Any:
        """The states kept between batches, variables; `None` unless stateful and built.

        Assigning arrays replaces their values.
        """
        return self._memory.states

    @states.setter
    def states(self, values: Any) -> None:
        if self.states is None:
            raise ValueError(f"{self._called} keeps no states: it is not stateful, or not built.")
        self._memory.replace(values)

    def reset_state(self) -> None:
        """Begin the next batch from zeros again."""
        self._memory.clear()

    def reset_states(self, states: Any = None) -> None:
        """The same as `reset_state`; with arrays, begin the next batch from these.

        Args:
            states: one array, or one for each state.
        """
        if states is None:
            self.reset_state()
        else:
            self.states = states if isinstance(states, list | tuple) else [states]

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """The shape of the output, with `return_state` followed by those of the states."""
        batch, timesteps = sequences_shape[:2]
        steps = (timesteps,) if self.return_sequences else ()
        output_shape = (batch, *steps, output_size_of(self.cell))
        if not self.return_state:
            return output_shape
        state_shapes = map_structure(
            lambda state: (batch, *state.shape[1:]), self.get_initial_state(1)
        )
        return (output_shape, *state_shapes)

    def compute_output_spec(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None
    ) -> Any:
        """Symbolic outputs, without running a step."""
        if initial_state is not None:
            self._checked_states(initial_state, sequences.shape[0])
        shapes = self.compute_output_shape(sequences.shape)
        return map_shapes(lambda shape: KerasTensor(shape, self.variable_dtype), shapes)

    def compute_mask(self, sequences: Any, mask: Any = None) -> Any:
        """The mask of the output, `None` for the states."""
        output_mask = next(leaves(mask)) if self.return_sequences else None
        if not self.return_state:
            return output_mask
        return [output_mask, *(None for _ in leaves(self.state_size))]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "cell": registry.serialize(self.cell),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        config = dict(config)
        config["cell"] = deserialize(config["cell"], custom_objects)
        return super().from_config(config)


def take_older_arguments(layer: str, kwargs: dict[str, Any]) -> None:
    """Take out or rewrite what recurrent layers of older Keras were given.

    Raises:
        ValueError: for `time_major=True`.
    """
    if "time_major" in kwargs:
        if kwargs.pop("time_major"):
            raise ValueError(
                f"{layer} expected inputs of shape (batch, timesteps, ...); time_major=True is "
                "not supported: swap the first two axes with leftfold.ops.swapaxes."
            )
        tell_once("Recurrent layers no longer need time_major: remove it.")
    if "input_dim" in kwargs:
        tell_once(OLDER_SHAPE)
        kwargs["input_shape"] = (kwargs.pop("input_length", None), kwargs.pop("input_dim"))


def _fits(found: tuple[Any, ...], expected: tuple[Any, ...]) -> bool:
    """Whether two shapes agree where both are known."""
    return len(found) == len(expected) and all(
        n == m or None in (n, m) for n, m in zip(found, expected, strict=True)
    )
