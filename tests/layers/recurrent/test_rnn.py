"""`RNN` with cells of every kind, and stacks of cells."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import layers, ops
from leftfold.engine import KerasTensor, Tensor, registry
from tests.layers.recurrent.helpers import (
    assert_alike,
    every_layer,
    flat,
    holes,
    numbers,
    outputs_and_gradients,
)


class MinimalRNNCell(layers.Layer):
    """The custom cell of Keras's documentation, in our words: no output_size, one state."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), "uniform", name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, self.units), "uniform", name="again")

    def call(self, inputs, states):
        output = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel)
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Counter:
    """No layer: counts steps and sums, and answers with something else than a state."""

    state_size = (1, 2)
    output_size = 3

    def call(self, inputs, states):
        count, total = states
        count, total = count + 1, total + inputs
        return ops.concatenate([total, count], axis=-1) * 10, (count, total)


@every_layer
@pytest.mark.parametrize("masked", [False, True])
def test_a_built_in_cell_gives_what_its_layer_gives(cls, options, masked):
    layer = cls(4, return_sequences=True, return_state=True, **options)
    rnn = layers.RNN(cls(4, **options).cell, return_sequences=True, return_state=True)
    x, mask = numbers(3, 5, 2), holes(3, 5) if masked else None
    expected, gradients = outputs_and_gradients(layer, x, mask=mask)
    rnn.build(x.shape)
    rnn.set_weights(layer.get_weights())
    found, same_gradients = outputs_and_gradients(rnn, x, mask=mask)
    assert_alike(found, expected)
    assert_alike(same_gradients, gradients)


def test_a_cell_of_the_user_is_differentiated_through_time():
    rnn = layers.RNN(MinimalRNNCell(4))
    outputs, (dx, d_kernel, d_recurrent) = outputs_and_gradients(rnn, numbers(3, 5, 2))
    like = layers.SimpleRNN(4, activation=None, use_bias=False)
    like.build((3, 5, 2))
    like.set_weights(rnn.get_weights())
    expected, gradients = outputs_and_gradients(like, numbers(3, 5, 2))
    assert_alike(outputs, expected)
    assert_alike([dx, d_kernel, d_recurrent], gradients)


def test_a_cell_need_not_be_a_layer():
    x = numbers(3, 5, 2)
    output, count, total = layers.RNN(Counter(), return_sequences=True, return_state=True)(x)
    np.testing.assert_array_equal(count.data, np.full((3, 1), 5))
    np.testing.assert_allclose(total.data, x.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(output.data[..., :2], 10 * x.cumsum(axis=1), rtol=1e-4, atol=1e-6)
    shapes = layers.RNN(Counter(), return_state=True)(KerasTensor((None, 5, 2)))
    assert [t.shape for t in shapes] == [(None, 3), (None, 1), (None, 2)]


def test_an_output_that_is_no_state_is_zero_before_the_first_valid_step():
    mask = np.array([[False, True, False]])
    output = layers.RNN(Counter(), return_sequences=True)(numbers(1, 3, 2), mask=mask)
    np.testing.assert_array_equal(output.data[0, 0], np.zeros(3))
    np.testing.assert_array_equal(output.data[0, 1], output.data[0, 2])
    zeroed = layers.RNN(Counter(), return_sequences=True, zero_output_for_mask=True)
    assert not zeroed(numbers(1, 3, 2), mask=mask).data[0, [0, 2]].any()


def test_training_reaches_cells_that_ask_for_it():
    class Asks(MinimalRNNCell):
        def call(self, inputs, states, training=None):
            return states[0] + float(bool(training)), [states[0] + float(bool(training))]

    rnn = layers.RNN(Asks(2))
    assert rnn(numbers(1, 3, 2), training=True).data[0, 0] == 3
    assert rnn(numbers(1, 3, 2)).data[0, 0] == 0


def test_steps_may_have_more_than_one_axis():
    class Flattens(MinimalRNNCell):
        def build(self, input_shape):
            super().build((input_shape[0], input_shape[1] * input_shape[2]))

        def call(self, inputs, states):
            return super().call(ops.reshape(inputs, (inputs.shape[0], -1)), states)

    rnn = layers.RNN(Flattens(4))
    assert rnn(numbers(3, 5, 2, 6)).shape == (3, 4)
    assert rnn(KerasTensor((None, None, 2, 6))).shape == (None, 4)


@pytest.mark.parametrize("masked", [False, True])
def test_a_stack_of_cells_is_a_stack_of_layers(masked):
    stack = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_state=True)
    x, mask = numbers(3, 6, 2), holes(3, 6) if masked else None
    output, lower, upper = stack(x, mask=mask)
    lstm = layers.LSTM(4, return_sequences=True, return_state=True)
    gru = layers.GRU(3, return_state=True)
    lstm.build(x.shape)
    gru.build((3, 6, 4))
    lstm.set_weights(stack.get_weights()[:3])
    gru.set_weights(stack.get_weights()[3:])
    sequence, h, c = lstm(x, mask=mask)
    expected, top = gru(sequence, mask=mask)
    assert_alike(flat([output, lower, upper]), flat([expected, h, c, top]))


