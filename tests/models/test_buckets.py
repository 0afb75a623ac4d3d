"""`fit(..., bucket_by_length=True)`: every row once, similar lengths together, the same meaning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers, utils
from leftfold.models import buckets, length_rules
from leftfold.models.buckets import BucketedSource, LengthBuckets
from leftfold.models.data_sources import ArraySource

ROWS, STEPS, BATCH = 210, 30, 16


def padded(side: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of 0 to 25 ids in 30 steps, and targets."""
    rng = np.random.default_rng(seed)
    x = np.zeros((ROWS, STEPS), np.int32)
    lengths = rng.integers(0, 26, ROWS)
    for row, length in zip(x, lengths, strict=True):
        ids = rng.integers(1, 20, length)
        row[:length] = ids
        if side == "left":
            row[:] = np.roll(row, STEPS - length)
    return x, (lengths > 12).astype(np.float32)[:, None]


def reader(*rest: Any, masked: bool = True) -> Sequential:
    """An embedding and what comes behind it, compiled."""
    model = Sequential([layers.Embedding(20, 4, mask_zero=masked), *rest])
    model.compile("adam", "mse")
    return model


def source_of(model: Any, x: Any, y: Any) -> BucketedSource:
    model.predict(x, verbose=0)
    return BucketedSource(ArraySource(x, y, batch_size=BATCH, shuffle=True), model)


def test_an_epoch_holds_every_row_once_and_the_next_one_has_other_batches() -> None:
    order = LengthBuckets(padded("right")[0] != 0).order
    generator = np.random.default_rng(1)
    first, second = order(generator, BATCH), order(generator, BATCH)
    assert sorted(first) == sorted(second) == list(range(ROWS))
    assert first.tolist() != second.tolist()

    def batches(rows: np.ndarray) -> set[frozenset[int]]:
        return {frozenset(rows[i : i + BATCH].tolist()) for i in range(0, ROWS, BATCH)}

    assert batches(first) != batches(second)


def test_whole_batches_hold_similar_lengths_in_no_order_of_lengths() -> None:
    found = LengthBuckets(padded("left")[0] != 0)
    lengths = found.lengths[found.order(np.random.default_rng(1), BATCH)]
    whole = lengths[: ROWS // BATCH * BATCH].reshape(-1, BATCH)
    assert (np.ptp(whole, axis=1) <= 5).all()
    means = whole.mean(axis=1)
    assert (np.diff(means) > 0).any() and (np.diff(means) < 0).any()


def test_pools_keep_chance_in_large_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "POOL_BATCHES", 2)
    lengths = np.arange(64)
    order = buckets.similar_lengths(lengths, np.random.default_rng(0), 8)
    assert sorted(order) == list(range(64))
    assert np.ptp(lengths[order].reshape(-1, 8), axis=1).max() > 8


@pytest.mark.parametrize("side", ["left", "right"])
def test_batches_are_cut_to_their_longest_row_on_the_side_of_the_padding(side: str) -> None:
    x, y = padded(side)
    source = source_of(reader(layers.GRU(3), layers.Dense(1)), x, y)
    rows = 0
    for batch, targets, _ in source.epoch():
        longest = max(1, (batch != 0).sum(axis=1).max())
        assert batch.shape[1] == longest
        np.testing.assert_array_equal(targets[:, 0] > 0, (batch != 0).sum(axis=1) > 12)
        rows += len(batch)
    assert rows == ROWS


