"""Stateful layers: what they remember, how it is read, set and forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import Sequential, layers, ops
from leftfold.callbacks import LambdaCallback
from leftfold.engine import KerasTensor, Tape, Tensor
from leftfold.optimizers import SGD
from tests.layers.recurrent.helpers import every_layer, flat, numbers


def stack(**kwargs):
    return layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], **kwargs)


def bidirectional(**kwargs):
    return layers.Bidirectional(layers.LSTM(4, **kwargs))


@every_layer
def test_two_batches_are_one_long_sequence(cls, options):
    x = numbers(3, 10, 2)
    layer = cls(4, stateful=True, return_sequences=True, **options)
    parts = np.concatenate([layer(x[:, :4]).data, layer(x[:, 4:]).data], axis=1)
    layer.reset_state()
    np.testing.assert_allclose(parts, layer(x).data, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [stack, bidirectional])
def test_compound_layers_remember_as_well(make):
    layer = make(stateful=True)
    x = numbers(3, 5, 2)
    first, second = layer(x).data, layer(x).data
    assert (first != second).any()
    layer.reset_states()
    np.testing.assert_array_equal(layer(x).data, first)


@every_layer
def test_states_can_be_read_and_set(cls, options):
    layer = cls(4, stateful=True, return_state=True, **options)
    assert layer.states is None
    x = numbers(3, 5, 2)
    _, *last = layer(x)
    for kept, state in zip(layer.states, last, strict=True):
        np.testing.assert_array_equal(kept.numpy(), state.data)
    new = [numbers(3, 4, seed=i) for i in range(len(last))]
    layer.states = new
    from_kept = layer(x)[0].data
    np.testing.assert_array_equal(layer(x, initial_state=new)[0].data, from_kept)
    with pytest.raises(ValueError, match=r"expected a value of shape \(3, 4\)"):
        layer.states = [numbers(2, 4)] * len(last)


@every_layer
def test_an_initial_state_overrides_the_states_kept(cls, options):
    layer = cls(4, stateful=True, **options)
    x = numbers(3, 5, 2)
    zeros = [np.zeros((3, 4), np.float32) for _ in layer.state_size]
    first = layer(x).data
    assert (layer(x).data != first).any()
    np.testing.assert_array_equal(layer(x, initial_state=zeros).data, first)


@every_layer
def test_a_smaller_batch_uses_and_changes_the_first_rows(cls, options):
    layer = cls(4, stateful=True, **options)
    x = numbers(3, 5, 2)
    layer(x)
    before = [state.numpy() for state in layer.states]
    small = layer(x[:2]).data
    for state, old in zip(layer.states, before, strict=True):
        np.testing.assert_array_equal(state.data[2], old[2])
        assert (state.data[:2] != old[:2]).all()
    layer.states = before
    np.testing.assert_allclose(layer(x).data[:2], small, rtol=1e-5, atol=1e-6)


@every_layer
def test_a_larger_batch_is_refused(cls, options):
    layer = cls(4, stateful=True, name="reader", **options)
    layer(numbers(3, 5, 2))
    with pytest.raises(
        ValueError, match=r"reader is stateful and keeps .* 3 rows, got a batch of 4"
    ):
        layer(numbers(4, 5, 2))


@every_layer
def test_the_batch_size_must_be_known(cls, options):
    with pytest.raises(ValueError, match="is stateful and needs to know the batch size"):
        cls(4, stateful=True, **options)(KerasTensor((None, 5, 2)))


@every_layer
def test_states_are_no_weights(cls, options):
    layer = cls(4, stateful=True, **options)
    layer(numbers(3, 5, 2))
    assert [w.name for w in layer.weights] == ["kernel", "recurrent_kernel", "bias"]
    assert layer.non_trainable_weights == []


@every_layer
def test_a_symbolic_call_changes_no_state(cls, options):
    layer = cls(4, stateful=True, **options)
    assert layer(KerasTensor((3, None, 2))).shape == (3, 4)
    layer(KerasTensor((3, None, 2)))
    assert not any(state.numpy().any() for state in layer.states)
    assert len(flat(layer.states)) == len(layer.state_size)


def test_states_of_a_layer_that_keeps_none():
    layer = layers.LSTM(4)
    layer(numbers(3, 5, 2))
    assert layer.states is None
    layer.reset_states()
    with pytest.raises(ValueError, match="keeps no states"):
        layer.states = [numbers(3, 4)] * 2
    with pytest.raises(AttributeError, match="is not stateful"):
        layers.Bidirectional(layers.LSTM(4)).reset_state()


STACKS = {
    "lstm": lambda: [layers.LSTM(3, stateful=True)],
    "gru": lambda: [layers.GRU(3, stateful=True)],
    "cell": lambda: [layers.RNN(layers.GRUCell(3), stateful=True)],
    "two layers": lambda: [
        layers.LSTM(4, stateful=True, return_sequences=True),
        layers.SimpleRNN(3, stateful=True),
    ],
    "cells": lambda: [stack(stateful=True)],
    "bidirectional": lambda: [bidirectional(stateful=True)],
}


@pytest.mark.parametrize("make", STACKS.values(), ids=STACKS)
def test_training_starts_each_batch_where_the_one_before_ended(make):
    """Each step by hand: from the states kept, without a gradient into the batch before."""
    x, y = numbers(8, 5, 2), numbers(8, 1, seed=1)
    model = Sequential([layers.Input(batch_shape=(4, 5, 2)), *make(), layers.Dense(1)])
    first = model.get_weights()
    model.compile(SGD(0.1), "mse")
    losses = []
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    model.fit(x, y, batch_size=4, shuffle=False, epochs=2, verbose=0, callbacks=[note])
    trained = model.get_weights()

    model.set_weights(first)
    model.reset_states()
    means = []
    for _ in range(2):
        total = []
        for rows in (slice(0, 4), slice(4, 8)):
            with Tape() as tape:
                loss = ops.mean(ops.square(y[rows] - model(Tensor(x[rows]), training=True)))
            weights = model.trainable_variables
            for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
                weight.assign_sub(np.float32(0.1) * gradient)
            total.append(loss.item())
            means.append(np.mean(total))
    np.testing.assert_allclose(losses, means, rtol=1e-5)
    for one, other in zip(trained, model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
