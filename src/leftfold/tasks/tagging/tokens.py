"""Words as numbers: the word itself, how it begins and ends, and what it looks like.

With few labelled sentences most words of a new one were never seen, or once. Their ends and their
looks were.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PADDING, UNKNOWN, EDGE = 0, 1, 2
_FIRST = 3
_DIGIT = re.compile(r"\d")
_RUN = re.compile(r"(.)\1{2,}")
_MOST = 4000
_MOST_KEPT = 200_000


def word_of(token: str) -> str:
    """A token in lower case, with 0 for every digit."""
    return _DIGIT.sub("0", token.lower())


def shape_of(token: str) -> str:
    """What a token looks like: `X` for capitals, `x` for small letters, `0` for digits.

    Long runs count as two: all long words in small letters look alike.

    Example:
        >>> shape_of("Berlin-2024"), shape_of("USA"), shape_of("at")
        ('Xxx-00', 'XX', 'xx')
    """
    kinds = "".join(
        "X" if sign.isupper() else "x" if sign.isalpha() else "0" if sign.isdigit() else sign
        for sign in token
    )
    return _RUN.sub(r"\1\1", kinds)


FEATURES: dict[str, tuple[Callable[[str], str], float]] = {
    "words": (word_of, 1.0),
    "begins": (lambda token: word_of(token)[:3], 0.25),
    "ends": (lambda token: word_of(token)[-3:], 0.5),
    "short_ends": (lambda token: word_of(token)[-2:], 0.25),
    "shapes": (shape_of, 0.25),
}
"""What is seen of a token, and how large its vector is beside the word's."""

NEIGHBOURS = {"words_2_before": -2, "words_before": -1, "words_behind": 1, "words_2_behind": 2}
"""Whose words are seen beside a token, and where they stand."""


@dataclass
class TokenEncoder:
    """Vocabularies of what is seen of tokens.

    Args:
        size: entries of the vocabulary of words at most.

    Attributes:
        index: for each of `FEATURES`, the number of each entry, from 3; 0 pads, 1 is unknown, 2
            stands for what would be beside the first or last token.

    Example:
        >>> encoder = TokenEncoder().fit([["In", "Rome"], ["in", "Paris"]])
        >>> encoder.encode([["in", "Oslo"]])["words"].tolist()
        [[3, 1]]
    """

    size: int = 30_000
    index: dict[str, dict[str, int]] = field(default_factory=dict)
    _known: dict[str, tuple[int, ...]] = field(default_factory=dict, init=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The network's inputs."""
        return (*FEATURES, *NEIGHBOURS)

    def entries(self, name: str) -> int:
        """How many different numbers an input may hold."""
        return len(self.index["words" if name in NEIGHBOURS else name]) + _FIRST

    def fit(self, sentences: Sequence[Sequence[str]]) -> TokenEncoder:
        """Learn the vocabularies of the training sentences, and only those.

        What occurs once only is kept: training hides words at random, which shows what unknown ones
        are like.
        """
        self._known.clear()
        tokens = Counter(token for sentence in sentences for token in sentence)
        for name, (view, _) in FEATURES.items():
            counts: Counter[str] = Counter()
            for token, count in tokens.items():
                counts[view(token)] += count
            most = self.size if name == "words" else _MOST
            kept = [entry for entry, _ in counts.most_common(most - _FIRST)]
            self.index[name] = {entry: number for number, entry in enumerate(kept, _FIRST)}
        return self

    def encode(self, sentences: Sequence[Sequence[str]]) -> dict[str, np.ndarray]:
        """Numbers for a network's inputs, int32 `(rows, steps)` each, 0 behind a short row."""
        steps = max(map(len, sentences), default=1)
        together = np.full((len(FEATURES), len(sentences), steps), PADDING, np.int32)
        for row, sentence in enumerate(sentences):
            together[:, row, : len(sentence)] = np.array([self._numbers(t) for t in sentence]).T
        encoded = dict(zip(FEATURES, together, strict=True))
        words = encoded["words"]
        for name, offset in NEIGHBOURS.items():
            before, behind = slice(None, -abs(offset)), slice(abs(offset), None)
            here, there = (behind, before) if offset < 0 else (before, behind)
            beside = np.zeros_like(words)
            beside[:, here] = words[:, there]
            encoded[name] = np.where(words == PADDING, PADDING, np.where(beside, beside, EDGE))
        return encoded

    def _numbers(self, token: str) -> tuple[int, ...]:
        """The number of everything that is seen of a token; kept, for texts repeat their words."""
        found = self._known.get(token)
        if found is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            found = tuple(
                self.index[name].get(view(token), UNKNOWN) for name, (view, _) in FEATURES.items()
            )
            self._known[token] = found
        return found

    def unknown_share(self, sentences: Iterable[Sequence[str]]) -> float:
        """The share of tokens whose word is not known."""
        known = [word_of(t) in self.index["words"] for sentence in sentences for t in sentence]
        return 1 - float(np.mean(known)) if known else 0.0

    def state(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {"size": self.size, **{name: list(self.index[name]) for name in FEATURES}}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> TokenEncoder:
        """What `state` gave."""
        encoder = cls(int(state["size"]))
        for name in FEATURES:
            entries = [str(entry) for entry in state[name]]
            encoder.index[name] = {entry: number for number, entry in enumerate(entries, _FIRST)}
        return encoder
