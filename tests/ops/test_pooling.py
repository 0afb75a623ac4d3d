"""Masked mean and maximum against their definition, and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import ops
from leftfold.engine import Tape, Tensor
from leftfold.ops.pooling import masked_max, masked_mean

OPERATIONS = [(masked_mean, np.mean), (masked_max, np.max)]


@pytest.mark.parametrize(("operation", "reduction"), OPERATIONS)
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 3)),
    axis=st.sampled_from([1, 2]),
    keepdims=st.booleans(),
    seed=st.integers(0, 999),
)
def test_each_sequence_is_reduced_over_its_own_steps(
    operation: Callable[..., Any],
    reduction: Callable[..., Any],
    shape: tuple[int, int, int],
    axis: int,
    keepdims: bool,
    seed: int,
) -> None:
    generator = np.random.default_rng(seed)
    series = generator.normal(size=shape)
    mask = generator.random(shape[:2]) < 0.6
    weights = generator.normal(size=(shape[0], shape[2]))
    x = Tensor(series if axis == 1 else series.transpose(0, 2, 1), tracked=True)
    with Tape() as tape:
        y = operation(x, mask, axis=axis, keepdims=keepdims)
        total = ops.sum(y * (np.expand_dims(weights, axis) if keepdims else weights))
    reduced = np.squeeze(y.data, axis) if keepdims else y.data
    expected = [
        reduction(steps[kept], axis=0) if kept.any() else np.zeros(shape[2])
        for steps, kept in zip(series, mask, strict=True)
    ]
    np.testing.assert_allclose(reduced, expected)
    dx = np.asarray(tape.gradient(total, [x])[0])
    dx = dx if axis == 1 else dx.transpose(0, 2, 1)
    for b in range(shape[0]):
        steps = np.flatnonzero(mask[b])
        wanted = np.zeros(shape[1:])
        for f in range(shape[2]):
            if steps.size and reduction is np.mean:
                wanted[steps, f] = weights[b, f] / steps.size
            elif steps.size:
                wanted[steps[series[b, steps, f].argmax()], f] = weights[b, f]
        np.testing.assert_allclose(dx[b], wanted, atol=1e-12)


def test_steps_that_share_the_maximum_share_its_gradient() -> None:
    x = Tensor(np.array([[[2.0], [2.0], [2.0], [1.0]]]), tracked=True)
    with Tape() as tape:
        y = masked_max(x, np.array([[True, False, True, True]]))
    assert np.asarray(tape.gradient(y, [x])[0]).ravel().tolist() == [0.5, 0, 0.5, 0]
