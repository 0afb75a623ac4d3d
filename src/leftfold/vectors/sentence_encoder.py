"""A recurrent network that turns any sentence into a vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.saving.archive import replacing
from leftfold.vectors.array_files import ENDS, TOKENS, names_in, packed_names, read_arrays
from leftfold.vectors.corpus import sentences_of, words

_ARRAYS = ("table", "kernel", "recurrent_kernel", "bias")


class SentenceEncoder:
    """Word vectors and a GRU over them; the last state is the sentence's vector.

    Args:
        tokens: the words that it knows.
        table: (words, dimensions), their vectors.
        weights: of the GRU: kernel, recurrent kernel and bias, as a `GRU` layer has them.

    Raises:
        DataError: for sizes that do not go together.
    """

    def __init__(
        self, tokens: Sequence[str], table: np.ndarray, weights: Sequence[np.ndarray]
    ) -> None:
        self.tokens = list(tokens)
        self.table = np.asarray(table, np.float32)
        self.weights = [np.asarray(weight, np.float32) for weight in weights]
        self._numbers = {token: number for number, token in enumerate(self.tokens, 1)}
        found = [self.table.shape, *(weight.shape for weight in self.weights)]
        self.units = found[2][0] if len(found) == 4 and found[2] else 0
        dimensions = found[0][-1] if found[0] else 0
        width = 3 * self.units
        if found != [
            (len(self.tokens), dimensions), (dimensions, width), (self.units, width), (2, width)
        ]:  # fmt: skip
            raise DataError(
                f"sentence encoder: expected vectors of {len(self.tokens):,} words and weights of "
                f"a GRU over them, got shapes {found}."
            )
        self._model: Any = None

    def encode(self, sentences: Iterable[str | Sequence[str]], batch_size: int = 256) -> np.ndarray:
        """Vectors of sentences.

        Args:
            sentences: texts, or lists of tokens; unknown words are passed over.
            batch_size: sentences at a time.

        Returns:
            (sentences, units), float32; zeros for a sentence without a known word.

        Example:
            >>> rng = np.random.default_rng(0)
            >>> shapes = (2, 4), (3, 12), (4, 12), (2, 12)
            >>> table, *weights = [rng.normal(size=shape) for shape in shapes[1:]]
            >>> encoder = SentenceEncoder(["a", "film", "good"], np.eye(3), [table, *weights])
            >>> encoder.encode(["A good film!", "unknown"]).any(axis=1).tolist()
            [True, False]
        """
        numbers = [
            [
                self._numbers[token]
                for token in (words(sentence) if isinstance(sentence, str) else sentence)
                if token in self._numbers
            ]
            for sentence in sentences
        ]
        found = np.zeros((len(numbers), self.units), np.float32)
        order = sorted(range(len(numbers)), key=lambda row: len(numbers[row]))
        order = [row for row in order if numbers[row]]
        model = self._network()
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            ids = np.zeros((len(rows), len(numbers[rows[-1]])), np.int32)
            for place, row in enumerate(rows):
                ids[place, : len(numbers[row])] = numbers[row]
            found[rows] = model.predict_on_batch(ids)
        return found

    def infer(self, texts: Iterable[str]) -> np.ndarray:
        """Vectors of texts: the means of those of their sentences.

        Args:
            texts: of any number of sentences.

        Returns:
            (texts, units), float32; zeros for a text without a known word.
        """
        split = [sentences_of(text) for text in texts]
        vectors = self.encode(sentence for sentences in split for sentence in sentences)
        found = np.zeros((len(split), self.units), np.float32)
        known, first = (vectors != 0).any(axis=1), 0
        for row, sentences in enumerate(split):
            span = slice(first, first + len(sentences))
            if known[span].any():
                found[row] = vectors[span][known[span]].mean(0)
            first = span.stop
        return found

    def _network(self) -> Any:
        if self._model is None:
            from leftfold.layers import GRU, Embedding, Input
            from leftfold.models import Sequential

            padded = np.concatenate([np.zeros_like(self.table[:1]), self.table])
            recurrence = GRU(self.units)
            self._model = Sequential(
                [
                    Input((None,), dtype="int32"),
                    Embedding(len(padded), padded.shape[1], mask_zero=True, weights=[padded]),
                    recurrence,
                ]
            )
            recurrence.set_weights(self.weights)
        return self._model

    def save(self, path: Path | str) -> Path:
        """Write the encoder to a file of NumPy arrays (`.npz`).

        Raises:
            SavingError: when it cannot be written.
        """
        path = Path(path)
        arrays = dict(zip(_ARRAYS, (self.table, *self.weights), strict=True))
        with replacing(path) as file:
            np.savez(file, allow_pickle=False, **packed_names(self.tokens), **arrays)
        return path

    @classmethod
    def load(cls, path: Path | str) -> SentenceEncoder:
        """Read what `save` wrote.

        Raises:
            SavingError: for a file that is missing or no archive of arrays.
            DataError: for one that holds anything else.
        """
        path = Path(path)
        arrays = read_arrays(path, (TOKENS, ENDS, *_ARRAYS))
        table, *weights = (arrays[name] for name in _ARRAYS)
        return cls(names_in(path, arrays), table, weights)
