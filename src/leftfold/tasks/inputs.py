"""Rows and labels as estimators take them: checked once, by row, before any work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.sequences import SequenceEncoder, as_sequences
from leftfold.tasks.texts import UNKNOWN, TextEncoder
from leftfold.vectors import Coverage, WordVectors

if TYPE_CHECKING:
    from leftfold.tasks.classifier import SequenceClassifier

_PAIRS = 150_000
_WORDS = 6_000
_WORDS_WITH_VECTORS = 50_000
_COMMON = 1e-3
_SHOWN_MISSING = 8


@dataclass
class Inputs:
    """Rows with the numbers of their classes.

    Attributes:
        rows: texts, or arrays `(steps, features)`.
        codes: of the classes, `(rows,)`.
    """

    rows: list[Any]
    codes: np.ndarray

    def take(self, chosen: np.ndarray) -> Inputs:
        """Some of the rows."""
        return Inputs([self.rows[row] for row in chosen], self.codes[chosen])

    @property
    def are_texts(self) -> bool:
        """Whether these are texts."""
        return isinstance(self.rows[0], str)

    def warnings(self) -> list[str]:
        """What is suspicious about the rows themselves."""
        if not self.are_texts:
            gaps = sum(bool(np.isnan(row).any()) for row in self.rows)
            if not gaps:
                return []
            return [f"gaps: {gaps:,} sequences have missing values; they take the value before"]
        return []


def rows_of(
    x: Any,
    level: str,
    mask: Any,
    encoder: TextEncoder | SequenceEncoder | None = None,
) -> list[Any]:
    """Texts as a list, or sequences as a list of arrays.

    Args:
        x: as `SequenceClassifier.fit` takes it.
        level: of texts.
        mask: of a padded array.
        encoder: of a fitted estimator, whose kind of rows is expected.

    Raises:
        DataError: for rows that are empty or of the wrong kind, by number.
    """
    if isinstance(x, str):
        raise DataError(f"X expected a list of texts, got one text: [{x[:40]!r}].")
    if hasattr(x, "to_numpy"):  # tables and columns of pandas and polars
        x = x.to_numpy()
    values = x.ravel() if isinstance(x, np.ndarray) and x.dtype.kind in "UO" and x.ndim == 2 else x
    values = values if isinstance(values, np.ndarray) else list(values)
    if not len(values):
        raise DataError("X expected at least one row, got none.")
    if not isinstance(values[0], str):
        if isinstance(encoder, TextEncoder) or _is_scalar(values[0]):
            raise DataError(f"X, row 1: expected a text, got {values[0]!r:.60}.")
        return list(as_sequences(values, mask))
    if isinstance(encoder, SequenceEncoder):
        raise DataError(f"X, row 1: expected a sequence of numbers, got {values[0]!r:.60}.")
    return _texts(list(values), level)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, int | float | bytes | np.generic)


def _texts(values: Sequence[Any], level: str) -> list[str]:
    probe = TextEncoder(level)
    texts = []
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise DataError(f"X, row {row + 1}: expected a text, got {value!r:.60}.")
        text = str(value)
        if not any(True for _ in probe.tokens(text[:200])) and not probe.tokens(text):
            raise DataError(f"X, row {row + 1}: the text is empty ({text!r:.40}).")
        texts.append(text)
    return texts


def check_labels(y: Any, rows: int, least: int = 2) -> np.ndarray:
    """Labels as an array of texts or numbers.

    Args:
        y: one label for each row.
        rows: how many there must be.
        least: how many different ones there must be.

    Raises:
        DataError: for missing labels, by row, another number of them, or one class only.
    """
    values = y.ravel().tolist() if isinstance(y, np.ndarray) else list(y)
    if len(values) != rows:
        raise DataError(f"y expected one label for each of {rows} rows, got {len(values)}.")
    for row, value in enumerate(values):
        missing = value is None or (isinstance(value, float) and math.isnan(value))
        if missing or (isinstance(value, str) and not value.strip()):
            raise DataError(f"y, row {row + 1}: the label is missing.")
        if not isinstance(value, str | int | float | bool | np.generic):
            raise DataError(f"y, row {row + 1}: expected a text or number, got {value!r:.40}.")
    kinds = {isinstance(value, str) for value in values}
    labels = np.array([str(v) for v in values] if len(kinds) > 1 else values)
    different = np.unique(labels)
    if len(different) < least:
        raise DataError(f"y expected at least two classes, got only {different[0].item()!r}.")
    if least > 1 and len(different) > max(2, rows // 2):
        raise DataError(
            f"y has {len(different)} different labels in {rows} rows: is it a number to predict, "
            "or an id, instead of a class?"
        )
    return labels


def make_encoder(
    settings: SequenceClassifier, learn: Inputs, weighted: bool
) -> tuple[TextEncoder | SequenceEncoder, np.ndarray | None, Coverage | None]:
    """Fit the encoder on the training part, with pretrained vectors where they are asked for.

    Args:
        settings: what is asked for.
        learn: the training part.
        weighted: whether pretrained vectors of frequent words are made small, for a network that
            only averages them.

    Returns:
        The encoder; the vectors of its vocabulary; and how many words have one.
    """
    if not learn.are_texts:
        return SequenceEncoder(settings.longest).fit(learn.rows), None, None
    pairs = settings.pairs
    if pairs is None:
        pairs = _PAIRS if settings.level == "word" else 0
    size = settings.words or (_WORDS if settings.vectors is None else _WORDS_WITH_VECTORS)
    encoder = TextEncoder(settings.level, size, pairs, settings.longest)
    if settings.vectors is None:
        return encoder.fit(learn.rows), None, None
    pretrained = WordVectors.load(settings.vectors)
    encoder.fit(learn.rows)
    own = len(encoder.index)
    if own < size - 2:
        more = [word for word in dict.fromkeys(map(str.lower, pretrained.tokens))]
        encoder.fit(learn.rows, more)
    table, coverage = _table(encoder, pretrained, learn.rows, own, weighted)
    return encoder, table, coverage


def _table(
    encoder: TextEncoder, pretrained: WordVectors, texts: list[str], own: int, weighted: bool
) -> tuple[np.ndarray, Coverage]:
    """A vector for each number: the pretrained one, or zero where there is none.

    Each dimension is brought to mean 0 and deviation 1 over the running words of the training
    part. With `weighted`, a word of frequency p is then multiplied by a / (a + p), a = 0.001.

    Source: S. Arora et al., A Simple but Tough-to-Beat Baseline for Sentence Embeddings, 2017.
    """
    rows = [pretrained.row(word) for word in encoder.index]
    known = np.array([row is not None for row in rows])
    table = np.zeros((len(rows) + 2, pretrained.matrix.shape[1]))
    table[2:][known] = pretrained.matrix[[row for row in rows if row is not None]]
    counts = np.zeros(len(rows) + 2, int)
    for text in texts:
        numbers = [encoder.index.get(token.text, UNKNOWN) for token in encoder.tokens(text)]
        np.add.at(counts, numbers, 1)
    running = counts.sum()
    has_vector = np.concatenate([[False, False], known])
    shares = counts[has_vector] / max(1, counts[has_vector].sum())
    mean = shares @ table[has_vector]
    deviation = np.sqrt(shares @ (table[has_vector] - mean) ** 2)
    table[has_vector] = (table[has_vector] - mean) / np.maximum(deviation, 1e-6)
    if weighted:
        table *= (_COMMON / (_COMMON + counts / max(1, running)))[:, None]
    words = list(encoder.index)
    missing = [
        words[i - 2]
        for i in np.argsort(-counts, kind="stable")
        if i > 1 and counts[i] and not has_vector[i]
    ]
    coverage = Coverage(
        own,
        int(known[:own].sum()),
        float(counts[has_vector].sum() / max(1, running)),
        tuple(missing[:_SHOWN_MISSING]),
        len(rows) - own,
    )
    return table.astype(np.float32), coverage
