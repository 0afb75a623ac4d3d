"""Splits are honest: stratified, repeatable, and share no text."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.preprocessing.split import normalised, train_validation_test


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), min_size=1, max_size=120),
    st.floats(0, 0.4),
    st.floats(0, 0.5),
    st.integers(0, 2**32 - 1),
)
def test_every_text_is_in_exactly_one_part(
    examples: list[tuple[int, int]], validation: float, test: float, seed: int
) -> None:
    texts = [f"Text {number}{'!' * (i % 3)}" for i, (number, _) in enumerate(examples)]
    labels = [label for _, label in examples]
    parts = train_validation_test(texts, labels, validation, test, seed)
    together = Counter(pair for x, y in parts for pair in zip(x, y.tolist(), strict=True))
    assert together == Counter(zip(texts, labels, strict=True))
    keys = [{normalised(text) for text in x} for x, _ in parts]
    assert not (keys[0] & keys[1] or keys[0] & keys[2] or keys[1] & keys[2])


def test_shares_and_classes_are_kept() -> None:
    texts = [f"review {i}" for i in range(1000)]
    labels = np.array([0] * 700 + [1] * 300)
    train, validation, test = train_validation_test(texts, labels, 0.1, 0.2)
    assert [len(part[0]) for part in (train, validation, test)] == [700, 100, 200]
    assert [part[1].sum() for part in (train, validation, test)] == [210, 30, 60]


def test_the_seed_alone_decides() -> None:
    texts = [str(i) for i in range(100)]
    labels = [i % 2 for i in range(100)]
    first, again = (train_validation_test(texts, labels, seed=4)[2][0] for _ in range(2))
    assert first == again
    assert first != train_validation_test(texts, labels, seed=5)[2][0]


def test_the_split_never_changes_between_versions() -> None:
    texts = [str(i) for i in range(12)]
    _, validation, test = train_validation_test(texts, [0, 1] * 6, 0.2, 0.2, seed=1)
    assert (validation[0], test[0]) == (["5", "2"], ["9", "4"])


def test_wrong_shares_and_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts and labels of shape"):
        train_validation_test(["a", "b"], [1])
    with pytest.raises(ValueError, match=r"got 0\.5 and 0\.5"):
        train_validation_test(["a"], [1], 0.5, 0.5)
    with pytest.raises(ValueError, match=r"got -0\.1"):
        train_validation_test(["a"], [1], -0.1, 0.5)
