"""`keras.backend` of Keras 2: what its functions return, under its names and defaults."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.engine import Tape, Variable
from leftfold.interop import keras_alias
from leftfold.utils import set_random_seed

keras_alias.install()
from keras import backend as K  # noqa: E402

keras_alias.uninstall()

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_axes_have_the_defaults_of_keras_2():
    assert K.expand_dims(X).shape == (2, 3, 1)
    assert K.expand_dims(X, axis=0).shape == (1, 2, 3)
    assert K.reverse(X, 1).tolist() == X[:, ::-1].tolist()
    assert K.reverse(X, axes=[0, 1]).tolist() == X[::-1, ::-1].tolist()


def test_padding_and_biases():
    padded = K.temporal_padding(X[None], (0, 2))
    assert padded.shape == (1, 4, 3) and K.eval(padded)[0, 2:].tolist() == [[0, 0, 0]] * 2
    assert K.bias_add(X, np.float32([1, 2, 3])).tolist() == [[1, 3, 5], [4, 6, 8]]
    with pytest.raises(ValueError, match="got 'channels_first'"):
        K.bias_add(X, X[0], data_format="channels_first")


def test_predictions_come_before_targets():
    scores = np.float32([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
    assert K.in_top_k(scores, np.array([2, 2]), 2).tolist() == [True, False]


def test_relu_leaks_saturates_and_has_a_threshold():
    x = np.float32([-2, 0.5, 3])
    assert K.relu(x).tolist() == [0, 0.5, 3]
    assert K.relu(x, alpha=0.5, max_value=2).tolist() == [-1, 0.5, 2]
    assert K.relu(x, threshold=1.0).tolist() == [0, 0, 3]


def test_functions_over_rows():
    assert K.map_fn(lambda row: K.sum(row), X).tolist() == [3, 12]
    assert K.foldl(lambda a, row: a * 2 + row, X).tolist() == [3, 6, 9]
    assert K.foldr(lambda a, row: a * 2 + row, X).tolist() == [6, 9, 12]
    assert K.foldl(lambda a, row: a + K.sum(row), X, initializer=1.0).item() == 16


def test_rows_are_differentiated():
    weight = Variable(np.float32([1, 2, 3]))
    with Tape() as tape:
        total = K.sum(K.foldl(lambda a, row: a * row, X * weight))
    (gradient,) = tape.gradient(total, [weight])
    np.testing.assert_allclose(gradient, 2 * np.float32([1, 2, 3]) * X[0] * X[1])


def test_random_numbers():
    set_random_seed(3)
    drawn = K.eval(K.random_bernoulli((400,), p=0.25))
    assert set(drawn.tolist()) == {0.0, 1.0} and 0.15 < drawn.mean() < 0.35
    assert np.abs(K.eval(K.truncated_normal((500,), stddev=0.5))).max() <= 1.0
    low = K.random_uniform_variable((3, 2), 1.0, 2.0)
    assert isinstance(low, Variable) and low.shape == (3, 2) and K.eval(low).min() >= 1
    assert K.random_normal_variable((4,), mean=100.0, scale=0.1).numpy().min() > 90
    dropped = K.eval(K.dropout(np.ones(1000, np.float32), 0.5))
    assert set(dropped.tolist()) == {0.0, 2.0}


def test_variables():
    average = K.variable(1.0)
    K.moving_average_update(average, 3.0, 0.75)
    assert K.get_value(average) == 1.5
    assert K.count_params(X) == 6
    with K.name_scope("loss"):
        assert K.eval(K.square(average)) == 2.25


def test_a_function_of_one_step_is_folded_over_time():
    from leftfold.interop import keras_backend as K

    x = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    last, outputs, states = K.rnn(lambda x, s: (x + s[0], [x + s[0]]), x, [np.zeros((2, 2))])
    np.testing.assert_allclose(np.asarray(outputs), x.cumsum(axis=1))
    np.testing.assert_allclose(np.asarray(last), x.sum(axis=1))
    np.testing.assert_allclose(np.asarray(states[0]), x.sum(axis=1))
    last, outputs, _ = K.rnn(
        lambda x, s: (x * s[1], [s[0]]),
        x.swapaxes(0, 1),
        [np.zeros((2, 2))],
        constants=[2.0],
        time_major=True,
        return_all_outputs=False,
    )
    assert outputs.shape == (1, 2, 2)
    np.testing.assert_allclose(np.asarray(last), 2 * x[:, -1])


def test_a_cell_of_keras_2_runs_in_a_layer():
    from leftfold import layers
    from leftfold.interop.keras_legacy import AbstractRNNCell

    class Sum(AbstractRNNCell):
        state_size = 3

        def call(self, inputs, states):
            return inputs + states[0], [inputs + states[0]]

    x = np.ones((2, 4, 3), np.float32)
    np.testing.assert_array_equal(layers.RNN(Sum())(x).numpy(), np.full((2, 3), 4))


def test_states_can_be_set_when_they_are_reset():
    from leftfold import Sequential, layers

    model = Sequential([layers.Input((2, 3), batch_size=1), layers.GRU(4, stateful=True)])
    model.layers[0].reset_states(states=np.full((1, 4), 0.5))
    assert model.layers[0].states[0].numpy().tolist() == [[0.5] * 4]
    model.layers[0].reset_states()
    assert model.layers[0].states[0].numpy().tolist() == [[0.0] * 4]
