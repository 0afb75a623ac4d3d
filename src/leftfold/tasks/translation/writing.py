"""What a fitted translator writes: sentences, with what it looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold.models import EncoderDecoder
from leftfold.streaming import decode
from leftfold.streaming.hypotheses import Decoded
from leftfold.tasks.errors import DataError
from leftfold.tasks.translation.pairs import sentences_of
from leftfold.tasks.translation.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Translated:
    """What was written for a sentence.

    Attributes:
        text: the translation.
        source: the parts of the sentence as the network read them.
        target: the parts that it wrote.
        attention: how much each written part, and the end, looked at each part that was read,
            `(target parts + 1, source parts)`; `None` without attention.
        log_probability: the natural logarithm of the translation's probability.
        finished: whether it came to its end by itself.
    """

    text: str
    source: list[str] = field(default_factory=list)
    target: list[str] = field(default_factory=list)
    attention: np.ndarray | None = None
    log_probability: float = 0.0
    finished: bool = True


class Writing:
    """The part of `Translator` that writes, by what `fit` has left.

    Attributes:
        model_: the network.
        source_: vocabulary of the sources.
        target_: vocabulary of the targets.
    """

    unit: str
    longest: int
    too_long: str
    beams: int
    model_: EncoderDecoder
    source_: Vocabulary
    target_: Vocabulary

    def _check_fitted(self) -> None:
        raise NotImplementedError

    def translate(
        self,
        X: Any,
        *,
        beams: int | None = None,
        length_penalty: float = 1.0,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> list[Translated]:
        """Write a target for each sentence, with all that is known about how it came about.

        Args:
            X: sentences. An empty one has an empty translation.
            beams: hypotheses to follow; by default what the constructor got, or 1 with a
                temperature.
            length_penalty: as in `leftfold.streaming.decode`.
            temperature: draw words instead of searching for the best.
            top_k: draw among so many of the likeliest; with a temperature.
            top_p: draw among the likeliest that together have this probability; likewise.
            seed: of what is drawn.

        Raises:
            DataError: for a sentence that is too long, where such are refused.
            ValueError: for settings that make no sense.
        """
        self._check_fitted()
        texts = sentences_of(X, "X")
        parts = [self.source_.pieces(text) if text.strip() else [] for text in texts]
        found = [Translated("")] * len(texts)
        rows = [row for row, pieces in enumerate(parts) if pieces]
        ids = [self._to_read(texts[row], f"X, row {row + 1}") for row in rows]
        if beams is None:
            beams = self.beams if temperature == 0 else 1
        results = decode(
            self.model_,
            ids,
            beams=beams,
            length_penalty=length_penalty,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
        )
        for row, read, result in zip(rows, ids, results, strict=True):
            found[row] = self._written(parts[row][: len(read)], result)
        return found

    def refused(self, X: Any) -> list[tuple[int, int]]:
        """The sentences that are too long to be translated, where such are refused.

        Args:
            X: sentences.

        Returns:
            The row and the number of parts of each.
        """
        self._check_fitted()
        if self.too_long != "refuse":
            return []
        sizes = [len(self.source_.encode(text)) for text in sentences_of(X, "X")]
        return [(row, size) for row, size in enumerate(sizes) if size > self.longest]

    def _to_read(self, text: str, place: str) -> np.ndarray:
        ids = self.source_.encode(text)
        if len(ids) > self.longest and self.too_long == "refuse":
            raise DataError(
                f"{place} has {len(ids)} {self.unit}s, more than the {self.longest} that are "
                "translated (too_long, longest)."
            )
        return ids[: self.longest] if self.too_long == "truncate" else ids

    def _written(self, source: list[str], result: Decoded) -> Translated:
        """A hypothesis as text; unknown words are copied from where the network looked."""
        copies = {}
        if result.attention is not None:
            for place in self.target_.unknown(np.array(result.tokens)).tolist():
                copies[place] = source[int(result.attention[place].argmax())]
        target = self.target_.names(result.tokens)
        for place, word in copies.items():
            target[place] = word
        return Translated(
            self.target_.decode(result.tokens, copies),
            source,
            target,
            result.attention,
            result.log_probability,
            result.finished,
        )

    def predict(self, X: Any, beams: int | None = None) -> list[str]:
        """The translation of each sentence.

        Args:
            X: sentences. An empty one has an empty translation.
            beams: hypotheses to follow; by default what the constructor got.
        """
        return [one.text for one in self.translate(X, beams=beams)]
