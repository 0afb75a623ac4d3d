"""What every recurrence shares: reading order, masks, and products under dropout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

Step = tuple[int, np.ndarray, np.ndarray | None]
"""Position in reading order; the input there, (batch, features), or (batch,) for ids; which rows
are live (batch, 1)."""


class Sequence(NamedTuple):
    """An input sequence and the way in which it is read and answered.

    Args:
        x: inputs, (batch, timesteps, features), or ids, (batch, timesteps): see `project`.
        mask: (batch, timesteps), `False` where a step of a row is skipped; or `None`.
        go_backwards: read from the last step to the first, and answer in that order.
        return_sequences: answer with every hidden state, not only with the last.
        zero_output_for_mask: answer zeros at skipped steps instead of the carried state.
    """

    x: np.ndarray
    mask: np.ndarray | None
    go_backwards: bool
    return_sequences: bool
    zero_output_for_mask: bool

    def steps(self) -> Iterator[Step]:
        """Every step in the order of reading."""
        return (self._step(position) for position in range(self.x.shape[1]))

    def steps_back(self) -> Iterator[Step]:
        """Every step in the order in which gradients pass: the last one read comes first."""
        return (self._step(position) for position in reversed(range(self.x.shape[1])))

    def _step(self, position: int) -> Step:
        time = self.time(position)
        live = None if self.mask is None else self.mask[:, time, np.newaxis]
        return position, self.x[:, time], live

    def time(self, position: int) -> int:
        """The index on the time axis of the step read at `position`."""
        return self.x.shape[1] - 1 - position if self.go_backwards else position

    def output(self, hidden_states: list[np.ndarray], last: np.ndarray) -> np.ndarray:
        """The answer, given the hidden state after each step and after the whole sequence."""
        if not self.return_sequences:
            return last
        output = np.empty((*self.x.shape[:2], last.shape[1]), last.dtype)
        for (position, _, live), hidden_state in zip(self.steps(), hidden_states, strict=True):
            output[:, position] = self._zeroed(hidden_state, live)
        return output

    def gradient_at(
        self, position: int, live: np.ndarray | None, d_output: np.ndarray | None
    ) -> np.ndarray | float:
        """What the answer contributes to the gradient of the hidden state after one step."""
        if d_output is None or not self.return_sequences:
            return 0.0
        return self._zeroed(d_output[:, position], live)

    def gradient_at_end(
        self, d_output: np.ndarray | None, d_last: np.ndarray | None, weights: np.ndarray
    ) -> np.ndarray:
        """The gradient of the last hidden state, from the answer and from the final state."""
        total = initial(d_last, self.x, weights)
        if d_output is not None and not self.return_sequences:
            total = total + d_output
        return total

    def _zeroed(self, values: np.ndarray, live: np.ndarray | None) -> np.ndarray:
        return select(live, values, 0) if self.zero_output_for_mask else values


def select(live: np.ndarray | None, if_live: np.ndarray, otherwise: np.ndarray | int) -> np.ndarray:
    """`if_live` in the rows that take this step, `otherwise` in those that skip it."""
    if live is None:
        return if_live
    return np.where(live, if_live, np.asarray(otherwise, if_live.dtype))


def initial(state: np.ndarray | None, x: np.ndarray, recurrent_kernel: np.ndarray) -> np.ndarray:
    """The state to begin with: the one given, or zeros of shape (batch, units)."""
    if state is not None:
        return state
    return np.zeros((len(x), len(recurrent_kernel)), recurrent_kernel.dtype)


def project(x: np.ndarray, weights: np.ndarray, dropout: np.ndarray | None) -> np.ndarray:
    """`x @ weights`; under dropout each gate sees `x` through a mask of its own.

    Args:
        x: (batch, features). One-hot rows may be given as ids, (batch,): the place of the one.
            The product is then the row of `weights` that stands there.
        weights: (features, gates * units).
        dropout: one scaled mask per gate, or one for all, (gates or 1, batch, features).
    """
    if x.dtype.kind == "i":
        return weights[x]
    if dropout is None:
        return x @ weights
    gates = np.split(weights, len(dropout), axis=1)
    return np.concatenate(
        [(x * kept) @ gate for kept, gate in zip(dropout, gates, strict=True)], axis=1
    )


def project_backward(
    d_product: np.ndarray,
    x: np.ndarray,
    weights: np.ndarray,
    dropout: np.ndarray | None,
    d_weights: np.ndarray,
) -> Any:
    """The gradient of `project` with respect to `x`; that of `weights` is added to `d_weights`.

    Ids have none: `None`.
    """
    if x.dtype.kind == "i":
        np.add.at(d_weights, x, d_product)
        return None
    if dropout is None:
        d_weights += x.T @ d_product
        return d_product @ weights.T
    count = len(dropout)
    d_x = np.zeros_like(x)
    for kept, gate, d_gate, d_part in zip(
        dropout,
        np.split(weights, count, axis=1),
        np.split(d_weights, count, axis=1),
        np.split(d_product, count, axis=1),
        strict=True,
    ):
        d_gate += (x * kept).T @ d_part
        d_x += kept * (d_part @ gate.T)
    return d_x
