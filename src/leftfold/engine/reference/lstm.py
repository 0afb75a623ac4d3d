"""The long short-term memory, forward and backward.

With the input x, the hidden state h, the cell state c, the kernel W, the recurrent kernel R and
the bias b, each in four blocks of columns in the order i, f, c, o (the candidate g is the block
that Keras calls c), every step computes

    i = sigma(x W_i + h R_i + b_i)      input gate: how much of the candidate to write
    f = sigma(x W_f + h R_f + b_f)      forget gate: how much of the cell state to keep
    g =   phi(x W_c + h R_c + b_c)      candidate
    o = sigma(x W_o + h R_o + b_o)      output gate: how much of the cell state to show
    c' = f * c + i * g
    h' = o * phi(c')

where * is elementwise, phi the activation and sigma the recurrent activation.

Source: Hochreiter and Schmidhuber (1997), "Long short-term memory", Neural Computation 9(8);
the forget gate: Gers, Schmidhuber and Cummins (2000), Neural Computation 12(10).
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
    steps: list[Any]


def lstm_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray | None,
    h0: np.ndarray | None,
    c0: np.ndarray | None,
    mask: np.ndarray | None,
    input_dropout: np.ndarray | None,
    recurrent_dropout: np.ndarray | None,
    activation: str,
    recurrent_activation: str,
    go_backwards: bool,
    return_sequences: bool,
    zero_output_for_mask: bool,
    save: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Saved | None]:
    """Read a batch of sequences.

    Args:
        x: inputs, (batch, timesteps, features); or, where they are one-hot, the ids of the ones,
            (batch, timesteps), int32, without `input_dropout`.
        kernel: (features, 4 * units).
        recurrent_kernel: (units, 4 * units).
        bias: (4 * units,) or `None`.
        h0: initial hidden state, (batch, units), or `None` for zeros.
        c0: initial cell state, (batch, units), or `None` for zeros.
        mask: (batch, timesteps) or `None`; a row keeps its states where it is `False`.
        input_dropout: scaled masks, (1 or 4, batch, features), or `None`.
        recurrent_dropout: scaled masks, (4, batch, units), or `None`.
        activation: the name of phi.
        recurrent_activation: the name of sigma.
        go_backwards: read from the last step to the first, and answer in that order.
        return_sequences: answer with every hidden state, not only with the last.
        zero_output_for_mask: answer zeros at skipped steps instead of the carried state.
        save: whether a backward pass will follow.

    Returns:
        The output, (batch, timesteps, units) or (batch, units); the last hidden and cell
        state; what `lstm_backward` needs, `None` unless `save`.
    """
    phi = activation_by_name(activation).function
    sigma = activation_by_name(recurrent_activation).function
    sequence = Sequence(x, mask, go_backwards, return_sequences, zero_output_for_mask)
    h, c = initial(h0, x, recurrent_kernel), initial(c0, x, recurrent_kernel)
    b = 0 if bias is None else bias
    steps, hidden_states = [], []
    for _, x_t, live in sequence.steps():
        h_before, c_before = h, c
        z = (
            project(x_t, kernel, input_dropout)
            + project(h_before, recurrent_kernel, recurrent_dropout)
            + b
        )
        z_i, z_f, z_c, z_o = np.split(z, 4, axis=1)
        i, f, g, o = sigma(z_i), sigma(z_f), phi(z_c), sigma(z_o)
        c = f * c_before + i * g
        shown = phi(c)
        h = o * shown
        steps.append((h_before, c_before, i, f, g, o, shown))
        h, c = select(live, h, h_before), select(live, c, c_before)
        hidden_states.append(h)
    output = sequence.output(hidden_states, h)
    saved = Saved(
        sequence, kernel, recurrent_kernel, bias, input_dropout, recurrent_dropout,
        activation, recurrent_activation, steps,
    )  # fmt: skip
    return output, h, c, saved if save else None


def lstm_backward(
    saved: Saved,
    d_output: np.ndarray | None,
    d_h: np.ndarray | None,
    d_c: np.ndarray | None,
    needs_dx: bool,
) -> tuple[Any, ...]:
    """Pass gradients back through `lstm_forward`.

    Args:
        saved: what the forward pass kept.
        d_output: gradient of the output, or `None`.
        d_h: gradient of the last hidden state, or `None`.
        d_c: gradient of the last cell state, or `None`.
        needs_dx: whether the gradient of the inputs is wanted.

    Returns:
        Gradients of x (or `None`), kernel, recurrent kernel, bias (or `None`), h0, c0.
    """
    sequence, kernel, recurrent_kernel, bias, input_dropout, recurrent_dropout, *_, steps = saved
    dphi = activation_by_name(saved.activation).derivative
    dsigma = activation_by_name(saved.recurrent_activation).derivative
    d_x = np.zeros_like(sequence.x) if needs_dx else None
    d_kernel, d_recurrent_kernel = np.zeros_like(kernel), np.zeros_like(recurrent_kernel)
    d_bias = np.zeros_like(kernel, shape=kernel.shape[1])
    dh = sequence.gradient_at_end(d_output, d_h, weights=recurrent_kernel)
    dc = np.zeros_like(dh) if d_c is None else d_c
    for position, x_t, live in sequence.steps_back():
        h_before, c_before, i, f, g, o, shown = steps[position]
        dh = dh + sequence.gradient_at(position, live, d_output)
        d_o = dh * shown
        dc_step = dc + dh * o * dphi(shown)
        d_i, d_f, d_g = dc_step * g, dc_step * c_before, dc_step * i
        dz = np.concatenate(
            [d_i * dsigma(i), d_f * dsigma(f), d_g * dphi(g), d_o * dsigma(o)], axis=1
        )
        dz = select(live, dz, 0)
        d_bias += dz.sum(axis=0)
        dx_t = project_backward(dz, x_t, kernel, input_dropout, d_kernel)
        dh_before = project_backward(
            dz, h_before, recurrent_kernel, recurrent_dropout, d_recurrent_kernel
        )
        dh, dc = select(live, dh_before, dh), select(live, dc_step * f, dc)
        if d_x is not None:
            d_x[:, sequence.time(position)] = dx_t
    return d_x, d_kernel, d_recurrent_kernel, None if bias is None else d_bias, dh, dc
