"""The recurrences and their gradients against PyTorch's, padded sequences included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from leftfold.engine import Tape, Tensor
from leftfold.ops import recurrent
from tests.parity.conftest import compare
from tests.parity.programs import numbers
from tools.peers import Worker

BATCH, STEPS, FEATURES, UNITS = 6, 11, 5, 7
GATES = {"simple_rnn": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}
"""Where PyTorch's gates stand in Keras's order: a GRU's are r, z, n there and z, r, h here."""


def to_torch(kind: str, matrix: np.ndarray) -> np.ndarray:
    """A kernel (inputs, gates * units) as PyTorch's (gates * units, inputs); a bias likewise."""
    blocks = np.split(matrix, len(GATES[kind]), axis=-1)
    return np.concatenate([blocks[gate] for gate in GATES[kind]], axis=-1).T.copy()


@pytest.mark.parametrize("lengths", [None, [11, 3, 1, 7, 11, 5]], ids=["full", "ragged"])
@pytest.mark.parametrize("kind", GATES)
def test_recurrence_and_gradients(
    peer: Callable[[str, str], Worker],
    implementation: str,
    kind: str,
    lengths: list[int] | None,
) -> None:
    width = len(GATES[kind]) * UNITS
    x, d_output = numbers(1, BATCH, STEPS, FEATURES), numbers(2, BATCH, STEPS, UNITS)
    kernel, recurrent_kernel = 0.4 * numbers(3, FEATURES, width), 0.4 * numbers(4, UNITS, width)
    bias = numbers(5, 2, width) if kind == "gru" else numbers(5, width)
    states = [numbers(6 + i, BATCH, UNITS) for i in range(2 if kind == "lstm" else 1)]
    mask = None if lengths is None else np.arange(STEPS) < np.array(lengths)[:, None]
    if mask is not None:
        d_output = d_output * mask[:, :, None]

    input_bias, hidden_bias = bias if kind == "gru" else (bias, np.zeros_like(bias))
    torch_weights = {
        "weight_ih": to_torch(kind, kernel),
        "weight_hh": to_torch(kind, recurrent_kernel),
        "bias_ih": to_torch(kind, input_bias),
        "bias_hh": to_torch(kind, hidden_bias),
    }
    theirs = peer("torch", "torch_side.py").call(
        "recurrence", kind, x, torch_weights, states, lengths, d_output
    )

    sources = [Tensor(a, tracked=True) for a in (x, kernel, recurrent_kernel, bias, *states)]
    with Tape() as tape:
        output, *last = getattr(recurrent, kind)(
            *sources, mask, return_sequences=True, zero_output_for_mask=True
        )
    found: list[Any] = tape.gradient(output, sources, output_gradient=d_output)
    dx, dkernel, drecurrent, dbias, *dstates = found
    d_input_bias, d_hidden_bias = dbias if kind == "gru" else (dbias, dbias)
    ours = {
        "output": output.numpy(),
        "last": [state.numpy() for state in last],
        "dx": dx,
        "dstates": dstates,
        "dweights": {
            "weight_ih": to_torch(kind, dkernel),
            "weight_hh": to_torch(kind, drecurrent),
            "bias_ih": to_torch(kind, d_input_bias),
            "bias_hh": to_torch(kind, d_hidden_bias),
        },
    }
    compare(ours, theirs, rtol=1e-4, atol=2e-5, where=kind)
