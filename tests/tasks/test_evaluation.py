"""Bootstrap intervals: they cover what they should, and are narrow where models are paired."""

from __future__ import annotations

import numpy as np

from leftfold.tasks.evaluation import bootstrap_difference, bootstrap_interval


def accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.mean(truth == predicted))


def test_the_interval_is_about_that_of_the_binomial_distribution() -> None:
    truth = np.zeros(400, int)
    predicted = (np.arange(400) % 4 == 0).astype(int)
    found = bootstrap_interval(accuracy, truth, predicted)
    margin = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert found.value == 0.75
    assert abs(found.low - (0.75 - margin)) < 0.01
    assert abs(found.high - (0.75 + margin)) < 0.01
    assert str(found).startswith("0.7500 (95% interval 0.70")


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for seed in range(100):
        sample = generator.normal(3, 1, 80)
        found = bootstrap_interval(
            lambda x: float(np.mean(x)), sample, rounds=200, level=0.9, seed=seed
        )
        covered += found.low <= 3 <= found.high
    assert 80 <= covered <= 98


def test_rows_of_one_group_are_drawn_together() -> None:
    values = np.repeat(np.random.default_rng(1).normal(size=20), 50)
    groups = np.repeat(np.arange(20), 50)
    mean = lambda x: float(np.mean(x))  # noqa: E731
    apart = bootstrap_interval(mean, values)
    together = bootstrap_interval(mean, values, groups=groups)
    assert together.high - together.low > 4 * (apart.high - apart.low)


def test_a_paired_difference_sees_what_two_intervals_would_not() -> None:
    truth = np.zeros(300, int)
    first = (np.arange(300) < 60).astype(int)
    second = (np.arange(300) < 75).astype(int)
    found = bootstrap_difference(accuracy, truth, first, second)
    assert abs(found.value - 0.05) < 1e-12
    assert found.excludes_zero
    assert not bootstrap_difference(accuracy, truth, first, first).excludes_zero
