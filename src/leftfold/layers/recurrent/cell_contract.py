"""What a cell is: `call(inputs, states)`, `state_size`, and what may come with them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from leftfold import ops
from leftfold.engine.symbolic import leaves


def check_cell(cell: Any, expected: str) -> None:
    """Refuse what is no cell.

    Args:
        cell: the candidate.
        expected: how the message begins.

    Raises:
        ValueError: when `call` or `state_size` is missing or of the wrong kind.
    """
    for attribute in ("call", "state_size"):
        if not hasattr(cell, attribute):
            raise ValueError(f"{expected} to have {attribute}, got {cell!r}.")
    sizes = list(leaves(cell.state_size))
    if not sizes or not all(isinstance(size, int) for size in sizes):
        raise ValueError(
            f"{expected} to have a state_size that is an integer or a list of integers, "
            f"got {cell.state_size!r}."
        )


def output_size_of(cell: Any) -> int:
    """The size of the cell's output: `output_size`, else that of its first state."""
    size = getattr(cell, "output_size", None)
    return next(leaves(cell.state_size)) if size is None else size


def initial_state_of(cell: Any, batch_size: int | None, dtype: str) -> Any:
    """The states that a cell begins with: its own choice, else zeros."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)
    if isinstance(cell.state_size, int):
        return ops.zeros((batch_size, cell.state_size), dtype=dtype)
    return [ops.zeros((batch_size, size), dtype=dtype) for size in cell.state_size]


def step_function(cell: Any, training: bool | None) -> Callable[..., tuple[Any, list[Any]]]:
    """A function that runs one step of a cell and returns the output and a list of states."""
    function = cell if callable(cell) else cell.call
    settings = {"training": training} if _takes_training(type(cell).call) else {}

    def step(inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        output, new_states = function(inputs, states, **settings)
        return output, list(new_states) if isinstance(new_states, list | tuple) else [new_states]

    return step


@functools.lru_cache(maxsize=256)
def _takes_training(call: Callable[..., Any]) -> bool:
    return "training" in inspect.signature(call).parameters
