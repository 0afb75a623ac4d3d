"""`ctc_loss` and `ctc_decode` against all paths written out, and what they refuse."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import losses, ops
from leftfold.engine import Tape, Tensor


def reading(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    return tuple(label for label, _ in itertools.groupby(path) if label != blank)


def probabilities_of_readings(logits: np.ndarray, blank: int) -> dict[tuple[int, ...], float]:
    """Of every sequence of labels, by walking all paths of `(steps, classes)`."""
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        found[reading(path, blank)] += float(np.prod(p[np.arange(len(path)), list(path)]))
    return found


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape) * 2


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_the_loss_is_that_of_all_paths_that_read_as_the_target(seed, steps, blank):
    logits = draw(seed, steps, 3)
    readings = probabilities_of_readings(logits, blank)
    for target, probability in readings.items():
        padded = np.array([[*target, 99, 99]])  # what lies behind a row's length does not matter
        loss = ops.ctc_loss(padded, logits[None], [len(target)], [steps], blank)
        assert float(loss[0]) == pytest.approx(-np.log(probability), rel=1e-9)


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_a_wide_beam_finds_all_readings_in_order_with_their_probabilities(seed, steps, blank):
    logits = draw(seed, steps, 3)
    readings = probabilities_of_readings(logits, blank)
    best = sorted(readings.items(), key=lambda item: -item[1])[:5]
    labels, scores = ops.ctc_decode(logits[None], [steps], "beam_search", 200, 5, mask_index=blank)
    for place, (target, probability) in enumerate(best):
        assert tuple(x for x in labels.numpy()[place, 0].tolist() if x >= 0) == target
        assert float(scores[0, place]) == pytest.approx(np.log(probability), rel=1e-9)


def test_a_narrow_beam_keeps_a_reading_that_left_and_came_back_as_one():
    logits = draw(7, 9, 4)
    narrow = ops.ctc_decode(logits[None], [9], "beam_search", 3, 3)
    labels = [tuple(row) for row in narrow[0].numpy()[:, 0].tolist()]
    assert len(set(labels)) == 3
    wide = ops.ctc_decode(logits[None], [9], "beam_search", 500, 1)
    assert float(wide[1][0, 0]) >= float(narrow[1][0, 0])


def test_rows_of_different_lengths_do_not_see_each_other_or_their_padding():
    logits = draw(1, 2, 6, 4)
    alone = [
        ops.ctc_loss([[1, 2]], logits[:1, :4], [2], [4]),
        ops.ctc_loss([[3, 3]], logits[1:], [2], [6]),
    ]
    logits[0, 4:] = 1e6
    together = ops.ctc_loss([[1, 2], [3, 3]], logits, [2, 2], [4, 6])
    np.testing.assert_allclose(together, np.concatenate([each.numpy() for each in alone]))
    labels, scores = ops.ctc_decode(logits, [4, 6], "beam_search", 8)
    first, score = ops.ctc_decode(logits[:1, :4], [4], "beam_search", 8)
    assert labels.numpy()[0, 0, :4].tolist() == first.numpy()[0, 0].tolist()
    np.testing.assert_allclose(scores[0], score[0])


def test_steps_that_a_mask_hides_are_as_if_they_were_not_there():
    logits = draw(2, 1, 5, 4)
    mask = np.array([[False, True, True, False, True]])
    x = Tensor(logits, tracked=True)
    with Tape() as tape:
        loss = ops.ctc_loss([[1, 2]], x, [2], mask)
        total = ops.sum(loss)
    np.testing.assert_allclose(loss, ops.ctc_loss([[1, 2]], logits[:, mask[0]], [2], [3]))
    gradient = np.asarray(tape.gradient(total, [x])[0])
    assert (gradient[0, ~mask[0]] == 0).all()
    assert (gradient[0, mask[0]] != 0).all()


def test_the_loss_object_hides_masked_steps_and_weighs_rows():
    logits = ops.convert_to_tensor(draw(3, 2, 5, 4).astype("float32"))
    plain = losses.CTC(reduction=None)([[1, 2], [3, 0]], logits).numpy()
    expected = ops.ctc_loss([[1, 2], [3, 0]], logits, [2, 1], [5, 5])
    np.testing.assert_allclose(plain, expected, rtol=1e-6)
    weighted = losses.CTC("sum")([[1, 2], [3, 0]], logits, np.array([2.0, 0.0]))
    assert float(weighted) == pytest.approx(2 * plain[0], rel=1e-6)
    logits._keras_mask = np.array([[True] * 5, [True, True, False, False, False]])
    masked = losses.CTC(reduction=None)([[1, 2], [3, 0]], logits)
    expected = ops.ctc_loss([[1, 2], [3, 0]], logits, [2, 1], [5, 2])
    np.testing.assert_allclose(masked, expected, rtol=1e-6)


def test_long_sequences_do_not_underflow():
    logits = draw(4, 1, 2000, 5).astype("float32")
    labels = np.tile([1, 2, 3, 4], 100)[None]
    x = Tensor(logits, tracked=True)
    with Tape() as tape:
        loss = ops.sum(ops.ctc_loss(labels, x, [400], [2000]))
    assert 100 < float(loss) < 1e5
    gradient = np.asarray(tape.gradient(loss, [x])[0])
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient.sum(-1), 0, atol=1e-5)


def test_a_target_without_a_path_has_an_infinite_loss_and_no_gradient():
    logits = np.zeros((2, 3, 3))
    logits[0, :, 1] = -np.inf
    x = Tensor(logits, tracked=True)
    with Tape() as tape:
        loss = ops.ctc_loss([[1], [1]], x, [1, 1], [3, 3])
        total = ops.sum(loss)
    assert loss.numpy()[0] == np.inf and np.isfinite(loss.numpy()[1])
    gradient = np.asarray(tape.gradient(total, [x])[0])
    assert (gradient[0] == 0).all() and np.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([[1, 2]], (1, 1, 3), [2], [1]),
            "row 0: a target of 2 labels needs at least 2 steps, got 1",
        ),
        (
            ([[1, 1]], (1, 2, 3), [2], [2]),
            "1 blanks between equal ones needs at least 3 steps, got",
        ),
        (([[1, 2]], (1, 4, 3), [3], [4]), "target_length, row 0: expected 0 to 2, got 3"),
        (([[1, 2]], (1, 4, 3), [-1], [4]), "target_length, row 0: expected 0 to 2, got -1"),
        (([[1, 2]], (1, 4, 3), [2], [5]), "output_length, row 0: expected 0 to 4, got 5"),
        (
            ([[1, 3]], (1, 4, 3), [2], [4]),
            "row 0, label 1: expected a class from 0 to 2 other than",
        ),
        (([[1, 0]], (1, 4, 3), [2], [4]), "other than the blank 0, got 0"),
        (([1, 2], (1, 4, 3), [2], [4]), r"target \(batch, labels\) and output"),
        (([[1, 2]], (1, 4, 3), [2, 2], [4]), "one length for each of 1 rows"),
    ],
)
def test_what_the_loss_refuses(arguments, message):
    target, shape, *lengths = arguments
    with pytest.raises(ValueError, match=message):
        ops.ctc_loss(target, np.zeros(shape), *lengths)


def test_what_decoding_refuses():
    logits = np.zeros((1, 3, 2))
    with pytest.raises(ValueError, match="strategy expected"):
        ops.ctc_decode(logits, [3], "best")
    with pytest.raises(ValueError, match="beam_width expected"):
        ops.ctc_decode(logits, [3], "beam_search", 0)
    with pytest.raises(ValueError, match="top_paths"):
        ops.ctc_decode(logits, [3], "beam_search", 2, 3)
    with pytest.raises(ValueError, match="row 0: expected 0 to 3, got 4"):
        ops.ctc_decode(logits, [4])


@pytest.mark.filterwarnings("error")
def test_outputs_that_are_no_numbers_give_a_loss_that_is_none_and_cannot_be_read():
    logits = np.zeros((2, 3, 3))
    logits[0, 1] = np.nan
    x = Tensor(logits, tracked=True)
    with Tape() as tape:
        loss = ops.ctc_loss([[1], [1]], x, [1, 1], [3, 3])
        total = ops.sum(loss)
    assert np.isnan(loss.numpy()).tolist() == [True, False]
    gradient = np.asarray(tape.gradient(total, [x])[0])
    assert np.isnan(gradient[0]).any() and np.isfinite(gradient[1]).all()
    for strategy in ("greedy", "beam_search"):
        with pytest.raises(ValueError, match=r"row 0, step 1: .* got nan"):
            ops.ctc_decode(logits, [3, 3], strategy)
        assert ops.ctc_decode(logits, [1, 3], strategy)[0].shape[1] == 2  # behind the length


def test_greedy_without_merging_keeps_repetitions():
    logits = np.eye(3)[[[1, 1, 0, 1, 2]]]
    merged, scores = ops.ctc_decode(logits, [5])
    assert merged.numpy().tolist() == [[[1, 1, 2, -1, -1]]]
    assert scores.numpy().tolist() == [[-5.0]]
    kept, _ = ops.ctc_decode(logits, [4], merge_repeated=False)
    assert kept.numpy().tolist() == [[[1, 1, 1, -1, -1]]]
