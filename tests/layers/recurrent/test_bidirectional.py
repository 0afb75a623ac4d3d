"""`Bidirectional`: merging, states, masks, names, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import Input, layers
from leftfold.engine import KerasTensor, Tensor
from tests.layers.recurrent.helpers import every_layer, flat, holes, numbers, outputs_and_gradients
from tests.layers.recurrent.test_rnn import MinimalRNNCell

MERGES = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
}


@every_layer
@pytest.mark.parametrize("mode", [*MERGES, None])
@pytest.mark.parametrize("return_sequences", [False, True], ids=["last", "sequences"])
def test_both_directions_are_merged(cls, options, mode, return_sequences):
    both = layers.Bidirectional(
        cls(4, return_sequences=return_sequences, return_state=True, **options), merge_mode=mode
    )
    x = numbers(3, 5, 2)
    merged, *rest = both(x)
    forward, *forward_states = both.forward_layer(x)
    backward, *backward_states = both.backward_layer(x)
    backward = backward.data[:, ::-1] if return_sequences else backward.data
    if mode is None:
        np.testing.assert_array_equal(merged.data, forward.data)
        np.testing.assert_array_equal(rest.pop(0).data, backward)
    else:
        np.testing.assert_allclose(merged.data, MERGES[mode](forward.data, backward), rtol=1e-6)
    for state, expected in zip(rest, forward_states + backward_states, strict=True):
        np.testing.assert_array_equal(state.data, expected.data)


@pytest.mark.parametrize("mode", [*MERGES, None])
@pytest.mark.parametrize("return_sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("return_state", [False, True], ids=["output", "states"])
def test_symbolic_shapes_are_the_real_ones(mode, return_sequences, return_state):
    both = layers.Bidirectional(
        layers.LSTM(4, return_sequences=return_sequences, return_state=return_state),
        merge_mode=mode,
    )
    symbolic = both(KerasTensor((None, None, 2)))
    symbolic = list(symbolic) if isinstance(symbolic, list | tuple) else [symbolic]
    real = flat(both(numbers(3, 5, 2)))
    for expected, found in zip(real, symbolic, strict=True):
        known = [n or m for n, m in zip(found.shape, expected.shape, strict=True)]
        assert tuple(known) == expected.shape
        assert found.shape[0] is None


def test_directions_of_different_sizes():
    both = layers.Bidirectional(
        layers.LSTM(4, return_state=True),
        backward_layer=layers.GRU(3, go_backwards=True, return_state=True),
    )
    symbolic = both(KerasTensor((None, 5, 2)))
    assert [t.shape[1:] for t in symbolic] == [(7,), (4,), (4,), (3,)]
    assert [t.shape[1:] for t in both(numbers(3, 5, 2))] == [(7,), (4,), (4,), (3,)]


def test_a_backward_direction_reads_the_padding_of_neither_side():
    both = layers.Bidirectional(layers.GRU(4, return_sequences=True))
    x, mask = numbers(1, 6, 2), np.array([[False, True, True, True, False, False]])
    output = both(x, mask=mask).data
    np.testing.assert_allclose(output[:, 1:4], both(x[:, 1:4]).data, rtol=1e-5, atol=1e-6)
    assert not output[:, [0, 4, 5]].any()


def test_zeros_at_masked_steps_only_in_sequences():
    both = layers.Bidirectional(layers.LSTM(4, return_sequences=True))
    assert both.forward_layer.zero_output_for_mask and both.backward_layer.zero_output_for_mask
    last = layers.Bidirectional(layers.LSTM(4, zero_output_for_mask=True))
    assert not last.forward_layer.zero_output_for_mask


@pytest.mark.parametrize("mode", ["concat", None])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_the_mask_goes_on_with_sequences(mode, return_sequences):
    x, mask = Tensor(numbers(3, 5, 2)), Tensor(holes(3, 5))
    x._keras_mask = mask
    both = layers.Bidirectional(
        layers.LSTM(4, return_sequences=return_sequences, return_state=True), merge_mode=mode
    )
    masks = [output._keras_mask for output in both(x)]
    outputs = len(masks) - 4
    assert outputs == (2 if mode is None else 1)
    assert masks[outputs:] == [None] * 4
    for found in masks[:outputs]:
        if return_sequences:
            np.testing.assert_array_equal(found, mask)
        else:
            assert found is None


@every_layer
def test_initial_states_are_halved(cls, options):
    both = layers.Bidirectional(cls(4, return_sequences=True, **options))
    x = numbers(3, 5, 2)
    states = [numbers(3, 4, seed=i) for i in range(2 * len(both.forward_layer.state_size))]
    output = both(x, initial_state=states).data
    half = len(states) // 2
    forward = both.forward_layer(x, initial_state=states[:half]).data
    backward = both.backward_layer(x, initial_state=states[half:]).data[:, ::-1]
    np.testing.assert_array_equal(output, np.concatenate([forward, backward], axis=-1))


def test_initial_states_of_an_encoder():
    encoded = layers.Bidirectional(layers.LSTM(4, return_state=True))(Input((7, 2)))
    decoder = layers.Bidirectional(layers.LSTM(4, return_sequences=True))
    assert decoder(Input((5, 3)), initial_state=list(encoded[1:])).shape == (None, 5, 8)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([(3, 4)] * 3, "as many backward states, got 3 states"),
        ([(3, 4)] * 2, r"forward_lstm expected initial_state to have 2 states"),
        ([(3, 4)] * 3 + [(3, 5)], r"backward_lstm expected initial_state .*\(3, 5\)"),
    ],
)
def test_initial_states_that_do_not_fit(states, message):
    both = layers.Bidirectional(layers.LSTM(4))
    with pytest.raises(ValueError, match=message):
        both(numbers(3, 5, 2), initial_state=[numbers(*shape) for shape in states])
    with pytest.raises(ValueError, match=message):
        both(KerasTensor((3, 5, 2)), initial_state=[KerasTensor(shape) for shape in states])


def test_names_and_order_of_the_weights():
    both = layers.Bidirectional(layers.LSTM(4, name="reader"))
    both.build((None, None, 2))
    assert both.forward_layer.name == "forward_reader"
    assert both.backward_layer.name == "backward_reader"
    assert [name for name, _ in both._state_children()] == ["backward_layer", "forward_layer"]
    assert both.weights == both.forward_layer.weights + both.backward_layer.weights
    assert both.weights[0].path == f"{both.name}/forward_reader/lstm_cell/kernel"
    assert both.count_params() == 2 * both.forward_layer.count_params()


def test_the_layer_given_is_left_alone():
    layer = layers.LSTM(4)
    x = numbers(3, 5, 2)
    before = layer(x).data
    both = layers.Bidirectional(layer)
    both(x)
    assert layer.name == "lstm"
    np.testing.assert_array_equal(layer(x).data, before)
    assert both.forward_layer is not layer
    assert (both.forward_layer.kernel.data != both.backward_layer.kernel.data).any()


def test_first_weights_may_be_given():
    like = layers.Bidirectional(layers.GRU(4))
    expected = like(numbers(3, 5, 2)).data
    both = layers.Bidirectional(layers.GRU(4), weights=like.get_weights())
    np.testing.assert_array_equal(both(numbers(3, 5, 2)).data, expected)


def test_gradients_reach_every_weight_and_the_input():
    both = layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="mul")
    _, gradients = outputs_and_gradients(both, numbers(3, 5, 2))
    assert len(gradients) == 7
    assert all(np.any(gradient) for gradient in gradients)


def test_config_round_trip():
    both = layers.Bidirectional(
        layers.LSTM(4, return_sequences=True, dropout=0.2),
        merge_mode=None,
        backward_layer=layers.GRU(3, go_backwards=True, return_sequences=True),
        name="mine",
    )
    config = both.get_config()
    again = layers.Bidirectional.from_config(config)
    assert again.get_config() == config
    assert (again.name, again.merge_mode) == ("mine", None)
    assert isinstance(again.backward_layer, layers.GRU)
    assert again.forward_layer.name == "forward_lstm"
    assert "weights" not in config


def test_a_cell_of_the_user_need_not_be_registered():
    both = layers.Bidirectional(layers.RNN(MinimalRNNCell(4), return_sequences=True))
    assert both(numbers(3, 5, 2)).shape == (3, 5, 8)


def test_settings_that_do_not_fit():
    with pytest.raises(ValueError, match=r"layer to be a recurrent layer .*go_backwards"):
        layers.Bidirectional(layers.Dense(4))
    with pytest.raises(ValueError, match="backward_layer to be a recurrent layer"):
        layers.Bidirectional(layers.LSTM(4), backward_layer=layers.Dense(4))
    with pytest.raises(ValueError, match="'ave', 'concat' or None, got 'average'"):
        layers.Bidirectional(layers.LSTM(4), merge_mode="average")
    with pytest.raises(ValueError, match="differ in go_backwards, both have False"):
        layers.Bidirectional(layers.LSTM(4), backward_layer=layers.LSTM(4))
    with pytest.raises(ValueError, match="agree in return_sequences, got False forwards and True"):
        layers.Bidirectional(
            layers.LSTM(4),
            backward_layer=layers.LSTM(4, go_backwards=True, return_sequences=True),
        )


def test_a_wrong_number_of_features_names_the_layer():
    both = layers.Bidirectional(layers.LSTM(4), name="reader")
    both(numbers(3, 5, 2))
    with pytest.raises(ValueError, match=r"Bidirectional reader expected 2 .*\(3, 5, 3\)"):
        both(numbers(3, 5, 3))


def test_use_cudnn_is_what_the_given_layer_says() -> None:
    both = layers.Bidirectional(layers.LSTM(2, use_cudnn=False))
    assert both.forward_layer.use_cudnn is both.backward_layer.use_cudnn is False
