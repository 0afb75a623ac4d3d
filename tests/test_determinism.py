"""The same seed gives the same bits: in every run, and with any number of threads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from leftfold import Sequential, layers
from leftfold.engine import config
from leftfold.utils import set_random_seed

VOCABULARY, STEPS, ROWS = 500, 24, 96

RECURRENT: dict[str, Callable[[], Any]] = {
    "simple_rnn": lambda: layers.SimpleRNN(120, dropout=0.2, recurrent_dropout=0.2),
    "lstm": lambda: layers.LSTM(40),
    "lstm_dropout": lambda: layers.LSTM(40, dropout=0.2, recurrent_dropout=0.2),
    "gru": lambda: layers.GRU(40),
    "gru_reset_before": lambda: layers.GRU(40, reset_after=False, dropout=0.1),
    "bidirectional": lambda: layers.Bidirectional(layers.LSTM(40)),
}


def trained(name: str, threads: int) -> list[np.ndarray]:
    """Weights after two epochs over ragged sequences, padded on the left."""
    config.set_threads(threads)
    set_random_seed(1997)
    rng = np.random.default_rng(0)
    x = rng.integers(1, VOCABULARY, (ROWS, STEPS)).astype(np.int32)
    x[np.arange(STEPS) < rng.integers(0, STEPS, ROWS)[:, None]] = 0
    y = rng.integers(0, 3, ROWS)
    model = Sequential(
        [
            layers.Embedding(VOCABULARY, 32, mask_zero=True),
            RECURRENT[name](),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=64, epochs=2, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("name", RECURRENT)
def test_training_gives_the_same_bits_at_any_number_of_threads(name: str) -> None:
    alone = trained(name, 1)
    assert all(np.isfinite(weight).all() for weight in alone)
    for threads in (1, 2, 4):
        for weight, expected in zip(trained(name, threads), alone, strict=True):
            np.testing.assert_array_equal(weight, expected)


def test_training_gives_the_same_bits_in_another_process() -> None:
    program = (
        "import hashlib\n"
        "from tests.test_determinism import trained\n"
        "print(hashlib.sha256(b''.join(w.tobytes() for w in trained('lstm_dropout', 2)))"
        ".hexdigest())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout != ""
