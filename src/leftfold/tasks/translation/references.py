"""What a translator must beat: the source itself, and a table of words learnt by co-occurrence.

Source: P. Brown et al., The Mathematics of Statistical Machine Translation, Computational
Linguistics 1993: model 1, without the empty word.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leftfold.tasks.translation.languages import count_words, tidy, words
from leftfold.tasks.translation.pairs import Pairs

_ROUNDS = 5
_SEVERAL = 1.5
"""Words on average from which on the sentences of a side are more than single words."""
_MOST_CELLS = 8_000_000
"""Words by words of pairs that a table is learnt from; more pairs than that are not looked at."""


class CopySource:
    """Writes what it reads."""

    name = "copy the source"

    def predict(self, sources: Sequence[str]) -> list[str]:
        """The sources."""
        return list(sources)


class WordTable:
    """Writes for each word the likeliest one, in the order of the source.

    Which words belong together is learnt from all pairs by expectation and maximisation: each
    target word comes from one of the source words beside it, and more probably from one that also
    explains it elsewhere. What was never read is copied. Where sources are single words, or have no
    spaces, letters take the place of their words, and also of those of targets that are alike.

    Args:
        source_language: code, which tells where words end.
        target_language: likewise.
        lowercase: whether case does not count.

    Attributes:
        table: for each source word the target word, with its space.

    Example:
        >>> pairs = Pairs(["ein Hund", "ein Haus", "Hund"], ["a dog", "a house", "dog"])
        >>> WordTable(None, None, False).fit(pairs).predict(["Hund ein Kater"])
        ['dog a Kater']
    """

    def __init__(
        self, source_language: str | None, target_language: str | None, lowercase: bool
    ) -> None:
        self.languages = source_language, target_language
        self.lowercase = lowercase
        self.by_letter = [False, False]
        self.table: dict[str, str] = {}

    @property
    def name(self) -> str:
        """What it does, in words."""
        source, target = ("letter" if letters else "word" for letters in self.by_letter)
        return f"{target}-for-{source} table"

    def _parts(self, text: str, side: int) -> list[str]:
        text = tidy(text, self.languages[side], self.lowercase)
        return list(text) if self.by_letter[side] else words(f" {text}", self.languages[side])

    def fit(self, pairs: Pairs) -> WordTable:
        """Learn the table."""
        single = [
            bool(np.mean([count_words(text, language) for text in texts]) < _SEVERAL)
            for texts, language in zip(pairs, self.languages, strict=True)
        ]
        self.by_letter = [single[0], all(single)]
        ids: tuple[dict[str, int], dict[str, int]] = ({}, {})
        sides = [
            [
                np.array([ids[side].setdefault(p, len(ids[side])) for p in self._parts(text, side)])
                for text in texts
            ]
            for side, texts in enumerate(pairs)
        ]
        source, target, word = _cells(*sides)
        width = len(ids[1])
        together, cell = np.unique(source.astype(np.int64) * width + target, return_inverse=True)
        belongs, count = together // width, len(ids[0])
        share: np.ndarray = np.ones(len(together))
        for _ in range(_ROUNDS):
            probability = share[cell]
            probability /= np.bincount(word, probability)[word]
            share = np.bincount(cell, probability, len(together))
            share = share / np.bincount(belongs, share, count)[belongs]
        best = np.lexsort((share, belongs))
        last = np.flatnonzero(np.diff(belongs[best], append=-1))
        names = list(ids[1])
        chosen = together[best[last]] % width
        known = list(ids[0])
        self.table = {known[s]: names[t] for s, t in zip(belongs[best[last]], chosen, strict=True)}
        return self

    def predict(self, sources: Sequence[str]) -> list[str]:
        """Word for word."""
        return [
            "".join(self.table.get(part, part) for part in self._parts(text, 0)).strip()
            for text in sources
        ]


def _cells(
    sources: list[np.ndarray], targets: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All source words beside all target words of each pair.

    Returns:
        The source word, the target word, and which target word of all it is, `(cells,)` each.
    """
    sizes = np.cumsum([len(s) * len(t) for s, t in zip(sources, targets, strict=True)])
    count = max(1, int(np.searchsorted(sizes, _MOST_CELLS)))
    sources, targets = sources[:count], targets[:count]
    begins = np.cumsum([0, *(len(t) for t in targets)])
    source = [np.tile(s, len(t)) for s, t in zip(sources, targets, strict=True)]
    target = [np.repeat(t, len(s)) for s, t in zip(sources, targets, strict=True)]
    word = [
        np.repeat(np.arange(len(t)) + begin, len(s))
        for s, t, begin in zip(sources, targets, begins[:-1], strict=True)
    ]
    return np.concatenate(source), np.concatenate(target), np.concatenate(word)
