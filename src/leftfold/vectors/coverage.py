"""How much of a vocabulary a file of vectors knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """How much of a vocabulary pretrained vectors know.

    Attributes:
        words: of the training part's vocabulary.
        known: how many of those have a vector.
        occurrences_known: the share of the training part's running words that have one.
        missing: the most frequent words that have none.
        added: words that only the vectors' file knows and that were taken over.
    """

    words: int
    known: int
    occurrences_known: float
    missing: tuple[str, ...]
    added: int = 0

    def __str__(self) -> str:
        text = (
            f"{self.known:,} of {self.words:,} words of the training part have a pretrained "
            f"vector, {self.occurrences_known:.1%} of its running words"
        )
        if self.missing:
            text += "; the most frequent without: " + ", ".join(self.missing)
        if self.added:
            text += f"; {self.added:,} words more come from the vectors' file"
        return text
