"""LSTMs whose products are convolutions."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers, ops
from leftfold.ops import convolution
from tests.layers.check_layer import check_layer

RANDOM = np.random.default_rng(4)
ROWS = RANDOM.standard_normal((3, 4, 5, 2)).astype("float32")
FILMS = RANDOM.standard_normal((2, 3, 4, 3, 2)).astype("float32")
MASK = np.array([[True, True, True], [False, True, False]])


@pytest.mark.parametrize(
    ("layer", "inputs", "mask"),
    [
        (layers.ConvLSTM1D(2, 3), ROWS, None),
        (layers.ConvLSTM1D(2, 2, 2, "same", return_sequences=True, return_state=True), ROWS, None),
        (layers.ConvLSTM2D(2, (2, 3), go_backwards=True, kernel_regularizer="l2"), FILMS, MASK),
        (layers.ConvLSTM2D(2, 2, padding="same", return_sequences=True), FILMS, MASK),
        (layers.ConvLSTM2D(3, 2, data_format="channels_first", use_bias=False), FILMS, MASK),
        (layers.ConvLSTM2D(2, 2, activation="gelu", unit_forget_bias=False), FILMS, None),
        (layers.ConvLSTM3D(2, 2), RANDOM.standard_normal((2, 2, 3, 2, 2, 1)).astype("f"), None),
        (layers.Bidirectional(layers.ConvLSTM1D(2, 3, padding="same")), ROWS, None),
        (layers.Bidirectional(layers.ConvLSTM2D(2, 2, return_sequences=True)), FILMS, MASK),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, layers.Layer) else "",
)
def test_what_every_layer_must(layer, inputs, mask, tmp_path):
    layer = type(layer).from_config(layer.get_config())
    check_layer(layer, inputs, mask, folder=tmp_path)


def test_a_window_over_a_single_place_is_an_lstm():
    film = layers.ConvLSTM1D(4, 1)
    sequence = layers.LSTM(4)
    film(ROWS[:, :, :1])
    sequence(ROWS[:, :, 0])
    film.set_weights([w if w.ndim == 1 else w[None] for w in sequence.get_weights()])
    np.testing.assert_allclose(film(ROWS[:, :, :1])[:, 0], sequence(ROWS[:, :, 0]), rtol=1e-5)


def test_the_layer_is_its_cell_step_by_step():
    layer = layers.ConvLSTM2D(2, 2, padding="same", return_state=True, return_sequences=True)
    outputs, h, c = layer(FILMS)
    states = layer.get_initial_state(2)
    for time in range(3):
        output, states = layer.cell(FILMS[:, time], states)
        np.testing.assert_allclose(output, outputs[:, time], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(states[0], h, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(states[1], c, rtol=1e-5, atol=1e-6)


def test_a_masked_step_leaves_states_and_output_alone():
    layer = layers.ConvLSTM1D(2, 3, return_sequences=True, return_state=True)
    mask = np.array([[1, 0, 1, 0]] * 3, bool)
    outputs, h, _ = layer(ROWS, mask=mask)
    shorter, last, _ = layer(ROWS[:, [0, 2]])
    np.testing.assert_allclose(outputs[:, [1, 3]], shorter, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(h, last, rtol=1e-5, atol=1e-6)


def test_states_of_an_encoder_begin_a_decoder():
    encoder_inputs, decoder_inputs = Input((3, 4, 3, 2)), Input((3, 4, 3, 2))
    encoder = layers.ConvLSTM2D(2, 3, padding="same", return_state=True)
    _, h, c = encoder(encoder_inputs)
    decoder = layers.ConvLSTM2D(2, 3, padding="same")
    model = Model([encoder_inputs, decoder_inputs], decoder(decoder_inputs, initial_state=[h, c]))
    _, *states = encoder(FILMS)
    expected = decoder(FILMS, initial_state=states)
    np.testing.assert_allclose(model([FILMS, FILMS]), expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(decoder(FILMS), expected)
    with pytest.raises(ValueError, match="initial_state to have 2 states"):
        decoder(FILMS, initial_state=[h])


def test_a_stateful_layer_goes_on_where_the_batch_before_ended():
    layer = layers.ConvLSTM1D(2, 3, padding="same", stateful=True)
    whole = layers.ConvLSTM1D(2, 3, padding="same")
    layer(ROWS[:, :2])
    whole(ROWS)
    whole.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(ROWS[:, 2:]), whole(ROWS), rtol=1e-5, atol=1e-6)
    layer.reset_state()
    np.testing.assert_allclose(layer(ROWS), whole(ROWS), rtol=1e-5, atol=1e-6)


def test_dropout_is_the_same_at_every_step_and_of_its_own_for_every_gate():
    layer = layers.ConvLSTM1D(2, 3, dropout=0.5, recurrent_dropout=0.5, seed=1)
    still = layer(ROWS)
    first, second = (np.asarray(layer(ROWS, training=True)) for _ in range(2))
    assert not np.allclose(first, still) and not np.allclose(first, second)
    masks, recurrent = layer.cell.masks(np.zeros((3, 5, 2), "float32"), True)
    assert masks.shape == (4, 3, 5, 2) and recurrent.shape == (4, 3, 3, 2)
    assert not np.array_equal(masks[0], masks[1])


def test_everything_dropped_leaves_the_bias():
    layer = layers.ConvLSTM1D(2, 3, dropout=1.0)
    outputs = layer(ROWS, training=True)
    np.testing.assert_allclose(outputs, layer(np.zeros_like(ROWS)), rtol=1e-6, atol=1e-7)


def test_films_learn_to_repeat_themselves():
    noise = np.random.default_rng(0).random((16, 1, 6, 6, 1)).astype("float32")
    films = np.repeat(noise, 3, axis=1)
    model = Sequential(
        [
            Input((None, 6, 6, 1)),
            layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True),
            layers.BatchNormalization(),
            layers.Conv3D(1, (3, 3, 3), padding="same"),
        ]
    )
    model.compile("adam", "mse")
    losses = model.fit(films, films, epochs=20, batch_size=4, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]


def test_a_convolution_in_parts_is_the_same_convolution(monkeypatch):
    x = RANDOM.standard_normal((5, 6, 5, 4))
    kernel = RANDOM.standard_normal((3, 2, 2, 6))

    def run():
        from leftfold.engine import Tape, Tensor

        tensors = [Tensor(x, True), Tensor(kernel, True)]
        with Tape() as tape:
            y = ops.conv(*tensors, padding="same")
            total = ops.sum(y * y)
        return [np.asarray(y), *tape.gradient(total, tensors)]

    whole = run()
    monkeypatch.setattr(convolution, "_BLOCK", 1)
    for ours, theirs in zip(run(), whole, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.ConvLSTM2D(0, 3), "ConvLSTM2D expected filters to be a positive"),
        (lambda: layers.ConvLSTM2D(2, (3, 3, 3)), "kernel_size to be a positive integer or 2"),
        (lambda: layers.ConvLSTM1D(2, 3, padding="causal"), "'valid', 'same', got 'causal'"),
        (lambda: layers.ConvLSTM1D(2, 3, 2, dilation_rate=2), "strides or dilation_rate to be 1"),
        (lambda: layers.ConvLSTM1D(2, 3, dropout=2), "dropout to be from 0 to 1, got 2"),
        (lambda: layers.ConvLSTM1D(2, 9)(ROWS), r"9 elements .*\(3, 5, 2\)"),
        (lambda: layers.ConvLSTM1D(2, 3)(FILMS), "rank 4, got rank 5"),
        (lambda: layers.ConvLSTM1D(2, 3)(Input((4, None, 2))), "axes of known sizes"),
        (
            lambda: layers.ConvLSTM1D(2, 3)(ROWS, mask=np.ones((4, 3), bool)),
            r"mask of shape \(3, 4\), got \(4, 3\)",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
