"""`StackedRNNCells`: several cells, one above the other, as one cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leftfold.engine import registry
from leftfold.layers.layer import Layer
from leftfold.layers.recurrent.cell_contract import (
    check_cell,
    initial_state_of,
    output_size_of,
    step_function,
)
from leftfold.layers.serialization import deserialize, known_layer


@known_layer
class StackedRNNCells(Layer):
    """Cells of which each reads, at every step, the output of the one before it.

    Args:
        cells: the cells, the lowest first.

    Call arguments:
        inputs: (batch, features).
        states: one entry a cell, each that cell's states.

    Example:
        >>> from leftfold import layers
        >>> stack = layers.StackedRNNCells([layers.LSTMCell(8), layers.GRUCell(4)])
        >>> stack.state_size, stack.output_size
        ([[8, 8], 4], 4)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        if not cells:
            raise ValueError(f"{type(self).__name__} expected at least one cell, got {cells!r}.")
        for cell in cells:
            check_cell(cell, f"{type(self).__name__} expected every cell")
        super().__init__(**kwargs)
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """The size of the topmost cell's output."""
        return output_size_of(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """The states that each cell begins with."""
        return [initial_state_of(cell, batch_size, self.variable_dtype) for cell in self.cells]

    def build(self, input_shape: Any) -> None:
        """Build each cell on the output size of the one before it."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
                cell.built = True
            input_shape = (input_shape[0], output_size_of(cell))
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> Any:
        new_states = []
        for cell, cell_states in zip(self.cells, states, strict=True):
            given = cell_states if isinstance(cell_states, list | tuple) else [cell_states]
            inputs, new = step_function(cell, training)(inputs, list(given))
            new_states.append(new if isinstance(cell_states, list | tuple) else new[0])
        return inputs, new_states

    def get_config(self) -> dict[str, Any]:
        cells = [registry.serialize(cell) for cell in self.cells]
        return {**super().get_config(), "cells": cells}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        config = dict(config)
        config["cells"] = [deserialize(cell, custom_objects) for cell in config["cells"]]
        return super().from_config(config)