def test_both_sides_of_padding_give_the_same_batches() -> None:
    batches = []
    for side in ("left", "right"):
        x, y = padded(side)
        utils.set_random_seed(5)
        source = source_of(reader(layers.GRU(3), layers.Dense(1)), x, y)
        batches.append([np.sort(batch, axis=1) for batch, _, _ in source.epoch()])
    for left, right in zip(*batches, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("pool", [None, layers.GlobalMaxPooling1D, layers.GlobalAveragePooling1D])
def test_cutting_does_not_change_what_is_learned(
    monkeypatch: pytest.MonkeyPatch, pool: Any
) -> None:
    def trained() -> list[np.ndarray]:
        utils.set_random_seed(3)
        cell = layers.LSTM(4, return_sequences=pool is not None)
        behind = [pool()] if pool else []
        model = reader(layers.Bidirectional(cell), *behind, layers.Dense(1))
        history = model.fit(*padded("left"), BATCH, epochs=2, verbose=0, bucket_by_length=True)
        assert bool(history.padding.cut) is refused
        return model.get_weights()

    refused = False
    cut = trained()
    refused = True
    refuse = length_rules.Trimming([], "as asked")
    monkeypatch.setattr(buckets, "trimming", lambda *arguments: refuse)
    for a, b in zip(cut, trained(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_seed_fixes_the_run_and_another_one_changes_it() -> None:
    def trained(seed: int) -> np.ndarray:
        utils.set_random_seed(seed)
        model = reader(layers.SimpleRNN(3), layers.Dense(1))
        model.fit(*padded("right"), BATCH, epochs=2, verbose=0, bucket_by_length=True)
        return model.get_weights()[0]

    np.testing.assert_array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))


def test_validation_rows_are_judged_as_they_are() -> None:
    x, y = padded("right")
    model = reader(layers.LSTM(3), layers.Dense(1))
    judged = (x[:50], y[:50])
    history = model.fit(x, y, BATCH, verbose=0, validation_data=judged, bucket_by_length=True)
    assert history.history["val_loss"][-1] == model.evaluate(*judged, BATCH, verbose=0)


def test_the_padding_saved_is_told_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = padded("right")
    model = reader(layers.LSTM(3), layers.Dense(1))
    history = model.fit(x, y, BATCH, verbose=2, bucket_by_length=True)
    assert history.padding.whole == pytest.approx(1 - (x != 0).mean())
    assert 0 < history.padding.bucketed < history.padding.whole / 2
    assert history.padding.cut == ""
    line = capsys.readouterr().out.splitlines()[0]
    assert line == str(history.padding)
    assert f"{history.padding.whole:.0%} without bucket_by_length" in line
    assert model.fit(x, y, BATCH, verbose=0).padding is None


def test_a_masking_layer_tells_lengths_of_real_numbers() -> None:
    x, y = padded("left")
    numbers = np.stack([x, x], axis=-1).astype(np.float32)
    model = Sequential([Input((None, 2)), layers.Masking(), layers.GRU(3), layers.Dense(1)])
    model.compile("adam", "mse")
    assert model.fit(numbers, y, BATCH, verbose=0, bucket_by_length=True).padding.bucketed < 0.3


def two_inputs(steps: int | None = None) -> Model:
    words, tags = Input((steps,), name="words"), Input((steps,), name="tags")
    parts = [layers.Embedding(20, 4, mask_zero=True)(each) for each in (words, tags)]
    read = layers.GRU(3)(layers.Concatenate()(parts))
    model = Model([words, tags], layers.Dense(1)(read))
    model.compile("adam", "mse")
    return model


def test_inputs_that_run_in_parallel_are_cut_at_the_same_steps() -> None:
    x, y = padded("right")
    other = np.where(x > 10, 0, x)
    source = source_of(two_inputs(), [x, other], y)
    for (words, tags), _, _ in source.epoch():
        assert words.shape == tags.shape
        assert words.shape[1] == max(1, (words != 0).sum(axis=1).max())


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: reader(layers.Conv1D(3, 3), layers.LSTM(3), layers.Dense(1)), "conv1d"),
        (lambda: reader(layers.Lambda(lambda x: x[:, 0]), layers.Dense(1)), "lambda"),
        (lambda: reader(layers.LSTM(1, return_sequences=True)), "time axis"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*does not pass masks on")
def test_batches_are_not_cut_where_a_layer_would_notice(model: Any, reason: str) -> None:
    x, y = padded("right")
    built = model()
    if reason == "time axis":
        y = np.repeat(y[:, None], STEPS, axis=1)
    history = built.fit(x, y, BATCH, verbose=0, bucket_by_length=True)
    assert reason in history.padding.cut and reason in str(history.padding)
    assert history.padding.bucketed == history.padding.whole


def test_batches_are_not_cut_for_inputs_of_a_fixed_length() -> None:
    x, y = padded("right")
    history = two_inputs(STEPS).fit([x, x], y, BATCH, verbose=0, bucket_by_length=True)
    assert "words is 30 steps long" in history.padding.cut


@pytest.mark.parametrize("merge_mode", ["concat", None])
def test_states_beside_sequences_have_no_steps(merge_mode: str | None) -> None:
    words = Input((None,))
    vectors = layers.Embedding(20, 4, mask_zero=True)(words)
    cell = layers.LSTM(3, return_sequences=True, return_state=True)
    outputs = layers.Bidirectional(cell, merge_mode=merge_mode)(vectors)
    sequences, states = (outputs[:1], outputs[1:]) if merge_mode else (outputs[:2], outputs[2:])
    pools = [layers.GlobalMaxPooling1D()(sequence) for sequence in sequences]
    cut = Model(words, layers.Concatenate()([*pools, *states]))
    assert length_rules.trimming(cut, [(9, 30)], [0]).groups == [[0]]
    whole = Model(words, [*states, sequences[-1]])
    assert "time axis" in length_rules.trimming(whole, [(9, 30)], [0]).refusal


def test_it_says_why_it_cannot_be_meant() -> None:
    x, y = padded("right")
    plain = reader(layers.LSTM(3), layers.Dense(1), masked=False)
    with pytest.raises(ValueError, match="expected a model that masks its padding"):
        plain.fit(x, y, BATCH, bucket_by_length=True)
    model = reader(layers.LSTM(3), layers.Dense(1))
    with pytest.raises(ValueError, match=r"expected arrays.*got a data set"):
        model.fit(iter([(x, y)]), bucket_by_length=True)
    with pytest.raises(ValueError, match="expected shuffle=True, got shuffle=False"):
        model.fit(x, y, BATCH, shuffle=False, bucket_by_length=True)


def test_a_stateful_model_is_refused() -> None:
    model = Sequential(
        [
            Input(batch_shape=(10, None), dtype="int32"),
            layers.Embedding(20, 4, mask_zero=True),
            layers.LSTM(3, stateful=True, name="keeps"),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="stateful model: layer keeps keeps the states"):
        model.fit(*padded("right"), 10, bucket_by_length=True)
