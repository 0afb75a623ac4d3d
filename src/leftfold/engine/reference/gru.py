"""The gated recurrent unit, forward and backward.

With the input x, the hidden state h, the kernel W, the recurrent kernel R and the bias b, each
in three blocks of columns in the order z, r, h, every step computes

    z = sigma(x W_z + h R_z + b_z)      update gate: how much of the state to keep
    r = sigma(x W_r + h R_r + b_r)      reset gate: how much of the state the candidate sees
    g =   phi(x W_h + b_h + u)          candidate, with

        u = (r * h) R_h                 reset before the product (`reset_after=False`)
        u = r * (h R_h + b'_h)          reset after the product (`reset_after=True`)

    h' = z * h + (1 - z) * g

where * is elementwise, phi the activation and sigma the recurrent activation. With
`reset_after` there are two biases, b for x W and b' for h R, the rows of one (2, 3 * units)
array.

Source: Cho et al. (2014), arXiv:1406.1078, versions 3 (reset before) and 1 (reset after).
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
    """What the backward pass needs: the arguments, and states and gates at each step."""

    sequence: Sequence
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray | None
    input_dropout: np.ndarray | None
    recurrent_dropout: np.ndarray | None
    activation: str
    recurrent_activation: str
    reset_after: bool
    steps: list[Any]


def gru_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    mask: np.ndarray | None,
    input_dropout: np.ndarray | None,
    recurrent_dropout: np.ndarray | None,
    activation: str,
    recurrent_activation: str,
    reset_after: bool,
    go_backwards: bool,
    return_sequences: bool,
    zero_output_for_mask: bool,
    save: bool,
) -> tuple[np.ndarray, np.ndarray, Saved | None]:
    """Read a batch of sequences.

    Args:
        x: inputs, (batch, timesteps, features); or, where they are one-hot, the ids of the ones,
            (batch, timesteps), int32, without `input_dropout`.
        kernel: (features, 3 * units).
        recurrent_kernel: (units, 3 * units).
        bias: (2, 3 * units) if `reset_after`, else (3 * units,); or `None`.
        h0: initial hidden state, (batch, units), or `None` for zeros.
        mask: (batch, timesteps) or `None`; a row keeps its state where it is `False`.
        input_dropout: scaled masks, (1 or 3, batch, features), or `None`.
        recurrent_dropout: scaled masks, (3, batch, units), or `None`.
        activation: the name of phi.
        recurrent_activation: the name of sigma.
        reset_after: whether the reset gate acts after the product with R_h or before.
        go_backwards: read from the last step to the first, and answer in that order.
        return_sequences: answer with every hidden state, not only with the last.
        zero_output_for_mask: answer zeros at skipped steps instead of the carried state.
        save: whether a backward pass will follow.

    Returns:
        The output, (batch, timesteps, units) or (batch, units); the last hidden state; what
        `gru_backward` needs, `None` unless `save`.
    """
    phi = activation_by_name(activation).function
    sigma = activation_by_name(recurrent_activation).function
    sequence = Sequence(x, mask, go_backwards, return_sequences, zero_output_for_mask)
    h = initial(h0, x, recurrent_kernel)
    b, b_recurrent = _biases(bias, reset_after)
    (gates, candidate), (gates_kept, candidate_kept) = _blocks(recurrent_kernel, recurrent_dropout)
    steps, hidden_states = [], []
    for _, x_t, live in sequence.steps():
        h_before = h
        x_z, x_r, x_h = np.split(project(x_t, kernel, input_dropout) + b, 3, axis=1)
        if reset_after:
            inner = project(h_before, recurrent_kernel, recurrent_dropout) + b_recurrent
            h_z, h_r, h_h = np.split(inner, 3, axis=1)
            z, r = sigma(x_z + h_z), sigma(x_r + h_r)
            u = r * h_h
        else:
            h_z, h_r = np.split(project(h_before, gates, gates_kept), 2, axis=1)
            z, r = sigma(x_z + h_z), sigma(x_r + h_r)
            h_h = None
            u = project(r * h_before, candidate, candidate_kept)
        g = phi(x_h + u)
        h = z * h_before + (1 - z) * g
        steps.append((h_before, z, r, g, h_h))
        h = select(live, h, h_before)
        hidden_states.append(h)
    output = sequence.output(hidden_states, h)
    saved = Saved(
        sequence, kernel, recurrent_kernel, bias, input_dropout, recurrent_dropout,
        activation, recurrent_activation, reset_after, steps,
    )  # fmt: skip
    return output, h, saved if save else None


def gru_backward(
    saved: Saved, d_output: np.ndarray | None, d_h: np.ndarray | None, needs_dx: bool
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
    """Pass gradients back through `gru_forward`.

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
    dsigma = activation_by_name(saved.recurrent_activation).derivative
    d_x = np.zeros_like(sequence.x) if needs_dx else None
    d_kernel, d_recurrent_kernel = np.zeros_like(kernel), np.zeros_like(recurrent_kernel)
    d_bias = np.zeros_like(kernel, shape=(2, kernel.shape[1]))
    (gates, candidate), (gates_kept, candidate_kept) = _blocks(recurrent_kernel, recurrent_dropout)
    (d_gates, d_candidate), _ = _blocks(d_recurrent_kernel, None)
    dh = sequence.gradient_at_end(d_output, d_h, weights=recurrent_kernel)
    for position, x_t, live in sequence.steps_back():
        h_before, z, r, g, h_h = steps[position]
        dh = dh + sequence.gradient_at(position, live, d_output)
        dh_step = select(live, dh, 0)
        dz = dh_step * (h_before - g) * dsigma(z)
        dg = dh_step * (1 - z) * dphi(g)
        dh_before = dh_step * z
        if saved.reset_after:
            dr = dg * h_h * dsigma(r)
            d_inner = np.concatenate([dz, dr, dg * r], axis=1)
            d_bias[1] += d_inner.sum(axis=0)
            dh_before += project_backward(
                d_inner, h_before, recurrent_kernel, recurrent_dropout, d_recurrent_kernel
            )
        else:
            d_reset = project_backward(dg, r * h_before, candidate, candidate_kept, d_candidate)
            dr = d_reset * h_before * dsigma(r)
            d_inner = np.concatenate([dz, dr], axis=1)
            dh_before += d_reset * r + project_backward(
                d_inner, h_before, gates, gates_kept, d_gates
            )
        d_input = np.concatenate([dz, dr, dg], axis=1)
        d_bias[0] += d_input.sum(axis=0)
        dx_t = project_backward(d_input, x_t, kernel, input_dropout, d_kernel)
        dh = select(live, dh_before, dh)
        if d_x is not None:
            d_x[:, sequence.time(position)] = dx_t
    if not saved.reset_after:
        d_bias = d_bias[0]
    return d_x, d_kernel, d_recurrent_kernel, None if bias is None else d_bias, dh


def _biases(bias: np.ndarray | None, reset_after: bool) -> tuple[Any, Any]:
    """The bias of the input and that of the recurrent product."""
    if bias is None:
        return 0, 0
    return (bias[0], bias[1]) if reset_after else (bias, 0)


def _blocks(weights: np.ndarray, dropout: np.ndarray | None) -> tuple[Any, Any]:
    """The columns of the two gates and those of the candidate; their dropout masks alike."""
    units = weights.shape[1] // 3
    blocks = weights[:, : 2 * units], weights[:, 2 * units :]
    return blocks, (None, None) if dropout is None else (dropout[:2], dropout[2:])
