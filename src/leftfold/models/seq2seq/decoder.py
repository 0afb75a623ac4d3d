"""The decoder: writes a target word by word, looking at what the encoder read.

Where no step needs what attention found in the step before (attention of Luong without input
feeding, or none), the recurrence over the whole target is one primitive for each layer, and all
its states look at the source at once. Otherwise steps follow each other on the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold import ops
from leftfold.engine.tensor import as_array
from leftfold.layers import Dense, Dropout, Embedding, Layer
from leftfold.layers.serialization import known_layer
from leftfold.models.seq2seq.attention import AlignmentAttention
from leftfold.models.seq2seq.encoder import CELLS, Encoded

States = list[list[Any]]
"""For each layer its states, each (batch, units)."""

Attend = Callable[[Any], tuple[Any, Any]]
"""From states (batch, steps, units) to contexts (batch, steps, units) and weights, or None."""


class Written(NamedTuple):
    """What a decoder computed for a batch of targets.

    Attributes:
        readouts: what the next words are told from, (batch, steps, embedding_size), or only those
            asked for, (places, embedding_size).
        weights: attention's, (batch, steps, positions), or `None` without attention.
    """

    readouts: Any
    weights: Any


@known_layer
class Decoder(Layer):
    """An embedding, a stack of recurrent layers, attention, and what words are told from.

    Args:
        vocabulary: how many ids there are.
        embedding_size: numbers for each word, and in each readout.
        units: of states.
        cells: the name of each layer's cell, the lowest first.
        attention: a kind of attention, or `None`: then the encoder's last state is the context of
            every step.
        input_feeding: whether each step also reads the readout of the one before.
        tie_embeddings: whether the embedding is also what readouts are compared with.
        dropout: share of the inputs of each layer, and of readouts, dropped in training.
        final_sizes: the widths of the last states of the encoder's layers.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding_size: int,
        units: int,
        cells: Sequence[str],
        attention: str | None,
        input_feeding: bool,
        tie_embeddings: bool,
        dropout: float,
        final_sizes: Sequence[int],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        dtype = self.dtype
        self.sizes = vocabulary, embedding_size, units
        self.final_sizes = list(final_sizes)
        self.looks_first = attention == "bahdanau"
        self.input_feeding = input_feeding
        self.tie_embeddings = tie_embeddings
        self.embedding = Embedding(vocabulary, embedding_size, dtype=dtype, name="embedding")
        self.drop = Dropout(dropout, dtype=dtype)
        keep = {"return_sequences": True, "return_state": True, "dtype": dtype}
        self.stack: list[Any] = [CELLS[cell](units, **keep) for cell in cells]
        self.bridges = [
            Dense(units * len(layer.get_initial_state(1)), activation="tanh", dtype=dtype)
            for layer in self.stack
        ]
        self.attention = None
        if attention is not None:
            self.attention = AlignmentAttention(attention, units, dtype=dtype, name="attention")
        self.readout = Dense(embedding_size, activation="tanh", dtype=dtype, name="readout")

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        vocabulary, embedding_size, units = self.sizes
        self.embedding.build()
        width = embedding_size * (1 + self.input_feeding) + units * self.looks_first
        for number, (layer, bridge) in enumerate(zip(self.stack, self.bridges, strict=True)):
            layer.build((None, None, width))
            bridge.build((None, self._final(self.final_sizes, number)))
            width = units
        if self.attention is not None:
            self.attention.build((None, None, units))
        self.readout.build((None, None, 2 * units))
        self.output_kernel = None
        if not self.tie_embeddings:
            shape = (embedding_size, vocabulary)
            self.output_kernel = self.add_weight(shape, "glorot_uniform", name="output_kernel")
        self.output_bias = self.add_weight((vocabulary,), "zeros", name="output_bias")

    def _final(self, finals: Sequence[Any], number: int) -> Any:
        """Of the encoder's layers the one from which that of the decoder begins."""
        return finals[min(number, len(finals) - 1)]

    @property
    def in_steps(self) -> bool:
        """Whether a step needs what the step before saw, so that they cannot run at once."""
        return self.input_feeding or self.looks_first

    def begin(self, encoded: Encoded) -> States:
        """The states before the first word."""
        states = []
        for number, (layer, bridge) in enumerate(zip(self.stack, self.bridges, strict=True)):
            joined = bridge(self._final(encoded.finals, number))
            count = joined.shape[-1] // layer.units
            states.append(list(ops.split(joined, count, axis=-1)) if count > 1 else [joined])
        return states

    def attending(self, encoded: Encoded) -> Attend:
        """How states look at these sources."""
        attention = self.attention
        if attention is None:
            summary = ops.expand_dims(encoded.summary, 1)
            return lambda query: (ops.broadcast_to(summary, query.shape), None)
        keys = attention.keys(encoded.memory)

        def attend(query: Any) -> tuple[Any, Any]:
            weights = attention.weights_of(query, keys, encoded.mask)
            return ops.matmul(weights, encoded.memory), weights

        return attend

    def write(
        self,
        ids: np.ndarray,
        encoded: Encoded,
        training: bool = False,
        places: np.ndarray | None = None,
    ) -> Written:
        """Read target words and compute what the words behind them are told from.

        Args:
            ids: (batch, steps), the first of each row the start, 0 behind the shorter rows.
            encoded: the sources.
            training: whether to drop.
            places: the wanted positions, as indices into the flattened (batch, steps).
        """
        x = self.drop(self.embedding(ids), training=training)
        states, attend = self.begin(encoded), self.attending(encoded)
        if self.in_steps:
            readouts, weights = self._step_by_step(x, states, attend, training)
            readouts = _chosen(readouts, places)
        else:
            mask = ids != 0
            for number, (layer, before) in enumerate(zip(self.stack, states, strict=True)):
                x = self.drop(x, training=training) if number else x
                x, *_ = layer(x, initial_state=before, mask=mask, training=training)
            contexts, weights = attend(x)
            readouts = self.readout(_chosen(ops.concatenate([contexts, x], axis=-1), places))
        return Written(self.drop(readouts, training=training), weights)

    def _step_by_step(self, x: Any, states: States, attend: Attend, training: bool) -> Any:
        batch, steps, width = x.shape
        readout = ops.zeros((batch, 1, width), dtype=self.dtype)
        readouts, weights = [], []
        for step in range(steps):
            word = x[:, step : step + 1]
            readout, states, seen = self.step(word, readout, states, attend, training)
            readouts.append(readout)
            weights.append(seen)
        seen = None if weights[0] is None else ops.concatenate(weights, axis=1)
        return ops.concatenate(readouts, axis=1), seen

    def step(
        self, x: Any, before: Any, states: States, attend: Attend, training: bool = False
    ) -> tuple[Any, States, Any]:
        """Read one word.

        Args:
            x: its embedding, (batch, 1, embedding_size).
            before: the readout of the step before, alike.
            states: of the layers.
            attend: from `attending`.
            training: whether to drop.

        Returns:
            The readout, the states, and the weights of attention (batch, 1, positions) or `None`.
        """
        context = weights = None
        parts = [x]
        if self.looks_first:
            context, weights = attend(ops.expand_dims(states[-1][0], 1))
            parts.append(context)
        if self.input_feeding:
            parts.append(before)
        y = ops.concatenate(parts, axis=-1) if len(parts) > 1 else x
        after = []
        for number, (layer, state) in enumerate(zip(self.stack, states, strict=True)):
            y = self.drop(y, training=training) if number else y
            y, *state = layer(y, initial_state=state, training=training)
            after.append(state)
        if context is None:
            context, weights = attend(y)
        return self.readout(ops.concatenate([context, y], axis=-1)), after, weights

    def project(self, readouts: Any) -> Any:
        """Logits over the vocabulary."""
        kernel = self.output_kernel
        if kernel is None:
            kernel = ops.transpose(self.embedding.embeddings)
        return ops.dense(readouts, kernel, self.output_bias)


def _chosen(x: Any, places: np.ndarray | None) -> Any:
    """Of (batch, steps, features) the rows at `places` of the flattened first two axes."""
    if places is None:
        return x
    rows = ops.reshape(x, (-1, x.shape[-1]))
    return rows if len(places) == as_array(rows).shape[0] else ops.embedding(rows, places)
