"""What a stateful layer remembers from one batch to the next."""

from __future__ import annotations

from typing import Any

from leftfold.engine import Variable
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.engine.tensor import as_array


class Memory:
    """The states of a stateful layer. No weights: training and files leave them alone."""

    def __init__(self) -> None:
        self.states: Any = None

    def begin(self, states: Any) -> None:
        """Remember `states` (one row a sequence of the batch) until others are kept."""
        self.states = map_structure(
            lambda state: Variable(as_array(state), trainable=False, name="rnn_state"), states
        )

    def first_rows(self, batch: int, layer: str) -> Any:
        """The states for a batch, which may be smaller than the one remembered.

        Raises:
            ValueError: for a larger batch.
        """
        rows = next(leaves(self.states)).shape[0]
        if batch > rows:
            raise ValueError(
                f"{layer} is stateful and keeps the states of {rows} rows, got a batch of {batch}."
            )
        return map_structure(lambda state: state.data[:batch].copy(), self.states)

    def keep(self, states: Any) -> None:
        """Remember the last states of a batch, in its rows."""
        for kept, state in zip(leaves(self.states), leaves(states), strict=True):
            kept.data[: state.shape[0]] = as_array(state)

    def replace(self, states: Any) -> None:
        """Remember these states instead, for every row."""
        for kept, state in zip(leaves(self.states), leaves(states), strict=True):
            kept.assign(state)

    def clear(self) -> None:
        """Zeros again."""
        for state in leaves(self.states):
            if state is not None:
                state.data.fill(0)
