"""Recurrent layers, one cell a file."""

from leftfold.layers.recurrent.bidirectional import Bidirectional
from leftfold.layers.recurrent.conv_lstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from leftfold.layers.recurrent.gru import GRU, GRUCell
from leftfold.layers.recurrent.lstm import LSTM, LSTMCell
from leftfold.layers.recurrent.rnn import RNN
from leftfold.layers.recurrent.simple_rnn import SimpleRNN, SimpleRNNCell
from leftfold.layers.recurrent.stacked_cells import StackedRNNCells

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Bidirectional",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "GRUCell",
    "LSTMCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
]
