"""`check_layer` over all layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold import layers as L
from leftfold.engine import kernels
from tests.layers.check_layer import check_layer

RANDOM = np.random.default_rng(11)
VECTORS = RANDOM.standard_normal((4, 6)).astype("float32")
OTHER_VECTORS = RANDOM.standard_normal((4, 6)).astype("float32")
SERIES = RANDOM.standard_normal((4, 5, 3)).astype("float32")
OTHER_SERIES = RANDOM.standard_normal((4, 5, 3)).astype("float32")
PICTURES = RANDOM.standard_normal((3, 4, 3, 2)).astype("float32")
FILMS = RANDOM.standard_normal((2, 3, 4, 3, 2)).astype("float32")
IDS = RANDOM.integers(0, 9, (4, 5)).astype("int32")
MASK = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 1, 0], [0, 0, 0, 0, 0]], bool)
OTHER_MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 1, 0], [0, 0, 0, 0, 1]], bool)

PLAIN: list[tuple[L.Layer, Any]] = [
    (L.Dense(4, activation="tanh", kernel_regularizer="l2", bias_constraint="non_neg"), VECTORS),
    (L.Dense(4, use_bias=False), SERIES),
    (L.Embedding(9, 4), IDS),
    (L.Embedding(9, 4, mask_zero=True), IDS),
    (L.Activation("sigmoid"), VECTORS),
    (L.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.2), VECTORS),
    (L.LeakyReLU(), VECTORS),
    (L.ELU(0.5), VECTORS),
    (L.Softmax(), VECTORS),
    (L.PReLU(alpha_initializer="uniform"), VECTORS),
    (L.PReLU(alpha_initializer="uniform", shared_axes=[1]), SERIES),
    (L.Identity(), VECTORS),
    (L.Dropout(0.5), VECTORS),
    (L.SpatialDropout1D(0.5), SERIES),
    (L.GaussianNoise(0.5), VECTORS),
    (L.Flatten(), SERIES),
    (L.Flatten("channels_first"), SERIES),
    (L.Reshape((3, -1)), VECTORS),
    (L.RepeatVector(3), VECTORS),
    (L.Permute((2, 1)), SERIES),
    (L.Masking(), SERIES),
    (L.Add(), [VECTORS, OTHER_VECTORS, VECTORS]),
    (L.Add(), [VECTORS[:, :1], OTHER_VECTORS]),
    (L.Subtract(), [SERIES, OTHER_SERIES]),
    (L.Multiply(), [SERIES, OTHER_SERIES]),
    (L.Average(), [SERIES, OTHER_SERIES]),
    (L.Maximum(), [SERIES, OTHER_SERIES]),
    (L.Minimum(), [SERIES, OTHER_SERIES]),
    (L.Concatenate(), [SERIES, OTHER_SERIES]),
    (L.Concatenate(axis=1), [SERIES, OTHER_SERIES]),
    (L.Dot(axes=1), [VECTORS, OTHER_VECTORS]),
    (L.Dot(axes=(2, 2)), [SERIES, OTHER_SERIES]),
    (L.Dot(axes=-1, normalize=True), [SERIES, OTHER_SERIES]),
    (L.LayerNormalization(), SERIES),
    (L.LayerNormalization(axis=[1, 2], center=False), SERIES),
    (L.BatchNormalization(), SERIES),
    (L.BatchNormalization(axis=1, scale=False), SERIES),
    (L.GlobalMaxPooling1D(), SERIES),
    (L.GlobalAveragePooling1D(keepdims=True), SERIES),
    (L.GlobalAveragePooling1D("channels_first"), SERIES),
    (L.TimeDistributed(L.Dense(2)), SERIES),
    (L.TimeDistributed(L.LSTM(2)), RANDOM.standard_normal((2, 3, 4, 2)).astype("float32")),
    (L.SimpleRNN(4), SERIES),
    (L.SimpleRNN(4, activation="relu", return_sequences=True, return_state=True), SERIES),
    (L.LSTM(4), SERIES),
    (L.LSTM(4, return_sequences=True, return_state=True, go_backwards=True), SERIES),
    (L.LSTM(4, activation="gelu", recurrent_activation="hard_sigmoid"), SERIES),
    (L.GRU(4), SERIES),
    (L.GRU(4, reset_after=False, return_sequences=True, return_state=True), SERIES),
    (L.Bidirectional(L.LSTM(3, return_sequences=True)), SERIES),
    (L.Bidirectional(L.GRU(3), merge_mode="sum"), SERIES),
    (L.RNN([L.LSTMCell(3), L.GRUCell(2)]), SERIES),
    (L.Attention(), [SERIES, OTHER_SERIES]),
    (L.Attention(use_scale=True, score_mode="concat"), [SERIES, OTHER_SERIES, SERIES]),
    (L.AdditiveAttention(), [SERIES, OTHER_SERIES]),
    (L.AdditiveAttention(use_scale=False, dropout=0.5), [SERIES, OTHER_SERIES, SERIES]),
    (L.Conv1D(4, 3, activation="tanh", kernel_regularizer="l2"), SERIES),
    (L.Conv1D(6, 2, padding="causal", dilation_rate=2, groups=3), SERIES),
    (L.Conv1D(2, 4, 2, "same", "channels_first", use_bias=False), SERIES),
    (L.SeparableConv1D(4, 3, padding="same", depth_multiplier=2), SERIES),
    (L.DepthwiseConv1D(3, 2, depth_multiplier=2, data_format="channels_first"), SERIES),
    (L.MaxPooling1D(), SERIES),
    (L.MaxPooling1D(3, 1, "same", "channels_first"), SERIES),
    (L.AveragePooling1D(3, 2, "same"), SERIES),
    (L.Conv1DTranspose(4, 3, 2, "same", activation="tanh", bias_regularizer="l2"), SERIES),
    (L.Conv1DTranspose(2, 2, 3, output_padding=1, data_format="channels_first"), SERIES),
    (L.UpSampling1D(3), SERIES),
    (L.ZeroPadding1D((2, 1)), SERIES),
    (L.ZeroPadding1D(data_format="channels_first"), SERIES),
    (L.Cropping1D((2, 0)), SERIES),
    (L.GaussianDropout(0.5), VECTORS),
    (L.AlphaDropout(0.5, noise_shape=(None, 1, None)), SERIES),
    (L.ActivityRegularization(0.1, 0.2), SERIES),
    (L.UnitNormalization(axis=[1, 2]), SERIES),
    (L.RMSNormalization(axis=[2, 1]), SERIES),
    (L.RMSNormalization(), VECTORS),
    (L.GroupNormalization(2, axis=1), VECTORS),
    (L.GroupNormalization(-1, scale=False), SERIES),
    (L.EinsumDense("abc,cd->abd", (5, 4), "tanh", "d"), SERIES),
    (L.EinsumDense("...c,dc->...d", 4), SERIES),
    (L.EinsumDense("ab...,bd->ad...", 4, bias_axes="d"), SERIES),
    (L.Normalization(), SERIES),
    (L.Normalization(axis=None, mean=2.0, variance=9.0, invert=True), SERIES),
    (L.Rescaling([2.0, 0.5, 1.0], 1.0), SERIES),
    (L.Conv2D(4, (2, 3), padding="same", groups=2), PICTURES),
    (L.Conv2D(2, 2, (1, 2), "valid", "channels_first"), PICTURES),
    (L.Conv2DTranspose(3, (3, 2), 2, "same"), PICTURES),
    (L.Conv3D(2, (2, 1, 2), (1, 2, 1), use_bias=False), FILMS),
    (L.MaxPooling2D(), PICTURES),
    (L.AveragePooling2D((2, 1), (1, 2), "same", "channels_first"), PICTURES),
    (L.MaxPooling3D((1, 2, 1)), FILMS),
    (L.AveragePooling3D((2, 1, 2), 1), FILMS),
    (L.GlobalMaxPooling2D("channels_first"), PICTURES),
    (L.GlobalAveragePooling2D(keepdims=True), PICTURES),
    (L.GlobalMaxPooling3D(), FILMS),
    (L.GlobalAveragePooling3D("channels_first", keepdims=True), FILMS),
    (L.UpSampling2D((1, 3)), PICTURES),
    (L.ZeroPadding2D(((1, 0), (0, 2)), "channels_first"), PICTURES),
    (L.Cropping2D((1, 0)), PICTURES),
    (L.SpatialDropout2D(0.5), PICTURES),
    (L.BatchNormalization(), PICTURES),
    (L.TimeDistributed(L.Conv2D(2, 2)), FILMS),
]

MASKED: list[tuple[L.Layer, Any, Any]] = [
    (L.Dense(4), SERIES, MASK),
    (L.Activation("tanh"), SERIES, MASK),
    (L.LayerNormalization(), SERIES, MASK),
    (L.GlobalMaxPooling1D(), SERIES, MASK),
    (L.GlobalAveragePooling1D(), SERIES, MASK),
    (L.GlobalMaxPooling1D(keepdims=True), SERIES, MASK),
    (L.TimeDistributed(L.Dense(2)), SERIES, MASK),
    (L.Multiply(), [SERIES, OTHER_SERIES], [MASK, OTHER_MASK]),
    (L.Maximum(), [SERIES, OTHER_SERIES], [MASK, OTHER_MASK]),
    (L.Minimum(), [SERIES, OTHER_SERIES], [MASK, OTHER_MASK]),
    (L.SimpleRNN(4), SERIES, MASK),
    (L.LSTM(4, return_sequences=True), SERIES, MASK),
    (L.GRU(4, go_backwards=True), SERIES, MASK),
    (L.Bidirectional(L.LSTM(3)), SERIES, MASK),
    (L.Attention(), [SERIES, OTHER_SERIES], [MASK, OTHER_MASK]),
    (L.Attention(score_mode="concat"), [SERIES, OTHER_SERIES], [None, MASK]),
    (L.AdditiveAttention(), [SERIES, OTHER_SERIES], [OTHER_MASK, MASK]),
]


def name(value: Any) -> str | None:
    return type(value).__name__ if isinstance(value, L.Layer) else ""


def fresh(layer: L.Layer) -> L.Layer:
    """A new layer, so that no test sees what another left behind."""
    return type(layer).from_config(layer.get_config())


@pytest.mark.parametrize(("layer", "inputs"), PLAIN, ids=name)
def test_layer_fulfils_what_every_layer_must(
    layer: L.Layer, inputs: Any, tmp_path: Path, implementation: str
) -> None:
    folder = tmp_path if implementation == "native" or not kernels.native() else None
    check_layer(fresh(layer), inputs, folder=folder)


@pytest.mark.parametrize(("layer", "inputs", "mask"), MASKED, ids=name)
def test_masked_timesteps_do_not_matter(
    layer: L.Layer, inputs: Any, mask: Any, implementation: str
) -> None:
    check_layer(fresh(layer), inputs, mask)
