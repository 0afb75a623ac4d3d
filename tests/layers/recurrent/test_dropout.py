"""Dropout masks: which there are, how they are drawn, how long they stay."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import layers
from leftfold.engine import Tensor, random
from leftfold.layers.recurrent.dropout import draw_dropout_mask
from tests.layers.recurrent.helpers import every_layer, numbers


def masks_of(monkeypatch, layer, x, training=True):
    """The input and recurrent masks that one call hands to the primitive."""
    found = {}
    read = type(layer)._read_at_once

    def spy(self, *tensors, **settings):
        found.update(settings)
        return read(self, *tensors, **settings)

    monkeypatch.setattr(type(layer), "_read_at_once", spy)
    layer(x, training=training)
    monkeypatch.undo()
    masks = found["input_dropout"], found["recurrent_dropout"]
    return tuple(None if mask is None else np.asarray(mask) for mask in masks)


@every_layer
def test_masks_are_separate_per_gate_only_with_recurrent_dropout(monkeypatch, cls, options):
    x = numbers(3, 5, 2)
    gates = cls(4, **options).cell.gates
    shared, none = masks_of(monkeypatch, cls(4, dropout=0.5, **options), x)
    assert shared.shape == (1, 3, 2) and none is None
    none, separate = masks_of(monkeypatch, cls(4, recurrent_dropout=0.5, **options), x)
    assert none is None and separate.shape == (gates, 3, 4)
    both = masks_of(monkeypatch, cls(4, dropout=0.5, recurrent_dropout=0.5, **options), x)
    assert [mask.shape for mask in both] == [(gates, 3, 2), (gates, 3, 4)]
    split, _ = masks_of(monkeypatch, cls(4, dropout=0.5, implementation=1, **options), x)
    assert split.shape == (gates, 3, 2)


@every_layer
def test_nothing_is_dropped_outside_training(monkeypatch, cls, options):
    layer = cls(4, dropout=0.5, recurrent_dropout=0.5, **options)
    assert masks_of(monkeypatch, layer, numbers(3, 5, 2), training=False) == (None, None)
    assert layer.cell.seed_generator.count == 0


@every_layer
@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
def test_masks_have_the_right_share_of_zeros_and_mean_one(monkeypatch, cls, options, rate):
    layer = cls(64, dropout=rate, recurrent_dropout=rate, seed=11, **options)
    for mask in masks_of(monkeypatch, layer, numbers(256, 1, 64)):
        scale = 1 / (1 - rate)
        np.testing.assert_allclose(np.unique(mask), [0, scale], rtol=1e-6)
        for gate in mask:
            spread = np.sqrt(rate * (1 - rate) / gate.size)
            assert abs((gate == 0).mean() - rate) < 5 * spread
            assert abs(gate.mean() - 1) < 5 * spread * scale


@pytest.mark.parametrize("cls", [layers.LSTM, layers.GRU])
def test_masks_of_different_gates_are_independent(monkeypatch, cls):
    layer = cls(64, dropout=0.3, recurrent_dropout=0.3, seed=12)
    for masks in masks_of(monkeypatch, layer, numbers(256, 1, 64)):
        kept = [mask.ravel() > 0 for mask in masks]
        for one in range(len(kept)):
            for other in range(one):
                together = (kept[one] & kept[other]).mean()
                assert abs(together - 0.7 * 0.7) < 5 * np.sqrt(0.49 * 0.51 / kept[0].size)


def test_masks_are_drawn_anew_at_each_call_and_repeat_with_the_seed(monkeypatch):
    x = numbers(30, 5, 20)
    first, again = (layers.LSTM(20, dropout=0.5, recurrent_dropout=0.5, seed=3) for _ in range(2))
    calls = [masks_of(monkeypatch, first, x) for _ in range(2)]
    repeated = [masks_of(monkeypatch, again, x) for _ in range(2)]
    for one, other in zip(calls, repeated, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
    assert (calls[0][0] != calls[1][0]).any() and (calls[0][1] != calls[1][1]).any()
    other_seed = layers.LSTM(20, dropout=0.5, recurrent_dropout=0.5, seed=4)
    assert (masks_of(monkeypatch, other_seed, x)[0] != calls[0][0]).any()


def test_without_a_seed_the_session_decides(monkeypatch):
    x, found = numbers(30, 5, 20), []
    for _ in range(2):
        random.set_random_seed(5)
        found.append(masks_of(monkeypatch, layers.GRU(4, dropout=0.5), x)[0])
    np.testing.assert_array_equal(*found)
    assert (masks_of(monkeypatch, layers.GRU(4, dropout=0.5), x)[0] != found[0]).any()


@every_layer
def test_the_mask_is_the_same_at_every_step(cls, options):
    """A sequence of equal steps through a memoryless layer gives equal outputs."""
    layer = cls(
        4, dropout=0.5, recurrent_initializer="zeros", recurrent_activation="linear",
        return_sequences=True, unit_forget_bias=False, **options,
    ) if cls is layers.LSTM else cls(
        4, dropout=0.5, recurrent_initializer="zeros", return_sequences=True, **options
    )  # fmt: skip
    step = numbers(8, 1, 6)
    output = layer(np.repeat(step, 5, axis=1), training=True).data
    once = layer.cell
    once.seed_generator.count = 0
    states = once.get_initial_state(batch_size=8)
    for time in range(5):
        expected, states = once(Tensor(step[:, 0]), states, training=True)
        np.testing.assert_allclose(output[:, time], expected.data, rtol=1e-5, atol=1e-6)


def test_a_cell_keeps_its_mask_until_told_to_forget_it():
    cell = layers.SimpleRNNCell(20, dropout=0.5, recurrent_dropout=0.5)
    x, h = Tensor(numbers(9, 10)), Tensor(numbers(9, 20))
    first, _ = cell(x, h, training=True)
    second, _ = cell(x, h, training=True)
    np.testing.assert_array_equal(first.data, second.data)
    cell.reset_dropout_mask()
    cell.reset_recurrent_dropout_mask()
    third, _ = cell(x, h, training=True)
    assert (third.data != first.data).any()


def test_cells_inside_a_stack_forget_their_masks_after_each_sequence():
    rnn = layers.RNN([layers.LSTMCell(8, dropout=0.5), layers.GRUCell(8, recurrent_dropout=0.5)])
    x = numbers(6, 3, 10)
    one, other = (rnn(x, training=True).data for _ in range(2))
    assert (one != other).any()
    assert all(cell._dropout_mask is None for cell in rnn.cell.cells)
    np.testing.assert_array_equal(rnn(x).data, rnn(x, training=False).data)


def test_a_failing_call_leaves_no_mask_behind():
    layer = layers.LSTM(4, dropout=0.5, activation=lambda x: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        layer(numbers(3, 5, 2), training=True)
    assert layer.cell._dropout_mask is None


def test_a_rate_of_one_drops_everything():
    generator = random.SeedGenerator(1)
    assert not np.asarray(draw_dropout_mask(generator, (4, 5), 1.0, "float32")).any()
    layer = layers.LSTM(4, dropout=1.0)
    x = numbers(3, 5, 2)
    np.testing.assert_array_equal(layer(x, training=True).data, layer(0 * x).data)


@pytest.mark.parametrize("argument", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("rate", [-0.1, 1.5, 50, "half", None, True, float("nan")])
@every_layer
def test_a_rate_must_be_from_zero_to_one(cls, options, rate, argument):
    with pytest.raises(ValueError, match=rf"{cls.__name__} expected {argument} to be .* 0 to 1"):
        cls(4, **{argument: rate}, **options)
