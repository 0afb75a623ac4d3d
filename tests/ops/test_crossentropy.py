"""Cross-entropies of probabilities in every type, and of nothing at all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import Tape, Tensor

FLOATS = ["float16", "float32", "float64"]
PAIRS = list(itertools.product(FLOATS, FLOATS))


@pytest.mark.parametrize(("target_type", "output_type"), PAIRS)
def test_targets_and_outputs_may_be_different_floats(target_type, output_type):
    target = Tensor(np.array([1, 0, 0.25], target_type), tracked=True)
    output = Tensor(np.array([0.2, 0.9, 0.5], output_type), tracked=True)
    with Tape() as tape:
        losses = ops.binary_crossentropy(target, output)
    np.testing.assert_allclose(losses, -np.log([0.2, 0.1, 0.5]), rtol=4e-3)
    assert losses.dtype == np.result_type(target_type, output_type)
    of_target, of_output = tape.gradient(losses, [target, output])
    np.testing.assert_allclose(of_target, np.log([4, 1 / 9, 1]), rtol=4e-3, atol=1e-6)
    np.testing.assert_allclose(of_output, [-5, 10, 1], rtol=4e-3)
    assert (of_target.dtype, of_output.dtype) == (target_type, output_type)


@pytest.mark.parametrize(("slope_type", "output_type"), PAIRS)
def test_gradients_may_come_in_another_type(slope_type, output_type):
    output = Tensor(np.array([[0.25, 0.75], [0.5, 0.5]], output_type), tracked=True)
    with Tape() as tape:
        losses = ops.sparse_categorical_crossentropy([0, 1], output)
    (gradient,) = tape.gradient(losses, [output], np.ones(2, slope_type))
    np.testing.assert_allclose(gradient, [[-3, 1], [1, -1]], rtol=1e-3)
    assert gradient.dtype == output_type


def test_no_rows_give_no_losses():
    assert ops.binary_crossentropy(np.zeros((0, 2)), np.zeros((0, 2), "f")).shape == (0, 2)
    for classes in (0, 3):
        output = Tensor(np.zeros((0, classes), np.float32), tracked=True)
        with Tape() as tape:
            losses = ops.sparse_categorical_crossentropy(np.zeros(0, int), output)
        assert losses.shape == (0,)
        assert tape.gradient(losses, [output])[0].shape == (0, classes)
