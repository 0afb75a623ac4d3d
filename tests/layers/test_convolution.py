"""What convolutions and pools over time promise, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Sequential, layers, ops

X = np.random.default_rng(0).standard_normal((2, 9, 4)).astype("float32")


def changed_steps(layer: layers.Layer, step: int) -> list[int]:
    """The timesteps of the output that change when one of the input does."""
    other = X.copy()
    other[:, step] += 1.0
    difference = np.abs(np.array(layer(X)) - np.array(layer(other))).max(axis=(0, 2))
    return np.flatnonzero(difference > 1e-6).tolist()


def test_a_causal_convolution_does_not_look_ahead() -> None:
    assert changed_steps(layers.Conv1D(3, 3, padding="causal"), 4) == [4, 5, 6]
    assert changed_steps(layers.Conv1D(3, 3, padding="causal", dilation_rate=2), 4) == [4, 6, 8]
    assert changed_steps(layers.Conv1D(3, 3, padding="same"), 4) == [3, 4, 5]


def test_groups_do_not_see_each_other() -> None:
    layer = layers.Conv1D(4, 3, groups=2)
    other = X.copy()
    other[..., 0] += 1.0
    difference = np.abs(np.array(layer(X)) - np.array(layer(other))).max(axis=(0, 1))
    assert (difference[:2] > 1e-6).all() and (difference[2:] == 0).all()


def test_channels_first_is_the_same_on_swapped_axes() -> None:
    for make in (
        lambda f: layers.Conv1D(5, 3, 2, "same", f),
        lambda f: layers.SeparableConv1D(5, 3, data_format=f),
        lambda f: layers.DepthwiseConv1D(3, padding="same", data_format=f),
        lambda f: layers.MaxPooling1D(2, data_format=f),
        lambda f: layers.AveragePooling1D(4, 2, "same", f),
    ):
        last, first = make("channels_last"), make("channels_first")
        expected = np.array(last(X)).swapaxes(1, 2)
        first(X.swapaxes(1, 2))
        first.set_weights(last.get_weights())
        np.testing.assert_allclose(first(X.swapaxes(1, 2)), expected, rtol=1e-6)


def test_a_separable_convolution_is_two_steps() -> None:
    whole = layers.SeparableConv1D(5, 3, depth_multiplier=2)
    steps = layers.DepthwiseConv1D(3, depth_multiplier=2, use_bias=False), layers.Conv1D(5, 1)
    expected = steps[1](steps[0](X))
    whole(X)
    whole.set_weights([*steps[0].get_weights(), *steps[1].get_weights()])
    np.testing.assert_allclose(whole(X), expected, rtol=1e-5)


def test_a_stack_of_convolutions_learns_which_step_counts() -> None:
    generator = np.random.default_rng(1)
    x = generator.standard_normal((256, 16, 3)).astype("float32")
    y = x[:, :, 0].max(axis=1)
    model = Sequential(
        [
            Input((None, 3)),
            layers.Conv1D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling1D(2),
            layers.Conv1D(8, 3, padding="causal", activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    losses = model.fit(x, y, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.2 * losses[0]


def test_older_names() -> None:
    assert layers.Convolution1D is layers.Conv1D
    assert layers.SeparableConvolution1D is layers.SeparableConv1D
    assert layers.MaxPool1D is layers.MaxPooling1D
    assert layers.AvgPool1D is layers.AveragePooling1D


def test_a_transposed_convolution_is_the_adjoint_of_a_convolution() -> None:
    generator = np.random.default_rng(2)
    x, y = generator.standard_normal((2, 9, 4)), generator.standard_normal((2, 5, 3))
    kernel = generator.standard_normal((3, 4, 3))
    there = ops.conv(x, kernel, strides=2, padding="same")
    back = ops.conv_transpose(y, kernel, strides=2, padding="same", output_padding=0)
    assert float(ops.sum(there * y)) == pytest.approx(float(ops.sum(x * back)))


def test_statistics_of_films_leave_masked_frames_out() -> None:
    films = np.random.default_rng(2).standard_normal((2, 4, 3, 3, 2)).astype("float32")
    layer, other = layers.BatchNormalization(momentum=0.0), layers.BatchNormalization(momentum=0.0)
    layer(films, mask=np.array([[True, True, False, False]] * 2), training=True)
    other(films[:, :2], training=True)
    for ours, theirs in zip(layer.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_a_mask_ends_at_a_convolution_with_a_warning() -> None:
    series = layers.Masking()(X)
    with pytest.warns(UserWarning, match="does not pass masks on"):
        assert layers.Conv1D(2, 3)(series)._keras_mask is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Conv1D(0, 3), "Conv1D expected filters to be a positive integer, got 0"),
        (lambda: layers.Conv1D(4, 0), "kernel_size to be a positive integer, got 0"),
        (lambda: layers.Conv1D(4, (3, 3)), r"kernel_size to be a positive integer, got \(3, 3\)"),
        (lambda: layers.Conv1D(4, 3, strides=-1), "strides to be a positive integer, got -1"),
        (lambda: layers.Conv1D(4, 3, padding="full"), "'causal', got 'full'"),
        (lambda: layers.Conv1D(4, 3, data_format="last"), "Conv1D expected data_format"),
        (lambda: layers.Conv1D(4, 3, groups=3), "got 4 filters and 3 groups"),
        (lambda: layers.Conv1D(4, 3, 2, dilation_rate=2), r"strides or dilation_rate to be 1"),
        (lambda: layers.SeparableConv1D(4, 3, padding="causal"), "'valid', 'same', got 'causal'"),
        (lambda: layers.DepthwiseConv1D(3, depth_multiplier=0), "depth_multiplier .*, got 0"),
        (lambda: layers.MaxPooling1D(0), "pool_size to be a positive integer, got 0"),
        (lambda: layers.AveragePooling1D(2, 0), "strides to be a positive integer, got 0"),
        (lambda: layers.MaxPooling1D(padding="causal"), "got 'causal'"),
        (lambda: layers.Conv1D(4, 10, name="c")(X), r"Conv1D c .* 10 elements .*\(2, 9, 4\)"),
        (lambda: layers.Conv1D(3, 2, groups=3)(X), r"that 3 groups can share, got 4"),
        (lambda: layers.Conv1D(3, 2)(X[0]), "expected an input of rank 3, got rank 2"),
        (lambda: layers.Conv1D(3, 2)(Input((5, None))), "known number of channels"),
        (lambda: layers.MaxPooling1D(10)(Input((9, 4))), "at least 10 elements"),
        (lambda: layers.Conv2D(4, (3, 0)), r"kernel_size to be a positive integer or 2 of them"),
        (lambda: layers.Conv2D(4, 3)(Input((9, 9, None))), r"\(batch, rows, columns, channels\)"),
        (lambda: layers.Conv2D(4, 3, padding="causal"), "got 'causal'"),
        (lambda: layers.Conv1DTranspose(4, 3, 2, output_padding=2), r"below its stride .* got 2"),
        (lambda: layers.Conv1DTranspose(4, 3, padding="causal"), "got 'causal'"),
        (lambda: layers.UpSampling1D(0), "size to be a positive integer, got 0"),
        (lambda: layers.UpSampling2D(interpolation="bilinear"), "'nearest', got 'bilinear'"),
        (lambda: layers.ZeroPadding1D((1, -1)), "padding to be a number of 0 or more, or two"),
        (lambda: layers.ZeroPadding2D((1, 2, 3)), "two pairs"),
        (lambda: layers.Cropping1D((4, 5))(X), r"larger than its cropping \(4, 5\)"),
        (lambda: layers.GroupNormalization(0), "positive integer, or -1"),
        (lambda: layers.GroupNormalization(3)(X), "that 3 groups can share, got 4"),
        (lambda: layers.EinsumDense("ab,bc,cd->ad", 4), "expected an equation of the form"),
        (lambda: layers.EinsumDense("ab,bc->ad", 4), "every letter .* got 'd' at one"),
        (lambda: layers.EinsumDense("ab,bc->ac", 4, bias_axes="b"), "bias_axes to be letters"),
        (lambda: layers.EinsumDense("ab,bc->ac", 4)(X), "an axis for each letter"),
        (lambda: layers.EinsumDense("abc,cd->abd", 4)(X), "a size for each axis of 'abd'"),
        (lambda: layers.EinsumDense("abc,cd->abd", (8, 4))(X), "along 'b' .* got 8 and 9"),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_later_inputs_must_have_the_channels_of_the_first() -> None:
    for layer in (layers.Conv1D(2, 3), layers.SeparableConv1D(2, 3), layers.DepthwiseConv1D(3)):
        layer(X)
        with pytest.raises(ValueError, match="expected 4 input features, got 3"):
            layer(X[..., :3])
