"""Figures for sequences that are written: how far from the right one, and how surprising.

References and predictions come in two lists of one length. A sequence is a text, whose units are
its words (what white space separates), or a list of units of any kind.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.extras import require

Units = str | Sequence[Hashable]


def edit_distance(reference: Sequence[Hashable], prediction: Sequence[Hashable]) -> int:
    """The fewest insertions, deletions and replacements that make one of the other.

    Args:
        reference: a text, whose units are its characters here, or a list of units.
        prediction: likewise.

    Source: V. Levenshtein, Binary codes capable of correcting deletions, insertions and
    reversals, 1966.

    Example:
        >>> edit_distance("kitten", "sitting"), edit_distance(["a", "b"], ["b"])
        (3, 1)
    """
    numbers: dict[Hashable, int] = {}
    first, second = (
        np.array([numbers.setdefault(unit, len(numbers)) for unit in units], int)
        for units in (reference, prediction)
    )
    places = np.arange(len(second) + 1)
    row = places
    for count, unit in enumerate(first, 1):
        below = np.concatenate([[count], np.minimum(row[1:] + 1, row[:-1] + (second != unit))])
        row = np.minimum.accumulate(below - places) + places  # insertions, from left to right
    return int(row[-1])


def word_error_rate(references: Sequence[Units], predictions: Sequence[Units]) -> float:
    """Edits of words by words of the references, all sequences together; it may exceed 1.

    Raises:
        DataError: for lists of different lengths, or references without a word.

    Example:
        >>> word_error_rate(["a b c", "d"], ["a c", "d e"])
        0.5
    """
    _check_pairs(references, predictions)
    pairs = [(_words(r), _words(p)) for r, p in zip(references, predictions, strict=True)]
    words = sum(len(reference) for reference, _ in pairs)
    if not words:
        raise DataError("word_error_rate expected references with at least one word, got none.")
    return sum(edit_distance(reference, prediction) for reference, prediction in pairs) / words


def character_error_rate(references: Sequence[str], predictions: Sequence[str]) -> float:
    """Edits of characters by characters of the references, all texts together.

    Example:
        >>> character_error_rate(["abcd"], ["abd"])
        0.25
    """
    return word_error_rate([list(text) for text in references], [list(t) for t in predictions])


def exact_match(references: Sequence[Units], predictions: Sequence[Units]) -> float:
    """The share of sequences that are right from end to end; white space in texts is the same.

    Example:
        >>> exact_match(["a b", "c"], ["a  b", "d"])
        0.5
    """
    _check_pairs(references, predictions)
    right = [_words(r) == _words(p) for r, p in zip(references, predictions, strict=True)]
    return sum(right) / len(right)


def perplexity(
    targets: Any, outputs: Any, mask: Any = None, weights: Any = None, from_logits: bool = False
) -> float:
    """The exponential of the mean cross-entropy of the steps that count.

    A model that is as unsure as if it chose among `n` equally probable tokens has perplexity `n`.

    Args:
        targets: the right token of each step, whole numbers `(..., steps)`.
        outputs: probabilities `(..., steps, tokens)`, or logits.
        mask: which steps count, `(..., steps)`; all by default.
        weights: of the steps, `(..., steps)`.
        from_logits: whether `outputs` are numbers before the softmax.

    Raises:
        DataError: for shapes that do not fit, tokens that do not exist, or where nothing counts.

    Example:
        >>> round(perplexity([[1, 0]], [[[0.5, 0.5], [0.25, 0.75]]]), 4)
        2.8284
    """
    tokens, scores = np.asarray(targets), np.asarray(outputs, np.float64)
    if tokens.shape != scores.shape[:-1] or not scores.ndim:
        raise DataError(
            "perplexity expected targets (..., steps) and outputs (..., steps, tokens), got "
            f"{tokens.shape} and {scores.shape}."
        )
    counts = np.ones(tokens.shape) if mask is None else np.asarray(mask, bool).astype(float)
    counts = counts if weights is None else counts * np.asarray(weights, np.float64)
    if counts.shape != tokens.shape or not counts.sum() > 0:
        raise DataError(
            f"perplexity expected a mask and weights {tokens.shape} under which something counts, "
            f"got {counts.shape} with the sum {counts.sum():g}."
        )
    tokens = np.where(counts > 0, tokens, 0)
    if tokens.min() < 0 or tokens.max() >= scores.shape[-1]:
        raise DataError(
            f"perplexity expected tokens from 0 to {scores.shape[-1] - 1}, got {tokens.min()} to "
            f"{tokens.max()}."
        )
    chosen = np.take_along_axis(scores, tokens[..., None].astype(int), -1)[..., 0]
    if from_logits:
        most = scores.max(-1)
        losses = most + np.log(np.exp(scores - most[..., None]).sum(-1)) - chosen
    else:
        with np.errstate(divide="ignore"):
            losses = -np.log(chosen)
    mean = float(np.sum(np.where(counts > 0, losses, 0) * counts) / counts.sum())
    return math.exp(mean) if mean < 700 else math.inf


def bleu(references: Sequence[str], predictions: Sequence[str], lowercase: bool = False) -> float:
    """BLEU of a corpus, from 0 to 100, as sacrebleu computes it with its usual settings.

    Args:
        references: one right text for each prediction, in plain words as people write them.
        predictions: what was written.
        lowercase: whether case does not count.

    Raises:
        DataError: for lists of different lengths.
        MissingExtraError: without sacrebleu.

    Source: K. Papineni et al., BLEU, ACL 2002; M. Post, A Call for Clarity in Reporting BLEU
    Scores, WMT 2018.

    Example:
        >>> round(bleu(["a cat sat on the mat"], ["a cat sat on a mat"]), 1)
        53.7
    """
    _check_pairs(references, predictions)
    sacrebleu = require("sacrebleu", "translate", "Computing BLEU")
    found = sacrebleu.corpus_bleu(list(predictions), [list(references)], lowercase=lowercase)
    return float(found.score)


def chrf(references: Sequence[str], predictions: Sequence[str], word_order: int = 0) -> float:
    """The F score of stretches of up to 6 characters, from 0 to 100, as sacrebleu computes it.

    Args:
        references: one right text for each prediction.
        predictions: what was written.
        word_order: up to how many words in a row count as well; 2 for chrF++.

    Raises:
        DataError: for lists of different lengths.
        MissingExtraError: without sacrebleu.

    Source: M. Popović, chrF: character n-gram F-score for automatic MT evaluation, WMT 2015.

    Example:
        >>> round(chrf(["a cat sat"], ["a cat sat"]), 1)
        100.0
    """
    _check_pairs(references, predictions)
    sacrebleu = require("sacrebleu", "translate", "Computing chrF")
    found = sacrebleu.corpus_chrf(list(predictions), [list(references)], word_order=word_order)
    return float(found.score)


def _words(sequence: Units) -> list[Hashable]:
    return list(sequence.split()) if isinstance(sequence, str) else list(sequence)


def _check_pairs(references: Sequence[Any], predictions: Sequence[Any]) -> None:
    for name, given in (("references", references), ("predictions", predictions)):
        if isinstance(given, str):
            raise DataError(f"{name} expected a list of sequences, got one text: {given[:40]!r}.")
    if len(references) != len(predictions) or not len(references):
        raise DataError(
            "references and predictions expected two lists of one length above 0, got "
            f"{len(references)} and {len(predictions)}."
        )
