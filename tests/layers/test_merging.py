"""Masks of layers that merge several inputs."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import layers


def test_masks_that_do_not_go_with_the_inputs_are_refused() -> None:
    pair = [np.ones((2, 3, 4)), np.ones((2, 3, 4))]
    for layer in (layers.Add(), layers.Concatenate()):
        assert layer.compute_mask(pair, [None, None]) is None
        with pytest.raises(ValueError, match="expected mask to be a list"):
            layer.compute_mask(pair, np.ones((2, 3), bool))
        with pytest.raises(ValueError, match="expected inputs to be a list"):
            layer.compute_mask(pair[0], [None, None])
        with pytest.raises(ValueError, match="each of its 2 inputs, got 1"):
            layer.compute_mask(pair, [None])
