"""A training step in steady state allocates nothing large, and results keep their memory."""

from __future__ import annotations

import gc
import resource
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from leftfold.engine import workspace
from leftfold.engine.tape import Tape
from leftfold.engine.variable import Variable
from leftfold.ops import recurrent
from tests.native.support import REDUCED, SANITIZED

BATCH, TIMESTEPS, FEATURES, UNITS = 16, 40, 24, 32
"""Of this size the kept gates take 330 KB, the states 80 KB, the inputs' gradient 60 KB."""


@pytest.fixture
def step(native) -> Callable[[], list[np.ndarray]]:
    """A step of training: forward, backward, update; what it answers."""
    native.set_allocator(workspace.empty)
    workspace.clear()
    random = np.random.default_rng(0)

    def variable(*shape: int) -> np.ndarray:
        return random.normal(size=shape, scale=0.1).astype(np.float32)

    x = variable(BATCH, TIMESTEPS, FEATURES)
    weights = [variable(FEATURES, 4 * UNITS), variable(UNITS, 4 * UNITS), variable(4 * UNITS)]
    flat = np.concatenate([w.reshape(-1) for w in weights])
    m, v = np.zeros_like(flat), np.zeros_like(flat)
    rest = [None] * 5 + ["tanh", "sigmoid", False, True, False, True]

    def run() -> list[np.ndarray]:
        output, h, c, saved = native.lstm_forward(x, *weights, *rest)
        gradients = native.lstm_backward(saved, output, h, c, True)
        native.adam_update(flat, flat, m, v, 1e-3, 0.9, 0.999, 1e-7, 0.0)
        return [output, h, c, *gradients]

    return run


def resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def test_a_step_in_steady_state_allocates_nothing_large(step):
    for _ in range(3):
        step()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        step()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - before < 64 << 10


@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps what is freed")
def test_memory_is_flat_over_many_steps(step):
    for _ in range(5):
        step()
    gc.collect()
    held, used = workspace._held["bytes"], resident()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    steps = 20 if REDUCED else 200
    for _ in range(steps):
        step()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    gc.collect()
    assert workspace._held["bytes"] == held
    assert resident() - used < 1 << 20
    # A page fault for every 4 KB of fresh memory: the gates alone would be 80 a step.
    assert faults < 20 * steps


def test_results_keep_their_memory_while_later_steps_run(step):
    first = step()
    copies = [array.copy() for array in first]
    rows = [array[..., 1:] for array in first]
    del first
    for _ in range(4):
        for array in step():
            array.fill(np.nan)
    for view, copy in zip(rows, copies, strict=True):
        np.testing.assert_array_equal(view, copy[..., 1:])


def test_arrays_given_to_a_forward_pass_live_until_its_backward_pass(native):
    """Temporaries too, such as the copies made of arrays that are not contiguous."""

    def ones(*shape: int) -> np.ndarray:
        return np.asfortranarray(np.ones(shape, np.float32))

    def forward() -> object:
        return native.gru_forward(
            ones(8, 5, 6), ones(6, 21), ones(7, 21), ones(2, 21), ones(8, 7), np.ones((8, 5), bool),
            ones(1, 8, 6), None, "tanh", "sigmoid", True, False, True, False, True,
        )[-1]  # fmt: skip

    expected = native.gru_backward(forward(), ones(8, 5, 7), None, True)
    saved = forward()
    gc.collect()
    overwritten = [np.full(n, np.nan, np.float32) for n in range(1, 2000)]
    for a, b in zip(native.gru_backward(saved, ones(8, 5, 7), None, True), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    del overwritten


def test_the_memory_of_a_step_on_the_tape_returns_to_the_pool():
    workspace.clear()
    kernel, recurrent_kernel = (
        Variable(np.ones((n, 4 * UNITS), np.float32)) for n in (FEATURES, UNITS)
    )
    x = np.ones((BATCH, TIMESTEPS, FEATURES), np.float32)

    def train() -> None:
        with Tape() as tape:
            output, *_ = recurrent.lstm(x, kernel, recurrent_kernel, return_sequences=True)
        tape.gradient(output, [kernel, recurrent_kernel])

    train()
    held = workspace._held["bytes"]
    assert held > 400 << 10
    for _ in range(5):
        train()
    assert workspace._held["bytes"] == held
