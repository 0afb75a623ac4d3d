"""The fold itself: a step function run over a sequence, through the tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold import ops


def scan(
    step: Callable[[Any, list[Any]], tuple[Any, list[Any]]],
    sequences: Any,
    states: list[Any],
    last: Any,
    mask: Any,
    *,
    go_backwards: bool,
    return_sequences: bool,
    zero_output_for_mask: bool,
) -> tuple[Any, list[Any]]:
    """Fold `step` over the time axis.

    Args:
        step: `(inputs, states) -> (output, new_states)` for one step.
        sequences: (batch, timesteps, ...).
        states: the states before the first step.
        last: what counts as the output before the first step.
        mask: boolean, (batch, timesteps); where it is `False`, states and output are carried.
        go_backwards: read from the last step to the first, and answer in that order.
        return_sequences: return the output of every step, not only of the last.
        zero_output_for_mask: with `return_sequences`, zeros instead of the carried output.

    Returns:
        The output, (batch, timesteps, ...) or (batch, ...), and the last states.

    Raises:
        ValueError: for a mask of another shape.
    """
    timesteps = sequences.shape[1]
    mask = None if mask is None else np.asarray(mask, bool)
    if mask is not None and mask.shape != tuple(sequences.shape[:2]):
        raise ValueError(
            f"A recurrent layer expected a mask of shape {tuple(sequences.shape[:2])}, got "
            f"{mask.shape}."
        )
    outputs = []
    for time in reversed(range(timesteps)) if go_backwards else range(timesteps):
        output, new_states = step(sequences[:, time], states)
        if mask is None:
            last, states = output, new_states
            outputs.append(output)
            continue
        live = mask[:, time]
        last, states = _select(live, output, last), _select(live, new_states, states)
        zeroed = _select(live, output, ops.zeros_like(output)) if zero_output_for_mask else last
        outputs.append(zeroed)
    if not return_sequences:
        return last, states
    if not outputs:
        return ops.zeros((last.shape[0], 0, *last.shape[1:]), dtype=last.dtype), states
    return ops.stack(outputs, axis=1), states


def _select(live: np.ndarray, if_live: Any, otherwise: Any) -> Any:
    """Rows of `if_live` where a row takes the step, of `otherwise` where it skips it."""
    if isinstance(if_live, list | tuple):
        return [_select(live, *pair) for pair in zip(if_live, otherwise, strict=True)]
    return ops.where(live.reshape(-1, *(1,) * (if_live.ndim - 1)), if_live, otherwise)
