"""Sequences and the labels of their steps as the tagger takes them: checked once, by row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.tasks import checks
from leftfold.tasks.errors import DataError
from leftfold.tasks.sequences import as_sequences
from leftfold.tasks.splits import duplicate_groups, stratified_split

Rows = list[Any]
Labels = list[list[str]]


def rows_of(x: Any, texts: bool | None = None, mask: Any = None) -> Rows:
    """Sentences as lists of tokens, or sequences as arrays `(steps, features)`.

    Args:
        x: as `SequenceTagger.fit` takes it.
        texts: which of the two is expected; either by default.
        mask: of a padded array.

    Raises:
        DataError: for rows that are empty or of the wrong kind, by number.
    """
    if isinstance(x, str) or not hasattr(x, "__len__"):
        raise DataError(f"X expected a list of sentences or sequences, got {x!r:.60}.")
    if not len(x):
        raise DataError("X expected at least one sequence, got none.")
    are_texts = _are_texts(x[0])
    if texts is not None and are_texts != texts:
        kind = "a sentence as a list of tokens" if texts else "a sequence of numbers"
        raise DataError(f"X, row 1: expected {kind}, got {x[0]!r:.60}.")
    if not are_texts:
        return list(as_sequences(x, mask))
    return [_sentence(sentence, row) for row, sentence in enumerate(x)]


def _are_texts(row: Any) -> bool:
    if isinstance(row, str):
        raise DataError(
            f"X, row 1: expected a list of tokens, got one text: {row[:40]!r}; split it first."
        )
    return not isinstance(row, np.ndarray) and len(row) > 0 and isinstance(row[0], str)


def _sentence(sentence: Any, row: int) -> list[str]:
    if isinstance(sentence, str) or not len(sentence):
        raise DataError(f"X, row {row + 1}: expected a list of tokens, got {sentence!r:.60}.")
    for step, token in enumerate(sentence):
        if not isinstance(token, str) or not token.strip(" \t\r\n"):  # U+3000 is a token
            raise DataError(
                f"X, row {row + 1}, token {step + 1}: expected text, got {token!r:.40}."
            )
    return [str(token) for token in sentence]


def labels_of(y: Any, rows: Rows, least: int = 1) -> Labels:
    """The labels of all steps as texts.

    Args:
        y: for each row a label for each step, texts or numbers.
        rows: what they belong to.
        least: how many different ones there must be.

    Raises:
        DataError: for missing labels or another number of them, by row.
    """
    if len(y) != len(rows):
        raise DataError(f"y expected labels for each of {len(rows)} rows, got {len(y)}.")
    found = []
    for row, (labels, steps) in enumerate(zip(y, rows, strict=True)):
        if isinstance(labels, str) or len(labels) != len(steps):
            told = repr(labels[:40]) if isinstance(labels, str) else len(labels)
            raise DataError(
                f"y, row {row + 1}: expected one label for each of {len(steps)} steps, got {told}."
            )
        values = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
        for step, value in enumerate(values):
            missing = value is None or (isinstance(value, float) and math.isnan(value))
            if missing or not str(value).strip():
                raise DataError(f"y, row {row + 1}, step {step + 1}: the label is missing.")
        found.append([str(value) for value in values])
    different = {label for labels in found for label in labels}
    if len(different) < least:
        raise DataError(f"y expected at least two labels, got only {next(iter(different))!r}.")
    steps = sum(map(len, found))
    if least > 1 and len(different) > max(2, steps // 4):
        raise DataError(
            f"y has {len(different)} different labels in {steps} steps: is it a number to predict, "
            "or an id, instead of a label?"
        )
    return found


def row_key(row: Any) -> Any:
    """The key by which equal rows are found: case and spaces do not count."""
    return " ".join(row).casefold() if isinstance(row, list) else checks.sequence_key(row)


def split(rows: Rows, labels: Labels, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows at random parts, equal ones on one side, every label in both parts if it can be.

    Args:
        rows: the sequences.
        labels: of their steps.
        share: of the second part.
        seed: of the order.
    """
    counts = Counter(label for one in labels for label in set(one))
    rarest = [min(set(one), key=lambda label: (counts[label], label)) for one in labels]
    first, second = stratified_split(
        rarest, [1 - share, share], seed, duplicate_groups(map(row_key, rows))
    )
    return first, second


def take(items: Sequence[Any], chosen: np.ndarray) -> list[Any]:
    """Some of the items."""
    return [items[row] for row in chosen]
