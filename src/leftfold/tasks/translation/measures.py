"""What translations are judged by, as counts for each sentence that add up to one figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leftfold.tasks.extras import require
from leftfold.tasks.sequence_scores import exact_match
from leftfold.tasks.translation.languages import bleu_tokenizer, count_words, tidy

BLEU, EXACT = "BLEU", "exact match"
_ORDER = 4


class Measure:
    """One figure, from 0 to 100, for many sentences.

    Args:
        name: `BLEU`, or `EXACT`: the share of sentences that are right from end to end.
        language: of the targets.
        lowercase: whether case does not count.

    Example:
        >>> measure = Measure(EXACT, None, True)
        >>> measure.figure(measure.counts(["a b", "c"], ["A b", "d"]))
        50.0
    """

    def __init__(self, name: str, language: str | None, lowercase: bool) -> None:
        self.name = name
        self.language = language
        self.lowercase = lowercase
        self._bleu = None
        if name == BLEU:
            metrics = require("sacrebleu.metrics", "translate", "Computing BLEU")
            self._bleu = metrics.BLEU(
                lowercase=lowercase, tokenize=bleu_tokenizer(language), force=True
            )

    @classmethod
    def fitting(cls, targets: Sequence[str], language: str | None, lowercase: bool) -> Measure:
        """BLEU, or exact match where targets are too short for its four words in a row."""
        lengths = [count_words(text, language) for text in targets]
        return cls(BLEU if np.mean(lengths) > _ORDER else EXACT, language, lowercase)

    def counts(self, references: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
        """What to add up, a row for each sentence."""
        if self._bleu is None:
            pairs = zip(self._seen(references), self._seen(predictions), strict=True)
            return np.array([[100.0 * (a == b), 1.0] for a, b in pairs])
        rows = []
        for reference, prediction in zip(references, predictions, strict=True):
            score = self._bleu.corpus_score([prediction], [[reference]])
            rows.append([*score.counts, *score.totals, score.sys_len, score.ref_len])
        return np.array(rows, float)

    def figure(self, counts: np.ndarray) -> float:
        """The figure of all rows of `counts` together."""
        if self._bleu is None:
            return float(counts[:, 0].mean())
        total = counts.sum(axis=0).astype(int)
        matches, possible = total[:_ORDER].tolist(), total[_ORDER : 2 * _ORDER].tolist()
        lengths = total[2 * _ORDER :].tolist()
        found = self._bleu.compute_bleu(matches, possible, *lengths, smooth_method="exp")
        return float(found.score)

    def __call__(self, references: Sequence[str], predictions: Sequence[str]) -> float:
        """The figure of these sentences."""
        return self.figure(self.counts(references, predictions))

    def exact(self, references: Sequence[str], predictions: Sequence[str]) -> float:
        """The share that is right from end to end, from 0 to 100."""
        return 100 * exact_match(self._seen(references), self._seen(predictions))

    def _seen(self, texts: Sequence[str]) -> list[str]:
        return [tidy(text, self.language, self.lowercase) for text in texts]
