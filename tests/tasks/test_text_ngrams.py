"""Kneser-Ney gives probabilities, those of its formula."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from leftfold.tasks.text.ngrams import KneserNey, best_order, longest_order


def some_text(length: int = 400, size: int = 5) -> np.ndarray:
    random = np.random.default_rng(0)
    text = [0]
    for _ in range(length - 1):
        text.append(int(random.choice([(text[-1] + 1) % size, 0, random.integers(size)])))
    return np.array(text)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_the_probabilities_of_all_tokens_sum_to_one(order: int) -> None:
    model = KneserNey(some_text(), 5, order)
    for context in ([], [0], [3, 4], [4, 4, 4, 4], [0, 1, 2, 3]):
        every = [model.probabilities(np.array([*context, token]))[-1] for token in range(5)]
        assert sum(every) == pytest.approx(1)
        assert min(every) > 0


def by_the_formula(train: list[int], size: int, context: tuple[int, ...], token: int) -> float:
    """Interpolated Kneser-Ney of order 2, word for word."""
    pairs = Counter(itertools.pairwise(train))
    before = Counter(second for _, second in pairs)

    def discount(counts: Counter) -> float:  # type: ignore[type-arg]
        once = sum(count == 1 for count in counts.values())
        twice = sum(count == 2 for count in counts.values())
        return once / (once + 2 * twice) if once else 0.5

    d = discount(before)
    total = sum(before.values())
    shorter = max(before[token] - d, 0) / total + d * len(before) / total / size
    (last,) = context
    after = {second: count for (first, second), count in pairs.items() if first == last}
    if not after:
        return shorter
    d, total = discount(pairs), sum(after.values())
    return max(after.get(token, 0) - d, 0) / total + d * len(after) / total * shorter


def test_pairs_follow_the_formula() -> None:
    train = some_text(60, 6)
    model = KneserNey(train, 7, 2)
    for first in range(7):
        for second in range(7):
            expected = by_the_formula(train.tolist(), 7, (first,), second)
            found = model.probabilities(np.array([first, second]))[1]
            assert found == pytest.approx(expected), (first, second)


def test_longer_runs_help_where_the_text_has_them() -> None:
    train, test = np.tile([0, 1, 0, 2], 100), np.tile([0, 1, 0, 2], 10)
    losses = [-np.log(KneserNey(train, 3, n).probabilities(test)).mean() for n in (1, 2, 3)]
    assert losses[0] > losses[1] > losses[2]
    order, found = best_order(train, test, 3, range(1, 4))
    assert order == 3
    assert found == pytest.approx(losses)


def test_a_text_shorter_than_the_runs_is_no_trouble() -> None:
    model = KneserNey(np.array([1, 2]), 3, 5)
    assert model.probabilities(np.array([1])).shape == (1,)
    assert model.probabilities(np.array([1, 2, 1, 2, 1, 2])).min() > 0


def test_runs_must_fit_into_64_bits() -> None:
    assert longest_order(65) == 8
    assert longest_order(10_000) == 4
    with pytest.raises(ValueError, match="order from 1 to 4, got 5"):
        KneserNey(np.array([1, 2]), 10_000, 5)
