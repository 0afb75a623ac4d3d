"""Layers under the names, with the arguments and defaults of Keras."""

from leftfold.layers.dense import Dense
from leftfold.layers.dtype_policy import DTypePolicy
from leftfold.layers.embedding import Embedding
from leftfold.layers.input import Input, InputLayer
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.recurrent import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    GRUCell,
    LSTMCell,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
)
from leftfold.layers.serialization import deserialize, serialize

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Bidirectional",
    "DTypePolicy",
    "Dense",
    "Embedding",
    "GRUCell",
    "Input",
    "InputLayer",
    "InputSpec",
    "LSTMCell",
    "Layer",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
    "deserialize",
    "serialize",
]
