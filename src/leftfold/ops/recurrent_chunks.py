"""Long sequences in bounded memory: only the states between chunks of steps are kept.

The backward pass reads each chunk again, from the state it began with, and walks back through it
before it turns to the chunk before (Chen et al. 2016, "Training Deep Nets with Sublinear Memory
Cost", arXiv:1604.06174). With chunks of the square root of the sequence's length, the states at
their borders and the steps inside one of them take about as much memory each. A step costs one
more forward pass, a third of the arithmetic; the gradients are those of the whole sequence.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine import workspace

Kernel = Callable[..., Any]

SHORTEST_CHUNK = 64
FEWEST_ROWS = 2048
"""In smaller chunks what is done once a chunk, such as packing the weights, would count."""


def chunk_length(timesteps: int, batch: int) -> int:
    """How many steps of a sequence are kept at a time."""
    root = math.isqrt(max(timesteps - 1, 0)) + 1
    return max(SHORTEST_CHUNK, FEWEST_ROWS // max(batch, 1), root)


def read_in_chunks(
    run_forward: Kernel,
    run_backward: Kernel,
    tensors: list[Any],
    masks: list[Any],
    settings: tuple[Any, ...],
    needs_x: bool,
) -> Any:
    """Run a recurrence for a gradient to come, as `leftfold.ops.recurrent` does for whole ones.

    Args:
        run_forward: the kernel of the forward pass.
        run_backward: that of the backward pass.
        tensors: x, kernel, recurrent kernel, bias and the initial states, checked.
        masks: for the timesteps, the inputs and the hidden state.
        settings: the kernel's own, ending with `go_backwards`, `return_sequences` and
            `zero_output_for_mask`.
        needs_x: whether the gradient of x is asked for.

    Returns:
        The output and the last states, and the function that leads gradients back.
    """
    chunks = _Chunks(run_forward, run_backward, tensors, masks, settings)
    output, states = chunks.forward()

    def vjp(*gradients: np.ndarray | None) -> Any:
        return chunks.backward(gradients[0], list(gradients[1:]), needs_x)

    return (output, *states), vjp


class _Chunks:
    """One sequence, read chunk by chunk."""

    def __init__(
        self,
        run_forward: Kernel,
        run_backward: Kernel,
        tensors: list[Any],
        masks: list[Any],
        settings: tuple[Any, ...],
    ) -> None:
        self.x, *self.weights = tensors[:4]
        self.mask, *self.dropout = masks
        self.settings = settings
        self.go_backwards, self.return_sequences, _ = settings[-3:]
        self.dtype = self.weights[1].dtype
        self.run_forward, self.run_backward = run_forward, run_backward
        self.timesteps = self.x.shape[1]
        self.chunk = chunk_length(self.timesteps, len(self.x))
        self.borders: list[list[Any]] = [tensors[4:]]

    def forward(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """The output and the last states; keeps the states at the borders."""
        batch, units = len(self.x), len(self.weights[1])
        sequences: Any = None
        if self.return_sequences:
            sequences = workspace.empty((batch, self.timesteps, units), self.dtype)
        output = sequences
        for first in self._starts():
            read, *states, _ = self._read(first, self.borders[-1], keep=False)
            if sequences is not None:
                sequences[:, first : first + self.chunk] = read
            else:
                output = read
            self.borders.append(states)
        return output, self.borders.pop()

    def backward(self, d_output: Any, d_states: list[Any], needs_x: bool) -> tuple[Any, ...]:
        """The gradients of x, the weights and the initial states."""
        d_x = workspace.empty(self.x.shape, self.x.dtype) if needs_x else None
        d_weights: list[Any] = []
        starts = list(self._starts())
        for first, states in zip(reversed(starts), reversed(self.borders), strict=True):
            saved = self._read(first, states, keep=True)[-1]
            share = self._share(d_output, first, first == starts[-1])
            d_chunk, *d_found = self.run_backward(saved, share, *d_states, needs_x)
            if d_x is not None:
                d_x[:, self._times(first)] = d_chunk
            d_states = d_found[3:]
            d_weights = _added(d_weights, d_found[:3])
        return (d_x, *d_weights, *d_states)

    def _starts(self) -> range:
        """The first step of each chunk in the order of reading; one even of an empty sequence."""
        return range(0, max(self.timesteps, 1), self.chunk)

    def _times(self, first: int) -> slice:
        """Where in x the chunk lies that begins with step `first` of the reading."""
        last = min(first + self.chunk, self.timesteps)
        if self.go_backwards:
            return slice(self.timesteps - last, self.timesteps - first)
        return slice(first, last)

    def _read(self, first: int, states: list[Any], keep: bool) -> Any:
        times = self._times(first)
        x = np.ascontiguousarray(self.x[:, times])
        mask = None if self.mask is None else np.ascontiguousarray(self.mask[:, times])
        return self.run_forward(
            x, *self.weights, *states, mask, *self.dropout, *self.settings, keep
        )

    def _share(self, d_output: Any, first: int, last: bool) -> Any:
        """The part of the output's gradient that reaches a chunk."""
        if d_output is None:
            return None
        if self.return_sequences:
            return np.ascontiguousarray(d_output[:, first : first + self.chunk])
        return np.ascontiguousarray(d_output) if last else None


def _added(totals: list[Any], found: list[Any]) -> list[Any]:
    """Sums of gradients, in place from the second chunk on."""
    if not totals:
        return found
    for total, part in zip(totals, found, strict=True):
        if total is not None:
            np.add(total, part, out=total)
    return totals
