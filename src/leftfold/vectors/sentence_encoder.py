"""A recurrent network that turns any sentence into a vector."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.saving.archive import replacing
from leftfold.vectors.corpus import words

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
        self.units = self.weights[1].shape[0] if len(self.weights) == 3 else 0
        shapes = [(self.table.shape[-1], 3 * self.units), (self.units, 3 * self.units)]
        if (
            self.table.shape[0] != len(self.tokens)
            or [weight.shape for weight in self.weights[:2]] != shapes
            or self.weights[2].shape != (2, 3 * self.units)
        ):
            raise DataError(
                f"sentence encoder: expected vectors of {len(self.tokens):,} words and weights of "
                f"a GRU over them, got shapes {[self.table.shape, *(w.shape for w in weights)]}."
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
        text = [token.encode() for token in self.tokens]
        arrays: dict[str, Any] = dict(zip(_ARRAYS, (self.table, *self.weights), strict=True))
        with replacing(path) as file:
            np.savez(
                file,
                tokens=np.frombuffer(b"".join(text), np.uint8),
                token_ends=np.cumsum([len(token) for token in text]),
                **arrays,
            )
        return path

    @classmethod
    def load(cls, path: Path | str) -> SentenceEncoder:
        """Read what `save` wrote.

        Raises:
            DataError: for a file that is missing or holds anything else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                text, ends = file["tokens"].tobytes(), file["token_ends"].tolist()
                table, *weights = (file[name] for name in _ARRAYS)
            starts = [0, *ends[:-1]]
            tokens = [text[start:end].decode() for start, end in zip(starts, ends, strict=True)]
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"sentence encoder: {path} cannot be read: {error}.") from error
        return cls(tokens, table, weights)