def test_states_of_a_stack_nest_by_cell():
    stack = layers.StackedRNNCells([layers.LSTMCell(4), Counter(), layers.SimpleRNNCell(3)])
    assert stack.state_size == [[4, 4], (1, 2), 3]
    assert stack.output_size == 3
    rnn = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_state=True)
    symbolic = rnn(KerasTensor((None, 5, 2)))
    real = rnn(numbers(3, 5, 2))
    shapes = [[t.shape[1:] for t in flat_symbolic(part)] for part in symbolic[1:]]
    assert shapes == [[(4,), (4,)], [(3,)]]
    assert [[s.shape for s in part] for part in real[1:]] == [[(3, 4), (3, 4)], [(3, 3)]]
    again = rnn(numbers(3, 5, 2), initial_state=list(real[1:]))
    assert (again[0].data != real[0].data).any()


def flat_symbolic(part):
    return list(part) if isinstance(part, list | tuple) else [part]


def test_weights_of_a_stack_live_in_its_cells():
    rnn = layers.RNN([layers.LSTMCell(4), layers.LSTMCell(3)])
    rnn.build((None, None, 2))
    assert [w.shape for w in rnn.weights[::3]] == [(2, 16), (4, 12)]
    assert [name for name, _ in rnn._state_children()] == ["cell"]
    assert [name for name, _ in rnn.cell._state_children()] == ["cells"]


def test_config_round_trip_of_a_stack_with_a_cell_of_the_user():
    rnn = layers.RNN(
        [layers.LSTMCell(4, dropout=0.1), MinimalRNNCell(3)], go_backwards=True, name="mine"
    )
    config = rnn.get_config()
    with registry.custom_object_scope({"MinimalRNNCell": MinimalRNNCell}):
        again = layers.RNN.from_config(config)
    assert again.get_config() == config
    assert layers.RNN.from_config(config, {"MinimalRNNCell": MinimalRNNCell}).name == "mine"
    assert again(numbers(3, 5, 2)).shape == (3, 3)
    config["cell"]["config"]["cells"][1]["module"] = None
    with pytest.raises(ValueError, match="MinimalRNNCell"):
        layers.RNN.from_config(config)


def test_gradients_reach_the_initial_state_through_the_loop():
    from leftfold.engine import Tape

    h = Tensor(numbers(3, 4), tracked=True)
    rnn = layers.RNN(MinimalRNNCell(4))
    with Tape() as tape:
        output = rnn(numbers(3, 2, 2), initial_state=h)
    again = rnn.cell.recurrent_kernel.data
    expected = np.ones((3, 4), np.float32) @ again.T @ again.T
    np.testing.assert_allclose(tape.gradient(output, [h])[0], expected, rtol=1e-4, atol=1e-6)
