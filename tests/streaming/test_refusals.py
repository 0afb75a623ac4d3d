"""What cannot be stepped is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import layers, ops, streaming


def sequential(*chain: Any) -> Any:
    return leftfold.Sequential([layers.Input((6, 4)), *chain])


class OwnLSTM(layers.LSTM):
    pass


class OwnCell(layers.SimpleRNNCell):
    pass


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ([layers.Bidirectional(layers.LSTM(3))], "Bidirectional .*from its end"),
        ([layers.LSTM(3, go_backwards=True)], "LSTM .*go_backwards"),
        ([OwnLSTM(3)], "OwnLSTM .*no step of this kind"),
        ([layers.RNN(OwnCell(3))], "RNN .*its cell OwnCell"),
        ([layers.Conv1D(3, 2)], "Conv1D .*several timesteps"),
        ([layers.MaxPooling1D()], "MaxPooling1D .*several timesteps"),
        ([layers.Flatten()], "Flatten .*mixes the timesteps"),
        ([layers.Reshape((24,))], "Reshape .*mixes the timesteps"),
        ([layers.LSTM(3), layers.RepeatVector(2)], "RepeatVector .*the end of another"),
        ([layers.Lambda(lambda x: x)], "Lambda .*function in Python"),
        ([layers.Dense(3, lambda x: x)], "Dense .*does not know its activation"),
        ([layers.GRU(3, ops.cos)], "GRU .*does not know its activation cos"),
        ([layers.LayerNormalization(axis=1)], "LayerNormalization .*last axis"),
        ([layers.BatchNormalization(axis=1)], "BatchNormalization .*last axis"),
        ([layers.PReLU()], "PReLU .*shared_axes"),
        ([layers.ReLU(threshold=0.5)], "ReLU .*threshold"),
        ([layers.GlobalMaxPooling1D(keepdims=True)], "GlobalMaxPooling1D .*keepdims"),
        ([layers.LSTM(3, dtype="float64"), layers.Dense(2)], "all in float64, got float32"),
    ],
)
def test_layers_by_name(chain: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        streaming.compile(sequential(*chain))


def test_models_of_a_kind_without_steps() -> None:
    class Own(leftfold.Model):
        def call(self, inputs: Any) -> Any:
            return inputs

    for model in (Own(), layers.LSTM(3), "model"):
        with pytest.raises(TypeError, match="expected a Sequential or functional model"):
            streaming.compile(model)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a built model"):
        streaming.compile(leftfold.Sequential([layers.LSTM(3)]))
    with pytest.raises(ValueError, match=r"got inputs of shape \(None, 3\)"):
        streaming.compile(leftfold.Sequential([layers.Input((3,)), layers.Dense(2)]))


def test_graphs_whose_calls_need_more_than_a_step() -> None:
    x, other = layers.Input((6, 4)), layers.Input((6, 4))
    h, *states = layers.LSTM(4, return_sequences=True, return_state=True, name="first")(x)
    refused: list[tuple[Any, Any, str]] = [
        ([x, other], layers.Add()([x, other]), "one input and one output, got .* with 2 and 1"),
        (x, layers.LSTM(4)(h, initial_state=states), "it reads the states of 'first'"),
        (x, states[0], "LSTM 'first': its states are the model's output"),
        (x, layers.Attention()([h, x]), "Attention .*all timesteps at once"),
        (x, ops.tanh(h), "cannot step the operation"),
        (x, layers.Add()([h, layers.LSTM(4)(x)]), "Add .*the same sequence"),
        (x, layers.Concatenate(axis=1)([h, x]), "Concatenate .*axis 1"),
    ]
    for inputs, outputs, message in refused:
        with pytest.raises(ValueError, match=message):
            streaming.compile(leftfold.Model(inputs, outputs))
    fine = leftfold.Model(x, layers.Dense(2)(h))
    assert streaming.compile(fine).step(np.ones(4)).shape == (2,)


def test_merged_masks() -> None:
    ids = layers.Input((None,))
    x = layers.Embedding(5, 4, mask_zero=True)(ids)
    both = layers.Add()([x, layers.LSTM(4, return_sequences=True)(x)])
    with pytest.raises(ValueError, match=r"Add .*masks"):
        streaming.compile(leftfold.Model(ids, both))
