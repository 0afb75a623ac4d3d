"""Splits: proportions, groups on one side, time in order, always every row once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.tasks.splits import duplicate_groups, stratified_split, text_key, time_split


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=200),
    st.integers(0, 5),
    st.integers(1, 60),
)
def test_every_row_is_in_one_part_and_groups_stay_together(
    labels: list[int], seed: int, number: int
) -> None:
    groups = np.random.default_rng(seed).integers(0, number, len(labels))
    parts = stratified_split(labels, [0.6, 0.2, 0.2], seed, groups)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    homes = [set(groups[part].tolist()) for part in parts]
    assert not homes[0] & homes[1] and not homes[0] & homes[2] and not homes[1] & homes[2]


def test_classes_keep_their_proportions() -> None:
    labels = np.array([0] * 900 + [1] * 100)
    train, test = stratified_split(labels, [0.8, 0.2], seed=3)
    assert np.bincount(labels[train]).tolist() == [720, 80]
    assert np.bincount(labels[test]).tolist() == [180, 20]
    again = stratified_split(labels, [0.8, 0.2], seed=3)
    assert all(np.array_equal(a, b) for a, b in zip((train, test), again, strict=True))
    assert not np.array_equal(train, stratified_split(labels, [0.8, 0.2], seed=4)[0])


def test_the_first_part_gets_what_cannot_be_shared() -> None:
    labels = ["rare"] + ["common"] * 20
    train, _, _ = stratified_split(labels, [0.7, 0.1, 0.2], seed=0)
    assert 0 in train


def test_shares_must_make_a_whole() -> None:
    with pytest.raises(ValueError, match="shares expected"):
        stratified_split([1, 2], [0.5, 0.4], seed=0)


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_time_goes_on_from_part_to_part(times: list[int]) -> None:
    parts = time_split(times, [0.5, 0.25, 0.25])
    values = np.array(times)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(times)))
    for earlier, later in itertools.pairwise(parts):
        if len(earlier) and len(later):
            assert values[earlier].max() < values[later].min()


def test_duplicates_are_found_whatever_case_spaces_and_marks() -> None:
    texts = ["Good film!", "good  film", "bad film", "GOOD FILM..."]
    assert duplicate_groups(map(text_key, texts)).tolist() == [0, 0, 1, 0]
    assert text_key("!!!") != text_key("???")


def test_marks_on_letters_tell_texts_apart() -> None:
    assert text_key("दिल की बात!") == text_key("दिल की बात") != text_key("दाल का बात")
    assert text_key("cafe\u0301") == text_key("café") != text_key("cafe")
