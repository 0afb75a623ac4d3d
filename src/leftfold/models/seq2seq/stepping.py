"""A decoder one word at a time, for many hypotheses of many sentences at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.engine import no_recording
from leftfold.engine.tensor import as_full_array

if TYPE_CHECKING:
    from leftfold.models.seq2seq.encoder_decoder import EncoderDecoder


class Decoding:
    """Sentences read once, and the states of hypotheses about their translations.

    Rows are hypotheses; each belongs to a sentence. In the beginning there is one for each.

    Args:
        model: an `EncoderDecoder`.
        source: ids, (sentences, positions), 0 behind the shorter ones.

    Attributes:
        sentence: of each row the sentence it belongs to, counted among those that are left.
        attention: of each row the weights of the last step, (rows, positions), or `None`.
    """

    def __init__(self, model: EncoderDecoder, source: np.ndarray) -> None:
        self._decoder = decoder = model.decoder
        with no_recording():
            encoded = model.encode(source)
            self._states = [[_array(s) for s in layer] for layer in decoder.begin(encoded)]
            self._keys = None
            if decoder.attention is not None:
                self._keys = _array(decoder.attention.keys(encoded.memory))
        self._memory, self._summary = _array(encoded.memory), _array(encoded.summary)
        self._mask = encoded.mask
        self._readout = np.zeros((len(source), decoder.sizes[1]), decoder.dtype)
        self.sentence = np.arange(len(source))
        self.attention: np.ndarray | None = None

    def step(self, words: np.ndarray) -> np.ndarray:
        """Read the next word of each row; the logits of the one behind it, (rows, vocabulary)."""
        decoder = self._decoder
        with no_recording():
            x = decoder.embedding(np.ascontiguousarray(words, np.int32)[:, None])
            readout, states, weights = decoder.step(
                x, self._readout[:, None], self._states, self._attend
            )
            self._states = [[_array(s) for s in layer] for layer in states]
            self._readout = _array(readout)[:, 0]
            self.attention = None if weights is None else weights[:, 0]
            return _array(decoder.project(self._readout))

    def choose(self, rows: np.ndarray) -> None:
        """Go on with these rows, in this order; some may be there twice, others not at all."""
        self._states = [[state[rows] for state in layer] for layer in self._states]
        self._readout = self._readout[rows]
        self.sentence = self.sentence[rows]

    def keep(self, sentences: np.ndarray) -> None:
        """Forget all sentences but these, which are in rising order and have all the rows."""
        self._memory, self._mask = self._memory[sentences], self._mask[sentences]
        self._summary = self._summary[sentences]
        if self._keys is not None:
            self._keys = self._keys[sentences]
        self.sentence = np.searchsorted(sentences, self.sentence)

    def _attend(self, query: Any) -> tuple[Any, Any]:
        """Contexts and weights of rows; those of a sentence look at its one memory."""
        attention = self._decoder.attention
        if attention is None:
            return self._summary[self.sentence][:, None], None
        query = _array(query)
        starts = np.searchsorted(self.sentence, self.sentence)
        place = np.arange(len(self.sentence)) - starts
        queries = np.zeros((len(self._mask), place.max() + 1, query.shape[-1]), query.dtype)
        queries[self.sentence, place] = query[:, 0]
        weights = _array(attention.weights_of(queries, self._keys, self._mask))
        contexts = np.matmul(weights, self._memory)
        return (
            contexts[self.sentence, place][:, None],
            weights[self.sentence, place][:, None],
        )


def _array(value: Any) -> np.ndarray:
    array: np.ndarray = as_full_array(value)
    return array
