"""Prediction does not grow: what a call allocates is gone, or used again, after it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from leftfold import Sequential, layers


@pytest.mark.parametrize("method", ["predict_on_batch", "predict", "__call__"])
@pytest.mark.parametrize("cell", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_memory_does_not_grow_over_many_predictions(cell: type, method: str) -> None:
    model = Sequential([layers.Input((7, 3)), cell(16), layers.Dense(2)])
    x = np.random.default_rng(0).normal(size=(5, 7, 3)).astype("float32")
    arguments = {"verbose": 0} if method == "predict" else {}
    run = getattr(model, method)
    for _ in range(50):
        run(x, **arguments)
    tracemalloc.start()
    try:
        run(x, **arguments)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(300):
            run(x, **arguments)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 3000  # ten bytes a call would be a leak; caches of the interpreter are not
