"""Sentences as ids and back: words, characters or subwords behind the ids that a decoder needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from leftfold.saving import SavingError
from leftfold.tasks.text.tokens import (
    UNKNOWN,
    Pieces,
    Tokens,
    learn_tokens,
    tokens_from_plain,
)
from leftfold.tasks.translation.languages import check_language, tidy, words

SPECIAL = 3
"""Ids below it are padding, start and end; that of everything unknown, if there is one, is it."""


class Words(Pieces):
    """Words as the rules of a language end them.

    Args:
        known: the words with ids from 1, each with the space before it.
        language: a code, or `None`.
    """

    def __init__(self, known: list[str], language: str | None) -> None:
        super().__init__("word", known, {})
        self.language = language

    def split(self, text: str) -> list[str]:
        return words(text, self.language)


class Vocabulary:
    """What turns sentences of one side into ids from 3 on, and ids into sentences.

    Args:
        tokens: what the parts of a sentence are.
        language: a code, or `None`.
        lowercase: whether sentences are lowered.

    Attributes:
        size: how many ids there are, padding, start and end among them.

    Example:
        >>> vocabulary = Vocabulary.learn([["A cat, a dog", "a cat"]], "word", 10, ["en"], True)[0]
        >>> ids = vocabulary.encode("A  cat, a bird")
        >>> ids.tolist(), vocabulary.decode(ids, {4: "bird"})
        ([4, 5, 3, 4, 3], 'a cat� a bird')
    """

    def __init__(self, tokens: Tokens, language: str | None, lowercase: bool) -> None:
        self.tokens = tokens
        self.language = language
        self.lowercase = lowercase
        self.size = tokens.size + SPECIAL

    @classmethod
    def learn(
        cls,
        sides: Sequence[Sequence[str]],
        unit: str,
        size: int,
        languages: Sequence[str | None],
        lowercase: bool,
    ) -> list[Vocabulary]:
        """The vocabularies of two sides, or of one.

        Args:
            sides: the training sentences of each; those of both in one for a joint vocabulary.
            unit: `"word"`, `"character"` or `"subword"`.
            size: different parts at most. Words that occur once are unknown ones.
            languages: of each side.
            lowercase: whether sentences are lowered.
        """
        found = []
        for sentences, language in zip(sides, languages, strict=True):
            lines = [_spaced(tidy(line, language, lowercase), unit) for line in sentences]
            tokens: Tokens
            if unit == "word":
                counts = Counter(word for line in lines for word in words(line, language))
                kept = [word for word, count in counts.most_common(size - 1) if count > 1]
                tokens = Words(kept, language)
            else:
                tokens = learn_tokens("\n".join(lines), unit, size)
            found.append(cls(tokens, language, lowercase))
        return found

    def _line(self, sentence: str) -> str:
        return _spaced(tidy(sentence, self.language, self.lowercase), self.tokens.unit)

    def encode(self, sentence: str) -> np.ndarray:
        """A sentence as ids `(tokens,)`, int32."""
        return self.tokens.encode(self._line(sentence)) + np.int32(SPECIAL)

    def pieces(self, sentence: str) -> list[str]:
        """The parts of a sentence, one for each id, without the spaces before them."""
        parts = self.tokens.split(self._line(sentence))
        return [part.strip() or part for part in parts]

    def names(self, ids: Iterable[int]) -> list[str]:
        """What each id stands for, without spaces."""
        known = self._known()
        return [known[number - SPECIAL].strip() or known[number - SPECIAL] for number in ids]

    def _known(self) -> list[str]:
        if not hasattr(self, "_names"):
            self._names = self.tokens.pieces()
        return self._names

    def decode(self, ids: Iterable[int], copies: dict[int, str] | None = None) -> str:
        """A sentence of ids.

        Args:
            ids: from `SPECIAL` on.
            copies: what to write instead of unknown words, by their places.
        """
        numbers = [int(number) - SPECIAL for number in ids]
        if not self.tokens.has_unknown or not copies:
            return self.tokens.decode(numbers).strip()
        space = "" if self.tokens.unit == "character" else " "
        parts = []
        for place, number in enumerate(numbers):
            unknown = number == UNKNOWN and place in copies
            parts.append(space + copies[place] if unknown else self.tokens.decode([number]))
        return "".join(parts).strip()

    def unknown(self, ids: np.ndarray) -> np.ndarray:
        """The places of a sentence whose words are not in the vocabulary."""
        if not self.tokens.has_unknown:
            return np.zeros(0, int)
        return np.flatnonzero(np.asarray(ids) == UNKNOWN + SPECIAL)

    def plain(self) -> dict[str, Any]:
        """Everything as plain data, for `from_plain`."""
        return {**self.tokens.plain(), "language": self.language, "lowercase": self.lowercase}

    @classmethod
    def from_plain(cls, data: Any) -> Vocabulary:
        """What `plain` gave.

        Raises:
            SavingError: for anything else.
        """
        tokens = tokens_from_plain(data)
        language = check_language("language", data.get("language"))
        if not isinstance(data.get("lowercase"), bool):
            raise SavingError("The file is damaged: its vocabulary does not say how it is lowered.")
        if isinstance(tokens, Pieces) and tokens.unit == "word":
            tokens = Words(tokens.known, language)
        return cls(tokens, language, data["lowercase"])


def _spaced(line: str, unit: str) -> str:
    """With a space in front, so that a first word is the same as later ones."""
    return line if unit == "character" or not line else f" {line}"
