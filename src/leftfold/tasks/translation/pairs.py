"""Pairs of sentences: checked, split without leaks, and compared with what was held out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.splits import duplicate_groups, stratified_split, text_key
from leftfold.tasks.translation.languages import tidy

LEAST_PAIRS = 10
_LEAST_WORDS = 5
"""Words of a sentence from which on one that differs in a single word is the same in effect."""


class Pairs(NamedTuple):
    """Sentences and what becomes of each.

    Attributes:
        sources: sentences to read.
        targets: sentences to write.
    """

    sources: list[str]
    targets: list[str]

    def take(self, rows: Iterable[int]) -> Pairs:
        """Some of the pairs."""
        chosen = [int(row) for row in rows]
        return Pairs([self.sources[r] for r in chosen], [self.targets[r] for r in chosen])


def sentences_of(texts: Any, name: str) -> list[str]:
    """A list of texts.

    Raises:
        DataError: for anything else.
    """
    if isinstance(texts, str) or not hasattr(texts, "__iter__"):
        raise DataError(f"{name} expected a list of sentences, got {texts!r:.60}.")
    found = list(texts)
    for row, text in enumerate(found):
        if not isinstance(text, str):
            raise DataError(
                f"{name}, row {row + 1}: expected a text, got {type(text).__name__}: {text!r:.40}."
            )
    return found


def pairs_of(X: Any, y: Any, names: tuple[str, str] = ("X", "y"), least: int = 1) -> Pairs:
    """Checked pairs.

    Args:
        X: the sources.
        y: the targets.
        names: of both, for messages.
        least: how many there must be.

    Raises:
        DataError: for lists of different lengths, for an empty sentence, or for too few.
    """
    found = Pairs(sentences_of(X, names[0]), sentences_of(y, names[1]))
    if len(found.sources) != len(found.targets):
        raise DataError(
            f"{names[0]} and {names[1]} expected as many sentences, got {len(found.sources):,} "
            f"and {len(found.targets):,}."
        )
    for name, side in zip(names, found, strict=True):
        for row, text in enumerate(side):
            if not text.strip():
                raise DataError(f"{name}, row {row + 1} is empty.")
    if len(found.sources) < least:
        raise DataError(f"Expected at least {least} pairs of sentences, got {len(found.sources)}.")
    return found


def other_pairs(given: Any, name: str) -> Pairs:
    """Checked pairs of another part, `(X, y)`.

    Raises:
        DataError: for anything else.
    """
    parts = tuple(given)
    if len(parts) != 2:
        raise DataError(f"{name} expected (X, y), got {len(parts)} parts.")
    return pairs_of(*parts, (f"{name} X", f"{name} y"))


def source_key(text: str) -> str:
    """What two sources have in common that are the same sentence but for case and spaces."""
    return tidy(text).casefold()


def split_pairs(pairs: Pairs, share: float, seed: int) -> tuple[Pairs, Pairs]:
    """Pairs to learn from and pairs to judge by; equal sources are on one side.

    Raises:
        DataError: where one of the parts would be empty.
    """
    groups = duplicate_groups(map(source_key, pairs.sources))
    labels = np.zeros(len(groups), int)
    learn, judge = stratified_split(labels, [1 - share, share], seed, groups)
    if not len(learn) or not len(judge):
        raise DataError(
            f"{len(groups)} pairs of {int(groups.max(initial=-1)) + 1} different sources are too "
            f"few to set {share:.0%} of them aside."
        )
    return pairs.take(learn), pairs.take(judge)


def without(pairs: Pairs, held_out: Iterable[str]) -> tuple[Pairs, int]:
    """The pairs whose source is not held out, and how many others there were."""
    taken = {source_key(text) for text in held_out}
    rows = [row for row, text in enumerate(pairs.sources) if source_key(text) not in taken]
    return pairs.take(rows), len(pairs.sources) - len(rows)


def near_duplicates(train: Sequence[str], test: Sequence[str]) -> np.ndarray:
    """Test sentences that differ from a training sentence in marks, case or one word at most.

    Sentences of fewer than five words are only compared as a whole.

    Returns:
        Boolean, one for each test sentence.

    Example:
        >>> train = ["A man rides a red bike.", "A dog"]
        >>> near_duplicates(train, ["a man rides a blue bike", "A cat", "a dog!"]).tolist()
        [True, False, True]
    """
    known = {key for text in train for key in _neighbours(text)}
    return np.array([any(key in known for key in _neighbours(text)) for text in test], bool)


def _neighbours(text: str) -> Iterator[str]:
    """The sentence, and what is left of it without each of its words.

    Sentences that differ in one word have one of these in common.
    """
    words = text_key(text).split()
    yield " ".join(words)
    if len(words) >= _LEAST_WORDS:
        for place in range(len(words)):
            yield " ".join(words[:place] + words[place + 1 :])
