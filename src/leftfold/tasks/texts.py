"""Texts as numbers: words or characters, a vocabulary, pairs of words, a length to cut at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from leftfold.tasks.grams import GramTable, frequent_grams

LEVELS = ("word", "character")
PADDING, UNKNOWN = 0, 1
_FIRST = 2
_TOKEN = re.compile(r"<[^<>\s][^<>]{0,200}>|(?P<kept>[^\W_]+(?:['\u2019][^\W_]+)*|[!?.,;:()\"*-])")
_LONGEST = {"word": 1000, "character": 2000}
_WHOLE = 0.98
_LEAST = 16
_RARE_PAIR = 3
_RARE_WORD = 2
_ENOUGH_TEXTS = 200


class Token(NamedTuple):
    """A word or character, and where it stands in its text.

    Attributes:
        text: in lower case where it is a word.
        start: of its first character.
        stop: behind its last one.
    """

    text: str
    start: int
    stop: int


class Cut(NamedTuple):
    """Where sequences are cut, and why.

    Attributes:
        longest: steps that are read.
        whole: the share of the training sequences that are read whole.
        why: in words.
    """

    longest: int
    whole: float
    why: str


def choose_cut(lengths: np.ndarray, most: int, wanted: int | None = None) -> Cut:
    """The length that leaves 98 % of the sequences whole, as long as that is affordable.

    Args:
        lengths: of the training sequences, `(rows,)`.
        most: the longest that is affordable.
        wanted: the user's choice, if there is one.

    Example:
        >>> choose_cut(np.repeat([20, 30, 300], [500, 490, 10]), most=1000).longest
        30
    """
    if wanted is not None:
        longest, why = int(wanted), "as asked for"
    else:
        longest = int(np.ceil(np.quantile(lengths, _WHOLE)))
        why = f"the length that leaves {_WHOLE:.0%} of the training part whole"
        if lengths.max() <= 1.2 * longest:
            longest, why = int(lengths.max()), "the longest of the training part"
        if longest > most:
            longest, why = most, f"longer ones would leave {_WHOLE:.0%} whole, but take long"
        if longest < _LEAST:
            longest, why = _LEAST, "all of the training part are shorter"
    longest = max(1, longest)
    return Cut(longest, float(np.mean(lengths <= longest)), why)


def cut_middle(items: Sequence[Any], longest: int) -> Sequence[Any]:
    """The first quarter and the last three: how a text ends says most of what it thinks."""
    if len(items) <= longest:
        return items
    begin = longest // 4
    return [*items[:begin], *items[len(items) - (longest - begin) :]]


@dataclass
class TextEncoder:
    """A vocabulary, and what it takes to turn texts into numbers.

    Args:
        level: `"word"` or `"character"`. Words come in lower case, marks such as `!` count as
            words, and HTML tags are left out.
        size: entries of the vocabulary at most, with padding and the mark for unknown words.
        pairs: at most so many pairs of neighbouring words, and single words, are looked for as
            well; 0 for none.
        longest: steps to cut at; `None` to choose.

    Attributes:
        index: the number of each word, from 2; 0 pads, 1 is an unknown word.
        pair_index: the number of each word or pair, from 1.
        cut: where texts are cut.

    Example:
        >>> encoder = TextEncoder().fit(["A good film.", "good"])
        >>> encoder.encode(["good!"])["words"].tolist()
        [[2, 1]]
    """

    level: str = "word"
    size: int = 30_000
    pairs: int = 0
    longest: int | None = None
    index: dict[str, int] = field(default_factory=dict)
    pair_index: dict[str, int] = field(default_factory=dict)
    cut: Cut = field(default_factory=lambda: Cut(0, 0.0, ""))

    def tokens(self, text: str) -> list[Token]:
        """The words or characters of a text."""
        if self.level == "character":
            return [Token(sign, at, at + 1) for at, sign in enumerate(text)]
        return [
            Token(found["kept"].lower(), found.start(), found.end())
            for found in _TOKEN.finditer(text)
            if found["kept"]
        ]

    def _names(self, text: str) -> list[str]:
        if self.level == "character":
            return list(text)
        return [kept.lower() for kept in _TOKEN.findall(text) if kept]

    def fit(self, texts: Iterable[str], more_words: Sequence[str] = ()) -> TextEncoder:
        """Learn the vocabulary and the length to cut at.

        Of 200 texts or more, a word that occurs once only is an unknown word: all it could teach
        is which text it stands in.

        Args:
            texts: the training texts, and only those.
            more_words: words known from elsewhere, such as those of pretrained vectors.
        """
        named = [self._names(text) for text in texts]
        counts = Counter(name for names in named for name in names)
        least = _RARE_WORD if len(named) >= _ENOUGH_TEXTS else 1
        chosen = [w for w, n in counts.most_common(self.size - _FIRST) if n >= least]
        chosen = list(dict.fromkeys([*chosen, *more_words]))[: self.size - _FIRST]
        self.index = {word: number for number, word in enumerate(chosen, _FIRST)}
        lengths = np.array([len(names) for names in named])
        self.cut = choose_cut(lengths, _LONGEST[self.level], self.longest)
        if self.pairs:
            self._know(frequent_grams(named, self.pairs, _RARE_PAIR))
        return self

    def _know(self, grams: Sequence[str]) -> None:
        self.pair_index = {gram: number for number, gram in enumerate(grams, 1)}
        self._table = GramTable(grams)

    def lengths(self, texts: Iterable[str]) -> np.ndarray:
        """How many words or characters each text has, `(rows,)`."""
        return np.array([len(self._names(text)) for text in texts], int)

    def encode(self, texts: Sequence[str], whole: bool = False) -> dict[str, np.ndarray]:
        """Numbers for a network's inputs, 0 behind a short text.

        Args:
            texts: with at least one word each.
            whole: whether every row has all steps, for networks without masks.

        Returns:
            `"words"`, int32 `(rows, steps)`; and, where there are pairs, `"pairs"`: the different
            words and pairs of each text, int32 `(rows, most of them in one text)`.
        """
        named = [cut_middle(self._names(text), self.cut.longest) for text in texts]
        words = [[self.index.get(name, UNKNOWN) for name in names] for names in named]
        encoded = {"words": _padded(words, self.cut.longest if whole else 1)}
        if self.pair_index:
            encoded["pairs"] = self._table.rows(named)
        return encoded

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "level": self.level,
            "size": self.size,
            "pairs": self.pairs,
            "longest": self.longest,
            "cut": list(self.cut),
            "words": list(self.index),
            "grams": list(self.pair_index),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> TextEncoder:
        """What `state` gave."""
        encoder = cls(state["level"], int(state["size"]), int(state["pairs"]), state["longest"])
        if encoder.level not in LEVELS:
            raise ValueError(f"level expected one of {LEVELS}, got {encoder.level!r}")
        longest, whole, why = state["cut"]
        encoder.cut = Cut(int(longest), float(whole), str(why))
        encoder.index = {str(word): n for n, word in enumerate(state["words"], _FIRST)}
        encoder._know([str(gram) for gram in state["grams"]])
        return encoder


def _padded(rows: list[list[int]], least: int) -> np.ndarray:
    padded = np.zeros((len(rows), max(least, max(map(len, rows), default=1))), np.int32)
    for at, row in enumerate(rows):
        padded[at, : len(row)] = row
    return padded
