"""Padding, windows and skip-grams."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leftfold
from leftfold.preprocessing.sequence import (
    TimeseriesGenerator,
    make_sampling_table,
    pad_sequences,
    skipgrams,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "preprocessing.json").read_text())


def test_defaults_pad_before_cut_before_and_give_int32() -> None:
    padded = pad_sequences([[1], [2, 3, 4]], maxlen=2)
    assert padded.dtype == np.int32
    assert padded.tolist() == [[0, 1], [3, 4]]


@given(
    st.lists(st.lists(st.integers(-99, 99), max_size=7), min_size=1, max_size=6),
    st.one_of(st.none(), st.integers(1, 9)),
    st.sampled_from(["pre", "post"]),
    st.sampled_from(["pre", "post"]),
    st.booleans(),
)
def test_every_row_is_its_sequence_cut_and_filled(
    sequences: list[list[int]], maxlen: int | None, padding: str, truncating: str, arrays: bool
) -> None:
    given_sequences = [np.array(s, dtype=np.int64) for s in sequences] if arrays else sequences
    padded = pad_sequences(
        given_sequences, maxlen, "int64", padding=padding, truncating=truncating, value=-7
    )
    width = max(map(len, sequences)) if maxlen is None else maxlen
    assert padded.shape == (len(sequences), width)
    for row, sequence in zip(padded.tolist(), sequences, strict=True):
        kept = sequence[max(0, len(sequence) - width) :]
        if truncating == "post":
            kept = sequence[:width]
        fill = [-7] * (width - len(kept))
        assert row == (fill + kept if padding == "pre" else kept + fill)


def test_elements_may_have_a_shape() -> None:
    padded = pad_sequences([[[1, 2]], [], [[3, 4], [5, 6]]], dtype="float32")
    assert padded.shape == (3, 2, 2)
    assert padded[0].tolist() == [[0, 0], [1, 2]]
    assert not padded[1].any()


def test_strings_need_a_type_that_holds_them() -> None:
    padded = pad_sequences([["a"], ["b", "longer"]], dtype=object, value="-", padding="post")
    assert padded.tolist() == [["a", "-"], ["b", "longer"]]
    with pytest.raises(ValueError, match="dtype=object"):
        pad_sequences([[1]], value="-")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(sequences=5), "expected a list of sequences, got int"),
        (dict(sequences=(x for x in [[1]])), "got generator"),
        (dict(sequences=[[1], 7]), "position 1 is 7"),
        (dict(sequences=[[1]], padding="left"), "padding to be 'pre' or 'post', got 'left'"),
        (dict(sequences=[[1]], truncating="x"), "truncating to be 'pre' or 'post', got 'x'"),
        (dict(sequences=[[1]], maxlen=0), "maxlen to be a positive integer, got 0"),
        (dict(sequences=[]), "at least one sequence, or maxlen"),
        (dict(sequences=[[[1, 2]], [[1, 2, 3]]]), r"shape \(2,\).*got \(3,\).*position 1"),
    ],
)
def test_wrong_input_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pad_sequences(**arguments)


@given(
    steps=st.integers(6, 30),
    length=st.integers(1, 5),
    sampling_rate=st.integers(1, 3),
    stride=st.integers(1, 4),
    batch_size=st.integers(1, 7),
    reverse=st.booleans(),
)
def test_windows_cover_the_series_in_order(
    steps: int, length: int, sampling_rate: int, stride: int, batch_size: int, reverse: bool
) -> None:
    windows = TimeseriesGenerator(
        list(range(steps)),
        [10 * i for i in range(steps)],
        length,
        sampling_rate,
        stride,
        reverse=reverse,
        batch_size=batch_size,
    )
    seen = [(w, t) for x, y in windows for w, t in zip(x.tolist(), y.tolist(), strict=True)]
    expected = []
    for end in range(length, steps, stride):
        window = list(range(end - length, end, sampling_rate))
        expected.append((window[::-1] if reverse else window, 10 * end))
    assert seen == expected
    assert all(len(windows[i][0]) == batch_size for i in range(len(windows) - 1))


def test_shuffled_windows_still_precede_their_targets() -> None:
    series = np.arange(50.0)
    windows = TimeseriesGenerator(series, series, 3, shuffle=True, batch_size=16)
    x, y = windows[0]
    np.testing.assert_array_equal(x[:, -1] + 1, y)
    assert len(set(y)) > 1


def test_generator_describes_itself() -> None:
    config = json.loads(TimeseriesGenerator([1, 2, 3], [1, 2, 3], 1).to_json())["config"]
    assert json.loads(config["data"]) == [1, 2, 3]
    assert config["start_index"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(targets=[1]), "same length, got 4 and 1"),
        (dict(length=0), "length to be a positive integer, got 0"),
        (dict(batch_size=-1), "batch_size to be a positive integer, got -1"),
        (dict(length=4), "no window of 4 steps"),
        (dict(end_index=4), "no window"),
        (dict(start_index=-1), "no window"),
    ],
)
def test_impossible_windows_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TimeseriesGenerator(
            **{"data": [1, 2, 3, 4], "targets": [1, 2, 3, 4], "length": 2} | arguments
        )


def test_batches_beyond_the_last_do_not_exist() -> None:
    with pytest.raises(IndexError, match="batch 1 is not one of the 1"):
        TimeseriesGenerator([1, 2, 3], [1, 2, 3], 1)[1]


def test_skipgrams_are_keras_draw_for_draw() -> None:
    random.seed(5)
    pairs, labels = skipgrams(
        [1, 2, 0, 3, 4, 2],
        6,
        window_size=2,
        negative_samples=0.5,
        sampling_table=make_sampling_table(6, 1e-1),
        seed=11,
    )
    assert [pairs, labels] == GOLDEN["skipgrams"]


def test_skipgram_labels_can_be_one_hot_and_nothing_gives_nothing() -> None:
    assert skipgrams([1, 2], 5, negative_samples=0, categorical=True)[1] == [[0, 1]] * 2
    assert skipgrams([0, 3, 0], 5) == ([], [])


def test_rare_words_are_sampled_more_often() -> None:
    table = make_sampling_table(1000)
    assert table[0] == table[1]
    assert (np.diff(table[1:]) > 0).all()
    assert make_sampling_table(10, 1.0).max() == 1.0
    with pytest.raises(ValueError, match="positive size, got 0"):
        make_sampling_table(0)


def test_fit_takes_the_generator() -> None:
    series = np.sin(np.arange(60.0)).astype("float32")[:, None]
    windows = TimeseriesGenerator(series, series, 5, batch_size=20)
    model = leftfold.Sequential([leftfold.layers.SimpleRNN(4), leftfold.layers.Dense(1)])
    model.compile("adam", "mse")
    losses = model.fit(windows, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(windows, verbose=0).shape == (55, 1)


def test_a_seed_for_skipgrams_stays_its_own() -> None:
    before = random.getstate()
    first = skipgrams([1, 2, 3], 9, negative_samples=0, seed=1)
    assert random.getstate() == before
    assert skipgrams([1, 2, 3], 9, negative_samples=0, seed=1) == first
