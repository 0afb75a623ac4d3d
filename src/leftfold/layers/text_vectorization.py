"""`TextVectorization`: texts to numbers of words, or to vectors that count them."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from leftfold.engine import KerasTensor, Tensor, config, registry
from leftfold.engine.tensor import TEXT
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer
from leftfold.layers.string_lookup import StringLookup, as_strings
from leftfold.layers.vocabulary import batches, refuse_vocabulary_file

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_STRIP: dict[int, Any] = str.maketrans("", "", string.punctuation)
_STANDARDS = {
    "lower": _LOWER,
    "strip_punctuation": _STRIP,
    "lower_and_strip_punctuation": _LOWER | _STRIP,
}
_words: Callable[[str], list[str]] = re.compile(r"[^ \t\n\v\f\r]+").findall
_SPLITS: dict[str, Callable[[str], list[str]]] = {"whitespace": _words, "character": list}


@known_layer
class TextVectorization(Layer):
    """Texts to numbers of words, by a vocabulary that is given or learnt by `adapt`.

    A text is standardised, split into tokens and looked up. Number 0 is for padding, 1 for
    unknown tokens.

    Args:
        max_tokens: size that the vocabulary may reach, padding and unknown included.
        standardize: `"lower_and_strip_punctuation"`, `"lower"`, `"strip_punctuation"`, `None`,
            or a function from an array of texts to one of the same shape. Case and punctuation
            are those of ASCII, as in Keras.
        split: `"whitespace"`, `"character"`, `None` (each text is one token), or a function from
            an array of texts to a list of lists of tokens.
        ngrams: also take all runs of up to that many tokens; a tuple names the lengths to take.
        output_mode: `"int"` for numbers of tokens; for a vector of each text `"multi_hot"` (1
            for the tokens in it), `"count"` (how often they are in it) or `"tf_idf"` (that times
            a weight, large for tokens of few texts); `"one_hot"` for a vector of each token.
        output_sequence_length: cut and pad texts to that many numbers; to the longest of the
            batch by default.
        pad_to_max_tokens: whether vectors have the size `max_tokens` in any case.
        vocabulary: the tokens in order, or the path of a text file with one a line.
        idf_weights: a weight for each token of the vocabulary, for the mode `"tf_idf"`.
        sparse: not supported, must be `False`.
        ragged: not supported, must be `False`.
        encoding: of texts given as bytes.
        name: the layer's name.

    Call arguments:
        inputs: texts, `(batch,)` or `(batch, 1)`, as array or list; or a single string.

    Raises:
        ValueError: for settings that contradict each other, or inputs that are not texts.
        RuntimeError: when called before it has a vocabulary.

    Example:
        >>> layer = TextVectorization(output_sequence_length=4)
        >>> layer.adapt(["The cat sat.", "The cat ran!"])
        >>> layer.get_vocabulary()
        ['', '[UNK]', 'the', 'cat', 'sat', 'ran']
        >>> layer(["the cat", "a dog ran"]).tolist()
        [[2, 3, 0, 0], [1, 1, 5, 0]]
    """

    reads_texts = True
    input_dtype = TEXT

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        for hidden in ("vocabulary_size", "has_input_vocabulary"):
            kwargs.pop(hidden, None)
        super().__init__(name=name, **kwargs)
        if ragged:
            raise ValueError("TextVectorization expected ragged to be False: outputs are dense.")
        self.standardize = _chosen("standardize", standardize, _STANDARDS)
        self.split = _chosen("split", split, _SPLITS)
        self.ngrams = _checked_ngrams(ngrams)
        self.encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens,
            mask_token="",
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            encoding=encoding,
            name=f"{self.name}_lookup",
        )
        self.output_mode = self._lookup_layer.output_mode
        length = output_sequence_length
        if length is not None and (type(length) is not int or length < 1):
            raise ValueError(
                "TextVectorization expected output_sequence_length to be a positive integer or "
                f"None, got {length!r}."
            )
        if length is not None and self.output_mode != "int":
            raise ValueError(
                "TextVectorization expected output_mode 'int' with output_sequence_length, got "
                f"{self.output_mode!r}."
            )
        self.output_sequence_length = length

    # The vocabulary ------------------------------------------------------------------------------

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens first, ties from the last to the first.

        Args:
            data: a list or array of texts, or anything that yields batches of texts.
            batch_size: accepted as in Keras, without effect.
            steps: how many batches to read; all of them by default.

        Raises:
            ValueError: if the layer was made with a vocabulary, or there is no token in the data.
        """
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch of texts."""
        self._lookup_layer.count(self._tokens(data)[0])

    def finalize_state(self) -> None:
        """Make the vocabulary out of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget what `update_state` counted."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """All tokens in the order of their numbers.

        Args:
            include_special_tokens: whether padding and unknown stand in front, so that a token's
                place is its number.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take a vocabulary instead of learning one: see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def vocabulary_size(self) -> int:
        """The number of tokens, padding and unknown included."""
        return self._lookup_layer.vocabulary_size()

    # Using it ------------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(inputs, KerasTensor):
            return super().__call__(inputs, *args, **kwargs)
        return Tensor(self.call(inputs))

    def call(self, inputs: Any) -> Any:
        rows, shape = self._tokens(inputs)
        lookup = self._lookup_layer
        indices = lookup.indices(list(chain.from_iterable(rows)))
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        row_of = np.repeat(np.arange(len(rows)), lengths)
        if self.output_mode in ("int", "one_hot"):
            width = self.output_sequence_length or int(lengths.max(initial=0))
            place = np.arange(len(indices)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            kept = place < width
            empty = 0 if self.output_mode == "int" else -1
            padded = np.full((len(rows), width), empty, np.int64)
            padded[row_of[kept], place[kept]] = indices[kept]
            padded = padded.reshape(*shape, width)
            return padded if self.output_mode == "int" else lookup.one_hot(padded)
        encoded = lookup.encode(indices, row_of, len(rows))
        return encoded.reshape(*shape, encoded.shape[-1])

    def _tokens(self, inputs: Any) -> tuple[list[list[str]], tuple[int, ...]]:
        """The tokens of each text, and the shape in which the texts stand."""
        texts = as_strings(inputs, self.encoding, self._called)
        if callable(self.standardize):
            given = texts.shape
            texts = as_strings(self.standardize(texts.astype(str)), self.encoding, self._called)
            if texts.shape != given:
                raise ValueError(
                    f"{self._called} expected standardize to return an array of shape {given}, "
                    f"got {texts.shape}."
                )
        if self.split is not None and texts.ndim > 1:
            if texts.shape[-1] != 1:
                raise ValueError(
                    f"{self._called} expected texts of shape (batch,) or (batch, 1), got "
                    f"{texts.shape}."
                )
            texts = texts[..., 0]
        if self.split is None:
            texts = np.atleast_1d(texts)
            rows = self._standard(texts.reshape(-1, texts.shape[-1]).tolist())
            shape = texts.shape[:-1]
        else:
            flat = texts.ravel()
            shape = texts.shape
            rows = self._split(self._standard([flat.tolist()])[0], flat)
        return ([self._with_ngrams(row) for row in rows] if self.ngrams else rows), shape

    def _standard(self, rows: list[list[str]]) -> list[list[str]]:
        if not isinstance(self.standardize, str):
            return rows
        table = _STANDARDS[self.standardize]
        return [[text.translate(table) for text in row] for row in rows]

    def _split(self, texts: list[str], like: np.ndarray) -> list[list[str]]:
        if isinstance(self.split, str):
            return list(map(_SPLITS[self.split], texts))
        rows = self.split(np.array(texts, dtype=str))
        if len(rows) != len(like):
            raise ValueError(
                f"{self._called} expected split to return a list of tokens for each of "
                f"{len(like)} texts, got {len(rows)}."
            )
        lists = [row.data.tolist() if isinstance(row, Tensor) else list(row) for row in rows]
        return [as_strings(row, self.encoding, self._called).tolist() for row in lists]

    def _with_ngrams(self, tokens: Sequence[str]) -> list[str]:
        widths = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [
            " ".join(tokens[start : start + width])
            for width in widths
            for start in range(len(tokens) - width + 1)
        ]

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = tuple(input_shape)
        if self.split is not None and len(shape) > 1:
            shape = shape[:-1]
        if self.split is None:
            shape = shape[:-1]
        if self.output_mode == "int":
            return (*shape, self.output_sequence_length)
        depth = self._lookup_layer.compute_output_shape((None,))[-1]
        return (*shape, None, depth) if self.output_mode == "one_hot" else (*shape, depth)

    def compute_output_spec(self, inputs: Any) -> Any:
        dtype = config.floatx() if self.output_mode == "tf_idf" else "int64"
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    # Configuration and files ---------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        lookup = self._lookup_layer.get_config()
        shared = ("max_tokens", "pad_to_max_tokens", "sparse", "vocabulary", "idf_weights")
        return super().get_config() | {
            "standardize": registry.serialize(self.standardize),
            "split": registry.serialize(self.split),
            "ngrams": self.ngrams,
            "output_mode": self.output_mode,
            "output_sequence_length": self.output_sequence_length,
            "ragged": False,
            "encoding": self.encoding,
            "vocabulary_size": self.vocabulary_size(),
            **{name: lookup[name] for name in shared},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer with the arguments that `get_config` gave; it opens no other file."""
        refuse_vocabulary_file(cls, config)
        functions: dict[str, Any] = {
            name: _function(name, config[name])
            for name in ("standardize", "split")
            if name in config
        }
        return super().from_config({**config, **functions})

    def save_own_variables(self, store: Any) -> None:
        """Put the weights of the tokens into a file, as Keras does."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Take the weights of the tokens out of a file."""
        self._lookup_layer.load_own_variables(store)


def _chosen(name: str, value: Any, known: dict[str, Any]) -> Any:
    if value is None or callable(value) or (isinstance(value, str) and value in known):
        return value
    raise ValueError(
        f"TextVectorization expected {name} to be one of {', '.join(map(repr, known))}, None or a "
        f"function, got {value!r}."
    )


def _checked_ngrams(ngrams: Any) -> Any:
    widths = ngrams if isinstance(ngrams, tuple | list) else (ngrams,)
    if ngrams is not None and not all(type(n) is int and n > 0 for n in widths):
        raise ValueError(
            f"TextVectorization expected ngrams to be positive integers or None, got {ngrams!r}."
        )
    return tuple(ngrams) if isinstance(ngrams, list) else ngrams


def _function(name: str, value: Any) -> Any:
    """A setting out of a configuration: what was a function must be known by its name."""
    if not isinstance(value, dict):
        return value
    found = registry.get_registered_object(value.get("config"))
    if value.get("class_name") != "function" or found is None:
        raise ValueError(
            f"TextVectorization was made with a function {value.get('config')!r} for {name}: give "
            "it in custom_objects, or decorate it with register_keras_serializable()."
        )
    return found
