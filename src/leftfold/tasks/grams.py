"""Words and pairs of neighbouring words, counted and looked up for many texts at once.

A name is a word or a character; a gram is a name, or two that follow each other, joined by a space.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

_TEXTS_AT_ONCE = 4096


def frequent_grams(named: Sequence[Sequence[str]], most: int, least: int) -> list[str]:
    """The grams of the most texts, the most frequent first, then those that come first.

    Args:
        named: the names of each text.
        most: how many at most.
        least: texts that each stands in at least.

    Example:
        >>> frequent_grams([["so", "so", "good"], ["so", "good"]], 9, 2)
        ['so', 'good', 'so good']
    """
    numbers: dict[str, int] = {}
    rows, keys = _grams([[numbers.setdefault(n, len(numbers)) for n in names] for names in named])
    kinds, first, which = np.unique(keys, return_index=True, return_inverse=True)
    once = np.unique(rows * len(kinds) + which)
    counts = np.bincount(once % max(len(kinds), 1), minlength=len(kinds))
    order = np.lexsort((first, -counts))[:most]
    names = list(numbers)
    return [_text(key, names) for key in kinds[order[counts[order] >= least]].tolist()]


class GramTable:
    """Finds the grams of texts among those of a vocabulary.

    Args:
        grams: numbered from 1 in this order.

    Example:
        >>> GramTable(["good", "so good"]).rows([["so", "good"], ["bad"]]).tolist()
        [[1, 2], [0, 0]]
    """

    def __init__(self, grams: Iterable[str]) -> None:
        self._numbers: dict[str, int] = {}
        numbered = [[self._numbers.setdefault(n, len(self._numbers)) for n in _names(gram)]
                    for gram in grams]  # fmt: skip
        keys = np.array([_key(*parts) for parts in numbered], np.int64)
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def rows(self, named: Sequence[Sequence[str]]) -> np.ndarray:
        """The numbers of each text's different grams, ascending, 0 behind them.

        Args:
            named: the names of each text.

        Returns:
            int32, (texts, most grams of a text, at least 1).
        """
        if not len(self._keys):
            return np.zeros((len(named), 1), np.int32)
        parts = [
            self._found(named[at : at + _TEXTS_AT_ONCE], at)
            for at in range(0, len(named), _TEXTS_AT_ONCE)
        ]
        rows, grams = np.concatenate([np.zeros((2, 0), np.int64), *parts], axis=1)
        counts = np.bincount(rows, minlength=len(named))
        padded = np.zeros((len(named), max(1, counts.max(initial=0))), np.int32)
        padded[rows, np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]] = grams
        return padded

    def _found(self, named: Sequence[Sequence[str]], begin: int) -> np.ndarray:
        number = self._numbers.get
        rows, keys = _grams([[number(name, _UNKNOWN) for name in names] for names in named])
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = self._keys[places] == keys
        size = len(self._keys) + 1
        once = np.unique(rows[known] * size + self._order[places[known]] + 1)
        return np.stack([once // size + begin, once % size])


_UNKNOWN = (1 << 31) - 1
"""The number of a name that no gram has in it."""


def _key(first: int, second: int = -1) -> int:
    return (second + 1 << 31) + first


def _grams(numbered: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Of each text its names, then its pairs: the number of the text, and a key for each gram."""
    lengths = np.array([len(row) for row in numbered], np.int64)
    names = np.fromiter((n for row in numbered for n in row), np.int64, int(lengths.sum()))
    texts = np.repeat(np.arange(len(lengths)), lengths)
    pairs = np.flatnonzero(texts[1:] == texts[:-1])
    rows = np.concatenate([texts, texts[pairs]])
    keys = np.concatenate([names, (names[pairs + 1] + 1 << 31) + names[pairs]])
    order = np.argsort(rows, kind="stable")
    return rows[order], keys[order]


def _text(key: int, names: list[str]) -> str:
    first, second = names[key & (1 << 31) - 1], key >> 31
    return f"{first} {names[second - 1]}" if second else first


def _names(gram: str) -> list[str]:
    """The one or two names of a gram; a character may be a space."""
    if len(gram) == 3 and gram[1] == " ":
        return [gram[0], gram[2]]
    return [gram] if len(gram) == 1 else gram.split(" ")
