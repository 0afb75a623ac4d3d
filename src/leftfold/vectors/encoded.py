"""A corpus as numbers in a temporary file: tokenised once, in memory only what is looked at."""

from __future__ import annotations

import tempfile
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from leftfold.datasets.errors import DataError

_AT_ONCE = 1 << 20
_LONGEST = 10_000
"""Longer texts are read in parts: gensim would silently forget what is behind."""


class Vocabulary(NamedTuple):
    """The tokens that are kept, the most frequent first.

    Attributes:
        tokens: the tokens.
        counts: how often each occurs, int64.
        rank: for each number of the encoded corpus the place in `tokens`, or -1, int32.
    """

    tokens: list[str]
    counts: np.ndarray
    rank: np.ndarray


class EncodedCorpus:
    """Texts as numbers of tokens, in the order of their first appearance.

    Attributes:
        tokens: all that occur.
        counts: how often each occurs, int64.
        ids: int32, all texts one behind the other, in a file.
        ends: where each text ends, int64.
        names: of the texts.
    """

    def __init__(
        self, tokens: list[str], ids: np.ndarray, ends: np.ndarray, names: list[str]
    ) -> None:
        self.tokens = tokens
        self.ids = ids
        self.ends = ends
        self.names = names
        self.counts = np.zeros(len(tokens), np.int64)
        for at in range(0, len(ids), _AT_ONCE):
            self.counts += np.bincount(ids[at : at + _AT_ONCE], minlength=len(tokens))

    @classmethod
    def of(cls, documents: Iterable[tuple[str, list[str]]], name: str) -> EncodedCorpus:
        """Encode texts while they are read.

        Args:
            documents: names and tokens.
            name: of the corpus, for messages.

        Raises:
            DataError: when there are no tokens.
        """
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__  # a new token gets the next number
        ends, names, total = array("q"), [], 0
        with tempfile.TemporaryFile(prefix="leftfold-corpus-") as file:
            waiting = array("i")
            for title, tokens in documents:
                for at in range(0, len(tokens), _LONGEST):
                    some = tokens[at : at + _LONGEST]
                    waiting.extend(map(numbers.__getitem__, some))
                    total += len(some)
                    ends.append(total)
                    names.append(title)
                if len(waiting) > _AT_ONCE:
                    waiting.tofile(file)
                    waiting = array("i")
            waiting.tofile(file)
            file.flush()
            if not total:
                raise DataError(f"{name} holds no tokens.")
            ids = np.memmap(file, np.int32, "r", shape=(total,))
        return cls(list(numbers), ids, np.frombuffer(ends, np.int64), names)

    def __len__(self) -> int:
        return len(self.ends)

    def texts(self) -> Iterator[np.ndarray]:
        """The numbers of each text."""
        start = 0
        for end in self.ends.tolist():
            yield self.ids[start:end]
            start = end

    def __iter__(self) -> Iterator[list[str]]:
        tokens = self.tokens
        for text in self.texts():
            yield [tokens[number] for number in text.tolist()]

    def vocabulary(self, min_count: int = 1, most: int | None = None) -> Vocabulary:
        """The frequent tokens; those that are equally frequent by first appearance.

        Args:
            min_count: how often one must occur.
            most: how many at most.

        Raises:
            DataError: when none is frequent enough.
        """
        order = np.argsort(-self.counts, kind="stable")
        order = order[self.counts[order] >= min_count][:most]
        if not len(order):
            raise DataError(
                f"no token occurs {min_count} times; the most frequent occurs "
                f"{int(self.counts.max()):,} times."
            )
        rank = np.full(len(self.tokens), -1, np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return Vocabulary([self.tokens[i] for i in order], self.counts[order], rank)
