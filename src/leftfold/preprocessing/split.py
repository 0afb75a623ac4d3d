"""Training, validation and test examples that share nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

Part = tuple[list[str], np.ndarray]

_NOT_A_WORD = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """`text` reduced to what makes it the same text: words in lower case, single spaces.

    Example:
        >>> normalised("  Good, GOOD!<br />")
        'good good br'
    """
    return _NOT_A_WORD.sub(" ", text.casefold()).strip()


def train_validation_test(
    texts: Sequence[str],
    labels: Any,
    validation_split: float = 0.1,
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[Part, Part, Part]:
    """Split labelled texts in three, each class in the same shares, no text in two parts.

    Texts that differ only in case, punctuation or spacing count as the same text and stay
    together, so that no part contains an example of another.

    Args:
        texts: the texts.
        labels: one integer per text.
        validation_split: share of the texts for validation, from 0 up to (not including) 1.
        test_split: share of the texts for the test; what is left of both trains.
        seed: the same seed gives the same split, on every machine.

    Returns:
        `(train, validation, test)`, each a pair of texts and labels in random order.

    Example:
        >>> texts = [f"text {i}" for i in range(10)]
        >>> train, validation, test = train_validation_test(texts, [0, 1] * 5, 0.2, 0.2)
        >>> len(train[0]), validation[1].tolist(), test[1].tolist()
        (6, [1, 0], [0, 1])
    """
    labels = np.asarray(labels)
    if labels.shape != (len(texts),):
        raise ValueError(
            f"train_validation_test expected one label per text, got {len(texts)} texts and "
            f"labels of shape {labels.shape}."
        )
    if min(validation_split, test_split) < 0 or validation_split + test_split >= 1:
        raise ValueError(
            "validation_split and test_split expected shares from 0 to 1 that leave something to "
            f"train on, got {validation_split} and {test_split}."
        )
    generator = np.random.RandomState(seed)  # its numbers never change between NumPy versions
    parts: list[list[int]] = [[], [], []]
    for groups in _groups_by_label(texts, labels):
        total = sum(map(len, groups))
        room = [total, round(total * validation_split), round(total * test_split)]
        for position in generator.permutation(len(groups)):
            group = groups[position]
            part = next((p for p in (2, 1) if len(group) <= room[p]), 0)
            room[part] -= len(group)
            parts[part] += group
    train, validation, test = (_take(texts, labels, generator.permutation(p)) for p in parts)
    return train, validation, test


def _groups_by_label(texts: Sequence[str], labels: np.ndarray) -> list[list[list[int]]]:
    """For each label the groups of positions that hold the same text.

    A text that occurs with several labels is filed under the first.
    """
    same: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        same[normalised(text)].append(position)
    by_label: dict[Any, list[list[int]]] = defaultdict(list)
    for group in same.values():
        by_label[labels[group[0]].item()].append(group)
    return [by_label[label] for label in sorted(by_label)]


def _take(texts: Sequence[str], labels: np.ndarray, positions: np.ndarray) -> Part:
    positions = positions.astype(np.int64)
    return [texts[i] for i in positions], labels[positions]
