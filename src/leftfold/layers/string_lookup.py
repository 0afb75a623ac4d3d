"""`StringLookup` and `IntegerLookup`: strings or integers to numbers by a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import Tensor
from leftfold.engine.tensor import TEXT
from leftfold.layers.fingerprint import fingerprint, keyed_fingerprint
from leftfold.layers.index_lookup import IndexLookup
from leftfold.layers.serialization import known_layer

_BUCKETS = ("floormod", "farmhash")


@known_layer
class StringLookup(IndexLookup):
    """Strings to numbers by a vocabulary that is given or learnt by `adapt`.

    Args:
        max_tokens: size that the vocabulary may reach, special tokens included.
        num_oov_indices: how many numbers unknown strings share; with 0 they are an error.
        mask_token: stands for padding and has number 0; encodings leave it out.
        oov_token: stands for unknown strings when numbers are turned into strings.
        vocabulary: the strings in order, or the path of a text file with one a line.
        idf_weights: a weight for each string of the vocabulary, for the mode `"tf_idf"`.
        invert: whether the layer turns numbers into strings instead.
        output_mode: `"int"` for numbers; `"one_hot"` for a vector of each string; for a vector
            of each row `"multi_hot"` (1 for the strings in it), `"count"` (how often they are in
            it) or `"tf_idf"` (that times their weight).
        pad_to_max_tokens: whether vectors have the size `max_tokens` in any case.
        sparse: not supported, must be `False`.
        encoding: of strings given as bytes.
        name: the layer's name.
        salt: one or two integers that change how unknown strings are shared out.

    Call arguments:
        inputs: strings, `(...)`, as array or nested lists.

    Raises:
        ValueError: for settings that contradict each other; when called, for unknown strings
            where they have no number.

    Example:
        >>> layer = StringLookup(vocabulary=["cat", "dog"])
        >>> layer([["dog", "cat", "cow"]]).tolist()
        [[2, 1, 0]]
    """

    reads_texts = True
    input_dtype = TEXT

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            sparse,
            pad_to_max_tokens,
            _checked_method("StringLookup", kwargs.pop("oov_method", "floormod")),
            _checked_salt("StringLookup", salt),
            name=name,
            **kwargs,
        )

    def _as_tokens(self, data: Any) -> np.ndarray:
        return as_strings(data, self.encoding, self._called)

    def _bucket(self, token: str) -> int:
        return _hashed(token.encode(self.encoding), self.num_oov_indices, self.salt)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"encoding": self.encoding}


@known_layer
class IntegerLookup(IndexLookup):
    """Integers to numbers from 0 on by a vocabulary that is given or learnt by `adapt`.

    Args:
        max_tokens: size that the vocabulary may reach, special integers included.
        num_oov_indices: how many numbers unknown integers share; with 0 they are an error.
        mask_token: stands for padding and has number 0; encodings leave it out.
        oov_token: stands for unknown integers when the layer is inverted.
        vocabulary: the integers in order, or the path of a text file with one a line.
        vocabulary_dtype: must be `"int64"`.
        idf_weights: a weight for each integer of the vocabulary, for the mode `"tf_idf"`.
        invert: whether the layer turns numbers back into integers instead.
        output_mode: as in `StringLookup`.
        sparse: not supported, must be `False`.
        pad_to_max_tokens: whether vectors have the size `max_tokens` in any case.
        oov_method: how unknown integers share several numbers: `"floormod"` (by remainder) or
            `"farmhash"`.
        salt: one or two integers that change how `"farmhash"` shares them out.
        name: the layer's name.

    Call arguments:
        inputs: integers, `(...)`, as array or nested lists.

    Raises:
        ValueError: for settings that contradict each other; when called, for unknown integers
            where they have no number.

    Example:
        >>> layer = IntegerLookup(vocabulary=[12, 36])
        >>> layer([[36, 12, 7]]).tolist()
        [[2, 1, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise ValueError(
                f"IntegerLookup expected vocabulary_dtype to be 'int64', got {vocabulary_dtype!r}."
            )
        if salt is not None and oov_method != "farmhash":
            raise ValueError(
                f"IntegerLookup expected oov_method 'farmhash' with salt, got {oov_method!r}."
            )
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            sparse,
            pad_to_max_tokens,
            _checked_method("IntegerLookup", oov_method),
            _checked_salt("IntegerLookup", salt),
            name=name,
            **kwargs,
        )

    def _as_tokens(self, data: Any) -> np.ndarray:
        array = np.asarray(data.data if isinstance(data, Tensor) else data)
        if array.dtype.kind in "US":  # the lines of a vocabulary file
            array = array.astype(np.int64)
        if array.dtype.kind not in "iub" and (
            array.dtype.kind != "f" or not np.array_equal(array, np.floor(array))
        ):
            raise ValueError(f"{self._called} expected whole numbers, got {array.dtype} {array}.")
        return array.astype(np.int64)

    def _bucket(self, token: int) -> int:
        if self.oov_method == "floormod":
            return token % self.num_oov_indices
        return _hashed(str(token).encode(), self.num_oov_indices, self.salt)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"vocabulary_dtype": "int64"}


def as_strings(data: Any, encoding: str, owner: str) -> np.ndarray:
    """Strings in any form as an array of `str` objects.

    Raises:
        ValueError: for rows of unequal length and for anything but strings.
    """
    try:
        array = np.asarray(data.data if isinstance(data, Tensor) else data, dtype=object)
    except ValueError:
        raise ValueError(f"{owner} expected rows of one length, got a ragged list.") from None
    items = array.ravel().tolist()
    if not all([type(item) is str for item in items]):
        items = [_as_string(item, encoding, owner) for item in items]
        strings = np.empty(len(items), object)
        strings[:] = items
        array = strings.reshape(array.shape)
    return array


def _as_string(item: Any, encoding: str, owner: str) -> str:
    if isinstance(item, bytes):
        return item.decode(encoding)
    if isinstance(item, str):
        return str(item)
    kind = "a ragged list" if isinstance(item, list | tuple) else repr(item)
    raise ValueError(f"{owner} expected strings, got {kind}.")


def _hashed(token: bytes, buckets: int, salt: list[int] | None) -> int:
    value = fingerprint(token) if salt is None else keyed_fingerprint(token, salt[0], salt[1])
    return value % buckets


def _checked_method(layer: str, method: str) -> str:
    if method not in _BUCKETS:
        raise ValueError(
            f"{layer} expected oov_method to be 'floormod' or 'farmhash', got {method!r}."
        )
    return method


def _checked_salt(layer: str, salt: Any) -> list[int] | None:
    if salt is None:
        return None
    pair = [salt, salt] if isinstance(salt, int) else salt
    if not isinstance(pair, list | tuple) or [type(n) for n in pair] != [int, int]:
        raise ValueError(f"{layer} expected salt to be one integer or two, got {salt!r}.")
    return list(pair)
