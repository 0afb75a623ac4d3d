"""`IndexLookup`: tokens to numbers and back, the base of `StringLookup` and `IntegerLookup`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.engine import KerasTensor, Tensor, config
from leftfold.layers.layer import Layer
from leftfold.layers.vocabulary import (
    Token,
    TokenCounts,
    Vocabulary,
    batches,
    read_lines,
    refuse_vocabulary_file,
)

_DROPPED = -1
_OUTPUT_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class IndexLookup(Layer):
    """Base of the layers that look tokens up; they say what a token is and name the arguments."""

    _untracked = Layer._untracked | {"_counts", "_given", "_vocabulary"}

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Token | None,
        oov_token: Token,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        oov_method: str,
        salt: Any,
        **kwargs: Any,
    ) -> None:
        for name in ("vocabulary_size", "has_input_vocabulary"):
            kwargs.pop(name, None)
        super().__init__(**kwargs)
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.output_mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        self.pad_to_max_tokens = pad_to_max_tokens
        self.oov_method = oov_method
        self.salt = salt
        self._check_settings(sparse, idf_weights)
        pads = mask_token is not None and self.output_mode == "int"
        self._vocabulary = Vocabulary(
            self._called,
            [mask_token] * pads + [oov_token] * num_oov_indices,
            [token for token in (mask_token, oov_token if invert else None) if token is not None],
            max_tokens,
        )
        self._oov_start = int(pads)
        self._idf: np.ndarray | None = None
        self._given: tuple[Any, Any] | None = None
        self._counts = TokenCounts()
        self._is_fixed = vocabulary is not None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _check_settings(self, sparse: bool, idf_weights: Any) -> None:
        name, mode = type(self).__name__, self.output_mode
        if self.max_tokens is not None and self.max_tokens < 2:
            raise ValueError(f"{name} expected max_tokens to be 2 or more, got {self.max_tokens}.")
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise ValueError(f"{name} expected max_tokens with pad_to_max_tokens, got None.")
        if self.num_oov_indices < 0:
            raise ValueError(
                f"{name} expected num_oov_indices to be 0 or more, got {self.num_oov_indices}."
            )
        if mode not in _OUTPUT_MODES:
            modes = ", ".join(map(repr, _OUTPUT_MODES))
            raise ValueError(f"{name} expected output_mode to be one of {modes}, got {mode!r}.")
        if self.invert and mode != "int":
            raise ValueError(f"{name} expected output_mode 'int' with invert, got {mode!r}.")
        if idf_weights is not None and mode != "tf_idf":
            raise ValueError(
                f"{name} expected output_mode 'tf_idf' with idf_weights, got {mode!r}."
            )
        if sparse:
            raise ValueError(f"{name} expected sparse to be False: its outputs are dense.")

    def _as_tokens(self, data: Any) -> np.ndarray:
        """Whatever the user gave as an array of tokens."""
        raise NotImplementedError

    def _bucket(self, token: Token) -> int:
        """Which of several numbers for unknown tokens this one has."""
        raise NotImplementedError

    # The vocabulary ------------------------------------------------------------------------------

    def vocabulary_size(self) -> int:
        """The number of tokens, those for padding and for unknown ones included."""
        return len(self._vocabulary)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Token]:
        """All tokens in the order of their numbers.

        Args:
            include_special_tokens: whether those for padding and for unknown tokens stand in
                front, so that a token's place is its number.
        """
        special = self._vocabulary.special if include_special_tokens else []
        return [*special, *self._vocabulary.tokens]

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take a vocabulary instead of learning one.

        Args:
            vocabulary: the tokens in order, with or without the special ones in front, or the
                path of a text file with one token a line.
            idf_weights: a weight for each token, for the mode `"tf_idf"` alone.

        Raises:
            ValueError: for an empty vocabulary, one that does not fit into `max_tokens`,
                repeated or reserved tokens, and weights that are missing or too many.
        """
        if (idf_weights is None) == (self.output_mode == "tf_idf"):
            wanted = "idf_weights" if idf_weights is None else "no idf_weights"
            raise ValueError(f"{self._called} expected {wanted} in the mode {self.output_mode!r}.")
        if isinstance(vocabulary, str | Path):
            vocabulary = read_lines(vocabulary, self._called)
        tokens = self._as_tokens(vocabulary).ravel().tolist()
        weights = None if idf_weights is None else np.asarray(idf_weights, config.floatx())
        if weights is not None and weights.shape != (len(tokens),):
            raise ValueError(
                f"{self._called} expected idf_weights for {len(tokens)} tokens, got an array of "
                f"shape {weights.shape}."
            )
        complete = self._vocabulary.take(list(tokens))
        if weights is not None:
            self._set_weights(weights, complete)
        self._given = (tokens, None if weights is None else np.asarray(idf_weights).tolist())

    def _set_weights(self, weights: np.ndarray, complete: bool) -> None:
        """Weights of tokens; special ones, if not among them, weigh as much as the average."""
        front = 0 if complete else len(self._vocabulary.special)
        weights = np.concatenate([[weights.mean()] * front, weights]).astype(config.floatx())
        self._idf = np.pad(weights, (0, self._depth - len(weights)))

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens first, ties from the last to the first.

        Args:
            data: a list or array of tokens, or anything that yields batches of such. In the mode
                `"tf_idf"` each row is a document.
            steps: how many batches to read; all of them by default.

        Raises:
            ValueError: if the layer was made with a vocabulary, or there is no token in the data.
        """
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget what `update_state` counted."""
        self._counts = TokenCounts()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch; one without rows is a single document."""
        tokens = self._as_tokens(data)
        width = tokens.shape[-1] if tokens.ndim else 1
        self.count(tokens.reshape(-1, width).tolist())

    def count(self, documents: Iterable[Sequence[Token]]) -> None:
        """Count the tokens of documents."""
        if self._is_fixed:
            raise ValueError(
                f"{self._called} was made with a vocabulary and cannot learn another: make it "
                "without one, or use set_vocabulary."
            )
        self._counts.add(documents, self.output_mode == "tf_idf")

    def finalize_state(self) -> None:
        """Make the vocabulary out of what was counted."""
        learnt = self._counts.ranked((self.mask_token, self.oov_token))
        if not learnt:
            raise ValueError(f"{self._called} expected tokens to learn from, got none.")
        if self.max_tokens is not None:
            learnt = learnt[: self.max_tokens - len(self._vocabulary.special)]
        self._vocabulary.take(learnt)
        self._given = None
        if self.output_mode == "tf_idf":
            self._set_weights(self._counts.rarities(learnt).astype(config.floatx()), False)
        self.reset_state()

    # Using it ------------------------------------------------------------------------------------

    @property
    def _depth(self) -> int:
        """Size of the last axis of the outputs that are not numbers of tokens."""
        return int(self.max_tokens or 0) if self.pad_to_max_tokens else self.vocabulary_size()

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(inputs, KerasTensor):
            return super().__call__(inputs, *args, **kwargs)
        if hasattr(inputs, "with_flat_values"):  # rows of unequal length
            return inputs.with_flat_values(self(inputs.flat_values))
        return Tensor(self.call(inputs))

    def call(self, inputs: Any) -> Any:
        if self.invert:
            return self._to_tokens(np.asarray(inputs))
        tokens = self._as_tokens(inputs)
        indices = self.indices(tokens.ravel().tolist()).reshape(tokens.shape)
        if self.output_mode == "int":
            return indices
        if self.output_mode == "one_hot":
            alone = tokens.ndim > 1 and tokens.shape[-1] == 1
            return self.one_hot(np.atleast_1d(indices[..., 0] if alone else indices))
        shape = tokens.shape[:-1]
        count = int(np.prod(shape))
        rows = np.repeat(np.arange(count), tokens.shape[-1] if tokens.ndim else 1)
        return self.encode(indices.ravel(), rows, count).reshape(*shape, self._depth)

    def indices(self, tokens: Sequence[Token]) -> np.ndarray:
        """The number of each token; -1 for padding that an encoding leaves out."""
        index = self._vocabulary.index
        if not index:
            raise RuntimeError(
                f"{self._called} has no vocabulary yet: call adapt on some data, or make it with "
                "vocabulary=."
            )
        if self.num_oov_indices == 1:
            unknown = self._oov_start
            found = [index.get(token, unknown) for token in tokens]
        else:
            found = [index[token] if token in index else self._unknown(token) for token in tokens]
        if self.mask_token is not None:
            padding = 0 if self.output_mode == "int" else _DROPPED
            found = [
                padding if token == self.mask_token else number
                for token, number in zip(tokens, found, strict=True)
            ]
        return np.array(found, np.int64)

    def _unknown(self, token: Token) -> int:
        if self.num_oov_indices:
            return self._oov_start + self._bucket(token)
        if token == self.mask_token:
            return _DROPPED
        raise ValueError(
            f"{self._called} expected tokens of its vocabulary, got {token!r}. With "
            "num_oov_indices=1 unknown tokens have a number of their own."
        )

    def encode(self, indices: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
        """The tokens of each of `count` rows as one vector, in the layer's mode.

        Args:
            indices: numbers of tokens, (n,).
            rows: the row of each, (n,).
            count: number of rows.
        """
        depth, kept = self._depth, indices != _DROPPED
        places = rows[kept] * depth + indices[kept]
        counts = np.bincount(places, minlength=count * depth).reshape(count, depth)
        if self.output_mode == "multi_hot":
            return np.minimum(counts, 1)
        return counts if self._idf is None else counts.astype(self._idf.dtype) * self._idf

    def one_hot(self, indices: np.ndarray) -> np.ndarray:
        """A new last axis with a 1 for each token."""
        return (indices[..., None] == np.arange(self._depth)).astype(np.int64)

    def _to_tokens(self, indices: np.ndarray) -> np.ndarray:
        tokens = self.get_vocabulary()
        known = range(len(tokens))
        found = [tokens[i] if i in known else self.oov_token for i in indices.ravel().tolist()]
        return self._as_tokens(found).reshape(indices.shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return shape
        if self.output_mode == "one_hot":
            return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), self._depth)
        return (*shape[:-1], self._depth)

    def compute_output_spec(self, inputs: Any) -> Any:
        dtype = config.floatx() if self.output_mode == "tf_idf" else "int64"
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    # Configuration and files ---------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        vocabulary, weights = self._given or (None, None)
        if self._given is None and self._vocabulary.tokens:
            vocabulary = self.get_vocabulary()
            weights = None if self._idf is None else self._idf[: len(vocabulary)].tolist()
        return super().get_config() | {
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": False,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "idf_weights": weights,
            "vocabulary": vocabulary,
            "vocabulary_size": self.vocabulary_size() if self._vocabulary.tokens else None,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer with the arguments that `get_config` gave; it opens no other file."""
        refuse_vocabulary_file(cls, config)
        return super().from_config(config)

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of the tokens into a file, as Keras does."""
        if self._idf is not None:
            store["idf_weights"] = self._idf

    def load_own_variables(self, store: Any) -> None:
        """Take the weights of the tokens out of a file."""
        if self._idf is not None and "idf_weights" in store:
            self._idf = np.asarray(store["idf_weights"])
