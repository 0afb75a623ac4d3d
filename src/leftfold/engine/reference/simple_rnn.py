"""The simple recurrent network, forward and backward.

With the input x, the hidden state h, the kernel W, the recurrent kernel R, the bias b and the
activation phi, every step computes

    h' = phi(x W + h R + b)

Source: Elman (1990), "Finding structure in time", Cognitive Science 14(2).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from leftfold.engine.reference.activations import activation_by_name
from leftfold.engine.reference.sequence import (
    Sequence,
    initial,
    project,
    project_backward,
    select,
)


class Saved(NamedTuple):
    """What the backward pass needs: the arguments, and the hidden state before each step."""

    sequence: Sequence
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray | None
    input_dropout: np.ndarray | None
    recurrent_dropout: np.ndarray | None
    activation: str
    steps: list[Any]


def simple_rnn_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    mask: np.ndarray | None,
    input_dropout: np.ndarray | None,
    recurrent_dropout: np.ndarray | None,
    activation: str,
    go_backwards: bool,
    return_sequences: bool,
    zero_output_for_mask: bool,
    save: bool,
) -> tuple[np.ndarray, np.ndarray, Saved | None]:
    """Read a batch of sequences.

    Args:
        x: inputs, (batch, timesteps, features); or, where they are one-hot, the ids of the ones,
            (batch, timesteps), int32, without `input_dropout`.
        kernel: (features, units).
        recurrent_kernel: (units, units).
        bias: (units,) or `None`.
        h0: initial hidden state, (batch, units), or `None` for zeros.
        mask: (batch, timesteps) or `None`; a row keeps its state where it is `False`.
        input_dropout: scaled mask, (1, batch, features), or `None`.
        recurrent_dropout: scaled mask, (1, batch, units), or `None`.
        activation: the name of phi.
        go_backwards: read from the last step to the first, and answer in that order.
        return_sequences: answer with every hidden state, not only with the last.
        zero_output_for_mask: answer zeros at skipped steps instead of the carried state.
        save: whether a backward pass will follow.

    Returns:
        The output, (batch, timesteps, units) or (batch, units); the last hidden state; what
        `simple_rnn_backward` needs, `None` unless `save`.
    """
    phi = activation_by_name(activation).function
    sequence = Sequence(x, mask, go_backwards, return_sequences, zero_output_for_mask)
    h = initial(h0, x, recurrent_kernel)
    b = 0 if bias is None else bias
    steps, hidden_states = [], []
    for _, x_t, live in sequence.steps():
        h_before = h
        h = phi(
            project(x_t, kernel, input_dropout)
            + project(h_before, recurrent_kernel, recurrent_dropout)
            + b
        )
        steps.append((h_before, h))
        h = select(live, h, h_before)
        hidden_states.append(h)
    output = sequence.output(hidden_states, h)
    saved = Saved(
        sequence, kernel, recurrent_kernel, bias, input_dropout, recurrent_dropout,
        activation, steps,
    )  # fmt: skip
    return output, h, saved if save else None


def simple_rnn_backward(
    saved: Saved, d_output: np.ndarray | None, d_h: np.ndarray | None, needs_dx: bool
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
    """Pass gradients back through `simple_rnn_forward`.

    Args:
        saved: what the forward pass kept.
        d_output: gradient of the output, or `None`.
        d_h: gradient of the last hidden state, or `None`.
        needs_dx: whether the gradient of the inputs is wanted.

    Returns:
        Gradients of x (or `None`), kernel, recurrent kernel, bias (or `None`), h0.
    """
    sequence, kernel, recurrent_kernel, bias, input_dropout, recurrent_dropout, *_, steps = saved
    dphi = activation_by_name(saved.activation).derivative
    d_x = np.zeros_like(sequence.x) if needs_dx else None
    d_kernel, d_recurrent_kernel = np.zeros_like(kernel), np.zeros_like(recurrent_kernel)
    d_bias = np.zeros_like(kernel, shape=kernel.shape[1])
    dh = sequence.gradient_at_end(d_output, d_h, weights=recurrent_kernel)
    for position, x_t, live in sequence.steps_back():
        h_before, h = steps[position]
        dh = dh + sequence.gradient_at(position, live, d_output)
        dz = select(live, dh * dphi(h), 0)
        d_bias += dz.sum(axis=0)
        dx_t = project_backward(dz, x_t, kernel, input_dropout, d_kernel)
        dh_before = project_backward(
            dz, h_before, recurrent_kernel, recurrent_dropout, d_recurrent_kernel
        )
        dh = select(live, dh_before, dh)
        if d_x is not None:
            d_x[:, sequence.time(position)] = dx_t
    return d_x, d_kernel, d_recurrent_kernel, None if bias is None else d_bias, dh
