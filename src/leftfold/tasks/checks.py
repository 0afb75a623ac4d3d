"""What is suspicious about labelled data: said before anybody believes a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from leftfold.tasks.splits import text_key
from leftfold.tasks.tables import Table

_IMBALANCE = 4.0
_FEW_ROWS = 500
_FEW_OF_A_CLASS = 30
_TELLTALE_SHARE = 0.9
_LEAST_FOR_TELLTALES = 40


def about_labels(labels: Sequence[Any] | np.ndarray) -> list[str]:
    """Sentences on imbalance and tiny data.

    Example:
        >>> print(about_labels(["a"] * 900 + ["b"] * 100)[0])
        imbalance: 'a' is 9.0 times as frequent as 'b'; look at the F1 of ...
    """
    counts = Counter(_plain(label) for label in labels).most_common()
    (most, many), (least, few) = counts[0], counts[-1]
    found = []
    if many >= _IMBALANCE * few:
        found.append(
            f"imbalance: {most!r} is {many / few:.1f} times as frequent as {least!r}; look at the "
            "F1 of the classes, not at accuracy"
        )
    if len(labels) < _FEW_ROWS:
        found.append(f"tiny data: {len(labels)} rows; the figures are rough, see their intervals")
    elif few < _FEW_OF_A_CLASS:
        found.append(f"tiny class: {least!r} has {few} rows; nothing certain is known about it")
    return found


def about_overlap(other: Iterable[Any], test: Iterable[Any], name: str = "training") -> list[str]:
    """A sentence where rows of the test part are in another part as well.

    Args:
        other: a key of each row, such as `text_key` of a text.
        test: likewise.
        name: of the other part.
    """
    seen = set(other)
    keys = list(test)
    again = sum(key in seen for key in keys)
    if not again:
        return []
    return [
        f"leakage: {again:,} of {len(keys):,} test rows are in the {name} part as well; their "
        "figures are too good"
    ]


def about_telltale_words(words: Iterable[set[str]], labels: Sequence[Any]) -> list[str]:
    """A sentence where one word gives the class away.

    Args:
        words: the different words of each training text.
        labels: of each.
    """
    named = [_plain(label) for label in labels]
    if len(named) < _LEAST_FOR_TELLTALES:
        return []
    totals = Counter(named)
    seen: dict[str, Counter[Any]] = {}
    for found, label in zip(words, named, strict=True):
        for word in found:
            seen.setdefault(word, Counter())[label] += 1
    for label, total in totals.items():
        for word, counts in seen.items():
            if counts[label] >= _TELLTALE_SHARE * total and counts[label] == sum(counts.values()):
                return [
                    f"leakage suspect: {word!r} is in {counts[label] / total:.0%} of the texts of "
                    f"{label!r} and in no other; does the text contain its label?"
                ]
    return []


def about_columns(table: Table, label: str, used: Sequence[str]) -> list[str]:
    """A sentence for each column that says the same as the label.

    Args:
        table: all rows.
        label: the column with the classes.
        used: the columns that the model reads.
    """
    labels = table.texts(label)
    found = []
    for name in table.names:
        if name == label:
            continue
        values = table.texts(name)
        pairs = set(zip(values, labels, strict=True))
        if len(set(values)) == len(pairs) == len(set(labels)) > 1:
            effect = "the model reads it, so its figures mean nothing" if name in used else "unused"
            found.append(
                f"leakage suspect: column {name!r} equals {label!r} up to names ({effect})"
            )
    return found


def sequence_key(sequence: np.ndarray) -> bytes:
    """What two equal sequences have in common."""
    array = np.ascontiguousarray(sequence, np.float64)
    return repr(array.shape).encode() + array.tobytes()


def row_key(row: Any) -> Any:
    """The key by which equal rows are found: `text_key` or `sequence_key`."""
    return text_key(row) if isinstance(row, str) else sequence_key(row)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
