from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers
from leftfold.saving.weights import walk


class Block(layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = layers.Dense(2)
        self.extra = [layers.Dense(2), [layers.Dense(2)]]

    def call(self, inputs: Any) -> Any:
        return self.extra[1][0](self.extra[0](self.inner(inputs)))


class Everything(Model):
    def __init__(self) -> None:
        super().__init__()
        self.z_dense = layers.Dense(2)
        self.a_lstm = layers.LSTM(2, return_sequences=True)
        self.blocks = [Block(), Block()]
        self.named = {"x": layers.Dense(3), "y": layers.Dense(4)}
        self._hidden = layers.Dense(2)
        self.bi = layers.Bidirectional(layers.GRU(2))
        self.alias = self.z_dense
        self.stack = Sequential([layers.Dense(2), layers.Dense(2)])

    def call(self, inputs: Any) -> Any:
        x = self.z_dense(self.bi(self.a_lstm(inputs)))
        for block in self.blocks:
            x = block(x)
        return self.stack(self._hidden(self.named["y"](self.named["x"](x))))


def test_the_walk_over_a_subclassed_model_is_that_of_keras() -> None:
    """The order and the paths were taken from a file that Keras 3.15.1 wrote."""
    model = Everything()
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3, 2), np.float32), np.ones((4, 2), np.float32), verbose=0)
    assert [path for path, _ in walk(model)] == [
        "",
        "a_lstm",
        "a_lstm/cell",
        "alias",
        "bi",
        "bi/backward_layer",
        "bi/backward_layer/cell",
        "bi/forward_layer",
        "bi/forward_layer/cell",
        "blocks/block",
        "blocks/block/extra/dense",
        "blocks/block/extra/container/dense",
        "blocks/block/inner",
        "blocks/block_1",
        "blocks/block_1/extra/dense",
        "blocks/block_1/extra/container/dense",
        "blocks/block_1/inner",
        "layers/dense_1",
        "layers/dense_2",
        "layers/dense_3",
        "layers/sequential",
        "layers/sequential/layers/dense",
        "layers/sequential/layers/dense_1",
        "optimizer",
    ]


def test_layers_of_a_graph_are_numbered_by_class() -> None:
    x = Input((4, 2), name="first")
    y = layers.LSTM(2, return_sequences=True, name="reader")(x)
    y = layers.LSTM(2, name="other")(y[:, 1:])
    model = Model(x, layers.Dense(1, name="head")(y))
    assert [path for path, _ in walk(model)] == [
        "",
        "layers/input_layer",
        "layers/lstm",
        "layers/lstm/cell",
        "layers/lstm_1",
        "layers/lstm_1/cell",
        "layers/dense",
    ]


def test_a_stack_has_no_place_for_its_input() -> None:
    model = Sequential([Input((4, 2)), layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)])])
    assert [path for path, _ in walk(model)] == [
        "",
        "layers/rnn",
        "layers/rnn/cell",
        "layers/rnn/cell/cells/lstm_cell",
        "layers/rnn/cell/cells/gru_cell",
    ]


@pytest.mark.parametrize("name", ["forward_layer", "backward_layer"])
def test_both_directions_have_their_place(name: str) -> None:
    model = Sequential([Input((4, 2)), layers.Bidirectional(layers.LSTM(2))])
    assert f"layers/bidirectional/{name}/cell" in dict(walk(model))
