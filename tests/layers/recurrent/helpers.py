"""Small things that the tests of recurrent layers share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import layers, ops
from leftfold.engine import Tape, Tensor

LAYERS = {
    "simple_rnn": (layers.SimpleRNN, {}),
    "lstm": (layers.LSTM, {}),
    "gru": (layers.GRU, {}),
    "gru_reset_before": (layers.GRU, {"reset_after": False}),
}

every_layer = pytest.mark.parametrize(("cls", "options"), LAYERS.values(), ids=LAYERS)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def holes(batch: int, timesteps: int) -> np.ndarray:
    """A mask with holes; the last row has no valid step."""
    mask = np.random.default_rng(1).random((batch, timesteps)) < 0.6
    mask[-1] = False
    return mask


def flat(outputs: Any) -> list[np.ndarray]:
    """The arrays in nested lists and tuples of tensors."""
    if isinstance(outputs, list | tuple):
        return [leaf for item in outputs for leaf in flat(item)]
    return [np.asarray(outputs)]


def outputs_and_gradients(
    layer: Any, x: np.ndarray, **kwargs: Any
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """All outputs, and the gradients of the sum of their squares: input, then weights."""
    tracked = Tensor(x, tracked=True)
    if not layer.built:
        layer.build(x.shape)
    with Tape() as tape:
        outputs = layer(tracked, **kwargs)
        found = outputs if isinstance(outputs, list | tuple) else [outputs]
        total = sum(ops.sum(ops.square(o)) for item in found for o in _tensors(item))
    return flat(outputs), tape.gradient(total, [tracked, *layer.weights])


def _tensors(item: Any) -> list[Any]:
    return list(item) if isinstance(item, list | tuple) else [item]


def assert_alike(found: list[Any], expected: list[Any], rtol: float = 1e-4) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=2e-6)
