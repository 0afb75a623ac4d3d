"""SimpleRNN, LSTM and GRU: the fused primitive, the cell's loop, shapes, masks, weights."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from leftfold import Input, initializers, layers
from leftfold.engine import KerasTensor, Tensor
from leftfold.layers.recurrent.fused import FusedRNN
from tests.layers.recurrent.helpers import (
    assert_alike,
    every_layer,
    flat,
    holes,
    numbers,
    outputs_and_gradients,
)


@every_layer
@pytest.mark.parametrize("return_sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dropout": 0.4},
        {"dropout": 0.4, "recurrent_dropout": 0.3},
        {"use_bias": False, "zero_output_for_mask": True},
    ],
    ids=["plain", "dropout", "recurrent_dropout", "zeroed_without_bias"],
)
def test_the_primitive_and_the_loop_over_the_cell_agree(
    monkeypatch, cls, options, return_sequences, go_backwards, masked, settings
):
    layer = cls(
        4, seed=5, return_state=True, return_sequences=return_sequences,
        go_backwards=go_backwards, bias_initializer="random_normal", **options, **settings,
    )  # fmt: skip
    states = [numbers(3, 4, seed=i) for i in range(len(layer.state_size))]
    call = {"mask": holes(3, 5) if masked else None, "initial_state": states, "training": True}
    fused = outputs_and_gradients(layer, numbers(3, 5, 2), **call)
    layer.cell.seed_generator.count = 0
    monkeypatch.setattr(FusedRNN, "_activation_names", lambda self: {"activation": None})
    looped = outputs_and_gradients(layer, numbers(3, 5, 2), **call)
    for one, other in zip(fused, looped, strict=True):
        assert_alike(one, other)


@every_layer
def test_an_activation_the_kernels_do_not_know_runs_through_the_cell(cls, options):
    layer = cls(4, activation=lambda x: x * 0.5, return_sequences=True, **options)
    half, gradients = outputs_and_gradients(layer, numbers(3, 5, 2))
    assert half[0].shape == (3, 5, 4)
    assert all(g is not None and np.isfinite(g).all() for g in gradients)
    if cls is layers.SimpleRNN:
        linear = cls(4, activation=None, return_sequences=True)
        linear.build((3, 5, 2))
        linear.set_weights([0.5 * w for w in layer.get_weights()])
        assert_alike(flat(linear(numbers(3, 5, 2))), half)


@every_layer
def test_a_layer_is_its_cell_step_by_step(cls, options):
    layer = cls(4, return_sequences=True, **options)
    x = numbers(3, 5, 2)
    expected = np.asarray(layer(x))
    states = layer.cell.get_initial_state(batch_size=3)
    for time in range(5):
        output, states = layer.cell(Tensor(x[:, time]), states)
        np.testing.assert_allclose(output.data, expected[:, time], rtol=1e-5, atol=1e-6)


@every_layer
def test_the_cell_takes_its_state_alone_or_in_a_list(cls, options):
    if cls is layers.LSTM:
        return
    cell = cls(4, **options).cell
    x, h = numbers(3, 2), Tensor(numbers(3, 4))
    listed, [new] = cell(x, [h])
    alone, same = cell(x, h)
    np.testing.assert_array_equal(listed.data, alone.data)
    np.testing.assert_array_equal(new.data, same.data)


@every_layer
def test_what_is_returned_and_its_symbolic_shape(cls, options):
    for sequences, state in itertools.product([False, True], repeat=2):
        layer = cls(4, return_sequences=sequences, return_state=state, **options)
        symbolic = layer(KerasTensor((None, None, 2)))
        real = layer(numbers(3, 5, 2))
        assert isinstance(real, tuple) == state
        steps = (5,) if sequences else ()
        states = len(layer.state_size) if state else 0
        assert [o.shape for o in flat(real)] == [(3, *steps, 4)] + [(3, 4)] * states
        shapes = [t.shape for t in (symbolic if state else [symbolic])]
        assert shapes == [(None, *([None] * sequences), 4)] + [(None, 4)] * states
        assert layer.compute_output_shape((3, 5, 2)) == (
            tuple(o.shape for o in flat(real)) if state else real.shape
        )


def test_lstm_returns_hidden_then_cell_state():
    output, h, c = layers.LSTM(4, return_state=True)(numbers(3, 5, 2))
    np.testing.assert_array_equal(output.data, h.data)
    assert not np.allclose(h.data, c.data)


@every_layer
def test_symbolic_shapes_need_no_step(cls, options):
    layer = cls(4, return_sequences=True, **options)
    assert layer(KerasTensor((None, 10**12, 2))).shape == (None, 10**12, 4)


@every_layer
def test_weights_live_in_the_cell(cls, options):
    layer = cls(4, **options)
    layer.build((None, None, 2))
    gates = layer.cell.gates
    bias = (2, 12) if options.get("reset_after", cls is layers.GRU) else (4 * gates,)
    assert [w.name for w in layer.weights] == ["kernel", "recurrent_kernel", "bias"]
    assert [w.shape for w in layer.weights] == [(2, 4 * gates), (4, 4 * gates), bias]
    assert layer.weights == layer.cell.weights
    assert layer._own_variables() == []
    assert [name for name, _ in layer._state_children()] == ["cell"]
    name = layer.cell.name
    assert layer.weights[0].path == f"{layer.name}/{name}/kernel"
    assert name == {layers.LSTM: "lstm_cell", layers.GRU: "gru_cell"}.get(cls, "simple_rnn_cell")


@pytest.mark.parametrize(
    ("cls", "units", "features", "count"),
    [
        (layers.SimpleRNN, 256, 100, 91_392),
        (layers.SimpleRNN, 32, 32, 2_080),
        (layers.LSTM, 256, 100, 4 * 91_392),
        (layers.GRU, 256, 100, 3 * (91_392 + 256)),
    ],
)
def test_known_parameter_counts(cls, units, features, count):
    layer = cls(units)
    layer.build((None, None, features))
    assert layer.count_params() == count


def test_the_forget_gate_begins_with_a_bias_of_one():
    layer = layers.LSTM(3, bias_initializer=initializers.Constant(0.5))
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.bias.numpy(), [0.5] * 3 + [1] * 3 + [0.5] * 6)
    plain = layers.LSTM(3, unit_forget_bias=False)
    plain.build((None, None, 2))
    assert not plain.bias.numpy().any()


@every_layer
def test_recurrent_kernels_begin_orthogonal_as_a_whole(cls, options):
    layer = cls(4, **options)
    layer.build((None, None, 2))
    recurrent_kernel = layer.recurrent_kernel.numpy()
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(4), atol=1e-5)


@every_layer
def test_a_mask_goes_on_with_sequences_and_ends_with_the_last_output(cls, options):
    x, mask = Tensor(numbers(3, 5, 2)), Tensor(holes(3, 5))
    x._keras_mask = mask
    output, *states = cls(4, return_sequences=True, return_state=True, **options)(x)
    assert output._keras_mask is mask
    assert all(state._keras_mask is None for state in states)
    assert cls(4, **options)(x)._keras_mask is None


@every_layer
def test_the_mask_of_the_input_counts_beside_an_initial_state(cls, options):
    """Keras 3 loses it as soon as a call has a second tensor."""
    layer = cls(4, **options)
    states = [numbers(3, 4) for _ in layer.state_size]
    x, mask = numbers(3, 5, 2), holes(3, 5)
    carried = Tensor(x)
    carried._keras_mask = Tensor(mask)
    expected = layer(x, mask=mask, initial_state=states)
    np.testing.assert_array_equal(layer(carried, initial_state=states).data, expected.data)


@every_layer
def test_integers_are_read_as_numbers(cls, options):
    layer = cls(4, **options)
    x = np.arange(12).reshape(2, 3, 2)
    np.testing.assert_array_equal(layer(x).data, layer(x.astype("float32")).data)


@every_layer
def test_double_precision_all_the_way(cls, options):
    layer = cls(4, dtype="float64", dropout=0.3, recurrent_dropout=0.3, **options)
    output = layer(numbers(3, 5, 2), training=True, initial_state=None)
    assert output.dtype == "float64"
    assert {w.dtype for w in layer.weights} == {"float64"}


@every_layer
@pytest.mark.parametrize("shape", [(3, 0, 2), (0, 5, 2)])
def test_empty_sequences_and_batches(cls, options, shape):
    batch, timesteps, _ = shape
    layer = cls(4, return_sequences=True, return_state=True, **options)
    output, *states = layer(np.zeros(shape, np.float32))
    assert output.shape == (batch, timesteps, 4)
    assert all(state.shape == (batch, 4) and not np.any(state) for state in states)


@every_layer
def test_config_round_trip(cls, options):
    layer = cls(
        4, activation="relu", use_bias=False, kernel_regularizer="l2", seed=3, name="mine",
        recurrent_constraint="non_neg", activity_regularizer="l1", dropout=0.1, trainable=False,
        recurrent_dropout=0.2, return_sequences=True, return_state=True, go_backwards=True,
        unroll=True, zero_output_for_mask=True, **options,
    )  # fmt: skip
    config = layer.get_config()
    again = cls.from_config(config)
    assert again.get_config() == config
    assert "cell" not in config and "implementation" not in config and "use_cudnn" not in config
    assert (config["units"], config["seed"], config["activation"]) == (4, 3, "relu")
    assert config["activity_regularizer"] is not None
    assert again.trainable is False and again.cell.trainable is False


@every_layer
def test_keys_of_older_keras_files_are_accepted(cls, options):
    layer = cls(4, implementation=1, time_major=False, batch_input_shape=(None, 5, 2), **options)
    assert layer(numbers(3, 5, 2)).shape == (3, 4)


@every_layer
def test_penalties_and_constraints_reach_the_weights(cls, options):
    layer = cls(
        4, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2",
        kernel_constraint="max_norm", activity_regularizer="l2", bias_initializer="ones", **options,
    )  # fmt: skip
    output = layer(numbers(3, 5, 2))
    activity, kernel, recurrent, bias = (float(loss) for loss in layer.losses)
    np.testing.assert_allclose(activity, 0.01 * np.square(output.data).sum() / 3, rtol=1e-5)
    np.testing.assert_allclose(kernel, 0.01 * np.square(layer.kernel.data).sum(), rtol=1e-5)
    np.testing.assert_allclose(
        recurrent, 0.01 * np.abs(layer.recurrent_kernel.data).sum(), rtol=1e-5
    )
    np.testing.assert_allclose(bias, 0.01 * np.square(layer.bias.data).sum(), rtol=1e-5)
    assert layer.kernel.constraint is layer.kernel_constraint is not None


@every_layer
def test_freezing_the_layer_freezes_its_cell(cls, options):
    layer = cls(4, trainable=False, **options)
    layer.build((None, None, 2))
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 3
    layer.trainable = True
    assert len(layer.trainable_weights) == 3


@every_layer
def test_an_initial_state_may_be_symbolic(cls, options):
    x, h = Input((5, 2)), Input((4,))
    layer = cls(4, **options)
    states = [h for _ in layer.state_size]
    assert layer(x, initial_state=states).shape == (None, 4)
