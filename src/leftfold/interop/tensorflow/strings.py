"""`tf.strings`: texts in arrays, element by element."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine import Tensor

__all__ = ["join", "length", "lower", "regex_replace", "split", "strip", "upper"]


def _each(function: Callable[[str], Any], texts: Any) -> Tensor:
    array = texts.data if isinstance(texts, Tensor) else np.asarray(texts, object)
    results = np.empty(array.shape, object)
    for place, text in np.ndenumerate(array):
        results[place] = function(text.decode() if isinstance(text, bytes) else str(text))
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
    """The words of one text, or a list of them for each of several texts."""
    words = _each(lambda text: text.split(sep, maxsplit), input)
    return Tensor(np.array(words.data.item(), object)) if words.ndim == 0 else words.data.tolist()


def join(inputs: Any, separator: str = "", name: Any = None) -> Tensor:
    """Several texts as one."""
    return Tensor(np.array(separator.join(str(getattr(t, "data", t)) for t in inputs), object))
