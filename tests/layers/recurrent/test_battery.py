"""The battery that every layer passes, over recurrent layers in all their settings."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from leftfold import layers
from tests.layers.check_layer import check_layer
from tests.layers.recurrent.helpers import LAYERS, numbers

MASKS = {
    "unmasked": None,
    "left": np.array([[0, 0, 0, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 1, 1]], bool),
    "right": np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]], bool),
    "holes": np.array([[0, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 0, 1, 1]], bool),
}

SETTINGS = [
    {},
    {"return_sequences": True, "return_state": True},
    {"go_backwards": True, "use_bias": False},
    {"zero_output_for_mask": True, "return_sequences": True, "activation": "softplus"},
    {"activation": "swish", "return_state": True},
]


@pytest.mark.parametrize(
    ("kind", "settings"),
    list(itertools.product(LAYERS, SETTINGS)),
    ids=lambda value: value if isinstance(value, str) else "-".join(value) or "plain",
)
@pytest.mark.parametrize("mask", MASKS)
def test_one_direction(kind, settings, mask):
    cls, options = LAYERS[kind]
    check_layer(cls(3, **options, **settings), numbers(3, 5, 2), MASKS[mask])


@pytest.mark.parametrize("mode", ["concat", "sum", "ave", "mul", None])
@pytest.mark.parametrize("mask", MASKS)
def test_both_directions(mode, mask):
    layer = layers.LSTM(3, return_sequences=True, return_state=True)
    check_layer(layers.Bidirectional(layer, merge_mode=mode), numbers(3, 5, 2), MASKS[mask])


@pytest.mark.parametrize("mask", MASKS)
def test_stacked_cells(mask):
    cells = [layers.LSTMCell(3), layers.GRUCell(4), layers.SimpleRNNCell(2)]
    check_layer(layers.RNN(cells, return_sequences=True), numbers(3, 5, 2), MASKS[mask])


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.LSTM(3, return_sequences=True, dropout=0.2, recurrent_dropout=0.3),
        lambda: layers.GRU(3, reset_after=False, return_state=True),
        lambda: layers.SimpleRNN(3, go_backwards=True, activity_regularizer="l2"),
        lambda: layers.RNN([layers.LSTMCell(3), layers.SimpleRNNCell(2)]),
        lambda: layers.Bidirectional(
            layers.GRU(3), backward_layer=layers.LSTM(2, go_backwards=True)
        ),
        lambda: layers.Bidirectional(layers.RNN([layers.GRUCell(3)], return_sequences=True)),
    ],
    ids=["lstm", "gru", "simple_rnn", "stacked", "two_kinds", "bidirectional_stacked"],
)
def test_files(make, tmp_path):
    check_layer(make(), numbers(3, 5, 2), folder=tmp_path, gradients=False)
