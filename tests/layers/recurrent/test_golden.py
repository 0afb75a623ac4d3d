"""Recurrent layers compute and learn what Keras 3.15.1 computes and learns.

The figures are in `tests/golden/recurrent.npz`; `tests/golden/make_recurrent.py` writes it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.parity import recurrent_programs as programs

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "recurrent.npz")


@pytest.mark.parametrize("name", programs.CASES)
def test_outputs_and_gradients(implementation, name):
    expected, start = GOLDEN[name], 0
    for part, found in programs.layer("leftfold", name).items():
        values = expected[start : start + found.size].reshape(found.shape)
        np.testing.assert_allclose(found, values, rtol=1e-4, atol=2e-6, err_msg=part)
        start += found.size
    assert start == expected.size


@pytest.mark.parametrize("training", programs.TRAININGS, ids="/".join)
def test_twenty_steps_of_training(implementation, training):
    expected = GOLDEN["/".join(("training", *training))]
    assert len(expected) == 20
    np.testing.assert_allclose(programs.training("leftfold", *training), expected, rtol=1e-4)


def test_nothing_in_the_file_is_left_unused():
    trainings = ["/".join(("training", *training)) for training in programs.TRAININGS]
    assert set(GOLDEN.files) == {*programs.CASES, *trainings}
