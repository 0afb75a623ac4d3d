"""The encoder: reads a source once, in one direction or in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold import ops
from leftfold.layers import GRU, LSTM, Bidirectional, Dropout, Embedding, Layer, SimpleRNN
from leftfold.layers.serialization import known_layer

CELLS = {"gru": GRU, "lstm": LSTM, "simple_rnn": SimpleRNN}


class Encoded(NamedTuple):
    """What an encoder leaves of a batch of sources.

    Attributes:
        memory: its outputs at every position, (batch, positions, units).
        mask: boolean, (batch, positions): where the source has a word.
        summary: its last hidden state, (batch, units).
        finals: for each layer all its last states, joined, (batch, some multiple of units).
    """

    memory: Any
    mask: np.ndarray
    summary: Any
    finals: list[Any]


@known_layer
class Encoder(Layer):
    """An embedding and a stack of recurrent layers.

    Args:
        vocabulary: how many ids there are; 0 is padding.
        embedding_size: numbers for each word.
        units: of the outputs; with `bidirectional` half of them read in each direction.
        cells: the name of each layer's cell, the lowest first.
        bidirectional: whether to read from both ends.
        dropout: share of the inputs of each layer that is dropped in training.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding_size: int,
        units: int,
        cells: Sequence[str],
        bidirectional: bool,
        dropout: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        dtype = self.dtype
        self.sizes = vocabulary, embedding_size, units
        self.cell_names = tuple(cells)
        self.bidirectional = bidirectional
        self.embedding = Embedding(vocabulary, embedding_size, dtype=dtype, name="embedding")
        self.drop = Dropout(dropout, dtype=dtype)
        self.stack = []
        for cell in cells:
            layer: Any = CELLS[cell](
                units // 2 if bidirectional else units,
                return_sequences=True,
                return_state=True,
                dtype=dtype,
            )
            self.stack.append(Bidirectional(layer, dtype=dtype) if bidirectional else layer)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        self.embedding.build()
        width = self.sizes[1]
        for layer in self.stack:
            layer.build((None, None, width))
            width = self.sizes[2]

    def read(self, ids: np.ndarray, training: bool = False) -> Encoded:
        """Read sources.

        Args:
            ids: (batch, positions), 0 behind the shorter ones.
            training: whether to drop.
        """
        mask = ids != 0
        x = self.embedding(ids)
        finals = []
        for layer in self.stack:
            x, *states = layer(self.drop(x, training=training), mask=mask, training=training)
            finals.append(states[0] if len(states) == 1 else ops.concatenate(states, axis=-1))
        summary = states[0]
        if self.bidirectional:
            summary = ops.concatenate([states[0], states[len(states) // 2]], axis=-1)
        return Encoded(x, mask, summary, finals)

    def final_sizes(self) -> list[int]:
        """The width of each of `Encoded.finals`."""
        return [self.sizes[2] * (2 if cell == "lstm" else 1) for cell in self.cell_names]
