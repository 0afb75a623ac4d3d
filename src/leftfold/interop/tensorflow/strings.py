"""`tf.strings`: texts in arrays, element by element."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine import Tensor
from leftfold.interop.tensorflow.ragged import RaggedTensor

__all__ = [
    *(
        "as_string",
        "bytes_split",
        "join",
        "length",
        "lower",
        "reduce_join",
        "regex_full_match",
        "regex_replace",
        "split",
    ),
    *("strip", "substr", "to_number", "unicode_split", "upper"),
]


def _array(texts: Any) -> np.ndarray:
    return texts.data if isinstance(texts, Tensor) else np.asarray(texts, object)


def _text(text: Any) -> str:
    return text.decode() if isinstance(text, bytes) else str(text)


def _each(function: Callable[[str], Any], texts: Any) -> Tensor:
    array = _array(texts)
    results = np.empty(array.shape, object)
    for place, text in np.ndenumerate(array):
        results[place] = function(_text(text))
    return Tensor(results)


def lower(input: Any, encoding: str = "", name: Any = None) -> Tensor:
    """Texts in small letters."""
    return _each(str.lower, input)


def upper(input: Any, encoding: str = "", name: Any = None) -> Tensor:
    """Texts in capital letters."""
    return _each(str.upper, input)


def strip(input: Any, name: Any = None) -> Tensor:
    """Texts without the space around them."""
    return _each(str.strip, input)


def regex_replace(
    input: Any, pattern: str, rewrite: str, replace_global: bool = True, name: Any = None
) -> Tensor:
    r"""Texts with what `pattern` matches replaced by `rewrite` (`\1` for its groups)."""
    expression = re.compile(pattern)
    return _each(lambda text: expression.sub(rewrite, text, 0 if replace_global else 1), input)


def length(input: Any, unit: str = "BYTE", name: Any = None) -> Tensor:
    """The number of bytes (`unit="UTF8_CHAR"`: characters) of each text."""
    if unit == "UTF8_CHAR":
        counts = _each(len, input)
    else:
        counts = _each(lambda text: len(text.encode()), input)
    return Tensor(counts.data.astype(np.int32))


def split(input: Any, sep: str | None = None, maxsplit: int = -1, name: Any = None) -> Any:
    """The words of one text, or of several."""
    return _rows(_each(lambda text: text.split(sep, maxsplit), input))


def unicode_split(
    input: Any, input_encoding: str = "UTF-8", errors: str = "replace", name: Any = None
) -> Any:
    """The characters of one text, or of several."""
    return _rows(_each(list, input))


def _rows(parts: Tensor) -> Any:
    """The parts of one text as a tensor; those of several as rows of unequal length."""
    lists = parts.data.tolist()
    if parts.ndim == 0:
        return Tensor(np.array(lists, object))
    if parts.ndim > 1:
        raise ValueError(f"tf.strings expected one text or a list of them, got {parts.shape}.")
    flat = np.array([part for row in lists for part in row], object)
    return RaggedTensor(Tensor(flat), [len(row) for row in lists])


def join(inputs: Any, separator: str = "", name: Any = None) -> Tensor:
    """Texts at the same place of several tensors as one."""
    arrays = np.broadcast_arrays(*map(_array, inputs))
    results = np.empty(arrays[0].shape, object)
    for place in np.ndindex(results.shape):
        results[place] = separator.join(_text(array[place]) for array in arrays)
    return Tensor(results)


def reduce_join(
    inputs: Any,
    axis: int | None = None,
    keepdims: bool = False,
    separator: str = "",
    name: Any = None,
) -> Tensor:
    """The texts along `axis`, all of them by default, as one."""
    if isinstance(inputs, RaggedTensor):
        if axis not in (-1, 1):
            raise ValueError(f"reduce_join of a ragged tensor expected axis=-1, got {axis}.")
        rows = [reduce_join(row, 0, keepdims, separator).data.tolist() for row in inputs]
        return Tensor(np.array(rows, object))
    array = _array(inputs)
    moved = array.reshape(-1) if axis is None else np.moveaxis(array, axis, -1)
    results = np.empty(moved.shape[:-1], object)
    for place in np.ndindex(results.shape):
        results[place] = separator.join(map(_text, moved[place]))
    if keepdims:
        results = (
            results.reshape((1,) * array.ndim) if axis is None else np.expand_dims(results, axis)
        )
    return Tensor(results)


def substr(input: Any, pos: int, len: int, unit: str = "BYTE", name: Any = None) -> Tensor:
    """`len` characters of each text from `pos` on."""
    return _each(lambda text: text[pos:][:len], input)


def regex_full_match(input: Any, pattern: str, name: Any = None) -> Tensor:
    """Whether `pattern` matches the whole of each text."""
    expression = re.compile(pattern)
    found = _each(lambda text: expression.fullmatch(text) is not None, input)
    return Tensor(found.data.astype(bool))


def to_number(input: Any, out_type: Any = "float32", name: Any = None) -> Tensor:
    """The number that each text tells."""
    return Tensor(_each(float, input).data.astype(str(out_type)))


def as_string(input: Any, precision: int = -1, name: Any = None) -> Tensor:
    """Each number as a text; `precision` counts the digits behind the point."""
    array = input.data if isinstance(input, Tensor) else np.asarray(input)
    results = np.empty(array.shape, object)
    for place, number in np.ndenumerate(array):
        plain = array.dtype.kind in "iu"
        results[place] = str(number) if plain else f"{number:.{6 if precision < 0 else precision}f}"
    return Tensor(results)


def bytes_split(input: Any, name: Any = None) -> Any:
    """The characters of one text, or of several; as `unicode_split`."""
    return unicode_split(input)
