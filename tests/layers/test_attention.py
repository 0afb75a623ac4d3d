"""Attention: what the formulas say, what masks hide, what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import Input, Model, layers
from leftfold.engine.registry import register_keras_serializable
from tests.layers.check_layer import check_layer

RANDOM = np.random.default_rng(4)
QUERY = RANDOM.standard_normal((3, 4, 5)).astype("float32")
VALUE = RANDOM.standard_normal((3, 6, 5)).astype("float32")
KEY = RANDOM.standard_normal((3, 6, 5)).astype("float32")
QUERY_MASK = np.array([[1, 1, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
VALUE_MASK = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 0, 1, 1], [1, 1, 1, 1, 1, 1]], bool)
CAUSAL = np.arange(4)[:, None] >= np.arange(6)


def softmax(scores: np.ndarray, visible: np.ndarray | bool = True) -> np.ndarray:
    """Over the last axis, of what is visible; zeros where nothing is."""
    weights = np.exp(scores - scores.max(-1, keepdims=True)) * visible
    return weights / np.maximum(weights.sum(-1, keepdims=True), 1e-30)


def marked(array: np.ndarray, mask: np.ndarray | None) -> Any:
    """A tensor that carries a mask."""
    tensor = leftfold.ops.convert_to_tensor(array)
    tensor._keras_mask = None if mask is None else leftfold.ops.convert_to_tensor(mask)
    return tensor


@register_keras_serializable(package="tests")
class PairAttention(layers.MultiHeadAttention):
    """`MultiHeadAttention` of a list of query and value, as `check_layer` calls layers."""

    def build(self, input_shape: Any) -> None:
        super().build(*input_shape)

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        query_mask, value_mask = mask or (None, None)
        return super().call(
            *inputs, query_mask=query_mask, value_mask=value_mask, training=training
        )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask[0] if mask else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return super().compute_output_shape(*input_shape)


HEADS: list[dict[str, Any]] = [
    {},
    {"value_dim": 4, "use_gate": True, "dropout": 0.3, "output_shape": 7},
    {"use_bias": False, "sliding_window": 2, "kernel_regularizer": "l2"},
]


@pytest.mark.parametrize("config", HEADS, ids=str)
@pytest.mark.parametrize("mask", [None, [QUERY_MASK, VALUE_MASK]], ids=["plain", "masked"])
def test_heads_fulfil_what_every_layer_must(
    config: dict[str, Any], mask: Any, tmp_path: Path, implementation: str
) -> None:
    layer = PairAttention(num_heads=2, key_dim=3, **config)
    folder = tmp_path if mask is None and implementation == "native" else None
    check_layer(layer, [QUERY, VALUE], mask, folder)


@pytest.mark.parametrize("mask", [None, VALUE_MASK], ids=["plain", "masked"])
@pytest.mark.parametrize("causal", [False, True])
def test_scores_are_those_of_the_formulas(mask: np.ndarray | None, causal: bool) -> None:
    visible: Any = True if mask is None else mask[:, None]
    visible = visible & CAUSAL if causal else visible
    sums = QUERY[:, :, None] + KEY[:, None]
    factor, weight, scale = 0.7, -1.3, RANDOM.standard_normal(5)
    for layer, weights, scores in (
        (layers.Attention(), [], QUERY @ KEY.swapaxes(1, 2)),
        (layers.Attention(True), [factor], factor * QUERY @ KEY.swapaxes(1, 2)),
        (layers.Attention(False, "concat"), [weight], weight * np.tanh(sums).sum(-1)),
        (
            layers.Attention(True, "concat"),
            [factor, weight],
            weight * np.tanh(factor * sums).sum(-1),
        ),
        (layers.AdditiveAttention(), [scale], (scale * np.tanh(sums)).sum(-1)),
        (layers.AdditiveAttention(False), [], np.tanh(sums).sum(-1)),
    ):
        inputs = [marked(QUERY, None), marked(VALUE, mask), KEY]
        layer.build([QUERY.shape, VALUE.shape, KEY.shape])
        layer.set_weights(weights)
        outputs, found = layer(inputs, return_attention_scores=True, use_causal_mask=causal)
        expected = softmax(scores, visible)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(outputs, expected @ VALUE, rtol=1e-4, atol=1e-5)


def test_heads_are_attentions_on_projections() -> None:
    layer = layers.MultiHeadAttention(2, 3, value_dim=4, use_gate=True)
    outputs, weights = layer(QUERY, VALUE, KEY, return_attention_scores=True)
    kernels = {w.path.split("/", 1)[1]: w.numpy() for w in layer.weights}

    def project(name: str, x: np.ndarray) -> np.ndarray:
        return np.einsum("btd,dnh->bnth", x, kernels[f"{name}/kernel"])

    scores = project("query", QUERY) @ project("key", KEY).swapaxes(-1, -2) / math.sqrt(3)
    np.testing.assert_allclose(weights, softmax(scores), rtol=1e-4)
    heads = softmax(scores) @ project("value", VALUE) / (1 + np.exp(-project("gate", QUERY)))
    joined = np.einsum("bnth,nhd->btd", heads, kernels["attention_output/kernel"])
    np.testing.assert_allclose(outputs, joined, rtol=1e-4, atol=1e-6)


def test_weights_lie_as_in_keras() -> None:
    layer = layers.MultiHeadAttention(2, 3, value_dim=4, output_shape=(7, 8), name="heads")
    assert layer(QUERY, VALUE[..., :2], KEY).shape == (3, 4, 7, 8)
    assert [(w.path, w.shape) for w in layer.weights] == [
        ("heads/query/kernel", (5, 2, 3)),
        ("heads/query/bias", (2, 3)),
        ("heads/key/kernel", (5, 2, 3)),
        ("heads/key/bias", (2, 3)),
        ("heads/value/kernel", (2, 2, 4)),
        ("heads/value/bias", (2, 4)),
        ("heads/attention_output/kernel", (2, 4, 7, 8)),
        ("heads/attention_output/bias", (7, 8)),
    ]
    same = layers.MultiHeadAttention(2, 3, kernel_initializer="random_normal")
    same(QUERY, QUERY)
    kernels = [same.query_dense.kernel, same.key_dense.kernel, same.value_dense.kernel]
    assert not np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[1], kernels[2])


def test_glorot_kernels_count_all_heads_as_outputs() -> None:
    layer = layers.MultiHeadAttention(8, 16)
    layer.build((None, None, 32), (None, None, 32))
    limit = math.sqrt(6 / (32 + 8 * 16))
    for kernel in (layer.query_dense.kernel, layer.output_dense.kernel):
        assert 0.95 * limit < np.abs(kernel.numpy()).max() <= limit


def test_each_hidden_place_has_no_weight_whoever_hides_it() -> None:
    layer = layers.MultiHeadAttention(2, 3)
    attention_mask = RANDOM.random((3, 4, 6)) < 0.7
    _, weights = layer(
        marked(QUERY, QUERY_MASK),
        marked(VALUE, VALUE_MASK),
        KEY,
        key_mask=VALUE_MASK[::-1],
        attention_mask=attention_mask,
        use_causal_mask=True,
        return_attention_scores=True,
    )
    visible = attention_mask & CAUSAL & QUERY_MASK[:, :, None]
    visible &= VALUE_MASK[:, None] & VALUE_MASK[::-1, None]
    assert ((weights.numpy() > 0) == np.repeat(visible[:, None], 2, 1)).all()
    sums = weights.numpy().sum(-1)[:, 0]
    np.testing.assert_allclose(sums, visible.any(-1), rtol=1e-6)


def test_masks_given_and_masks_carried_mean_the_same() -> None:
    layer = layers.MultiHeadAttention(2, 3)
    carried = layer(marked(QUERY, QUERY_MASK), marked(VALUE, VALUE_MASK))
    given = layer(QUERY, VALUE, query_mask=QUERY_MASK, value_mask=VALUE_MASK.astype("float32"))
    np.testing.assert_array_equal(carried, given)
    np.testing.assert_array_equal(carried._keras_mask, QUERY_MASK)


def test_the_mask_of_what_is_attended_from_stays() -> None:
    x = marked(QUERY, QUERY_MASK)
    added = layers.Add()([x, layers.MultiHeadAttention(2, 3)(x, x)])
    np.testing.assert_array_equal(added._keras_mask, QUERY_MASK)


@pytest.mark.parametrize("causal", [False, True])
def test_a_query_that_sees_nothing_gets_zeros(causal: bool) -> None:
    nothing = np.array([[0] * 6, [0, 0, 1, 1, 1, 1], [1] * 6], bool)
    for layer in (layers.Attention(), layers.AdditiveAttention()):
        outputs = layer([QUERY, marked(VALUE, nothing)], use_causal_mask=causal).numpy()
        assert not outputs[0].any()
        assert outputs[1, :2].any() != causal
        assert outputs[1:, 2:].all()
    heads = layers.MultiHeadAttention(2, 3, bias_initializer="ones")
    outputs = heads(QUERY, marked(VALUE, nothing), use_causal_mask=causal).numpy()
    np.testing.assert_array_equal(outputs[0], np.ones((4, 5)))
    assert np.isfinite(outputs).all()


def test_the_output_of_a_masked_query_is_zero_and_its_mask_travels_on() -> None:
    inputs = [marked(QUERY, QUERY_MASK), marked(VALUE, None)]
    for layer in (layers.Attention(), layers.AdditiveAttention()):
        outputs, scores = layer(inputs, return_attention_scores=True)
        np.testing.assert_array_equal(outputs.numpy().any(-1), QUERY_MASK)
        np.testing.assert_array_equal(outputs._keras_mask, QUERY_MASK)
        assert scores._keras_mask is None


def test_a_window_shows_near_steps_only() -> None:
    layer = layers.MultiHeadAttention(1, 2, sliding_window=2)
    _, weights = layer(QUERY, VALUE, return_attention_scores=True)
    near = np.abs(np.arange(4)[:, None] - np.arange(6)) < 2
    assert ((weights.numpy()[:, 0] > 0) == near).all()


def test_attention_over_two_axes_is_attention_over_their_places() -> None:
    images, flat = QUERY.reshape(3, 2, 2, 5), QUERY
    layer = layers.MultiHeadAttention(2, 3, attention_axes=(1, 2))
    outputs, weights = layer(images, images, return_attention_scores=True)
    same = layers.MultiHeadAttention(2, 3)
    same.build(flat.shape, flat.shape)
    same.set_weights(layer.get_weights())
    expected, expected_weights = same(flat, flat, return_attention_scores=True)
    assert weights.shape == (3, 2, 2, 2, 2, 2)
    np.testing.assert_allclose(outputs.numpy().reshape(3, 4, 5), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights.numpy().reshape(3, 2, 4, 4), expected_weights, rtol=1e-5)


def test_attention_over_one_of_two_axes_leaves_the_other_alone() -> None:
    images = RANDOM.standard_normal((3, 4, 2, 5)).astype("float32")
    layer = layers.MultiHeadAttention(2, 3, attention_axes=1)
    outputs = layer(images, images)
    alone = layers.MultiHeadAttention(2, 3)
    alone.build((3, 4, 5), (3, 4, 5))
    alone.set_weights(layer.get_weights())
    for place in range(2):
        expected = alone(images[:, :, place], images[:, :, place])
        np.testing.assert_allclose(outputs[:, :, place], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda **k: layers.Attention(dropout=0.5, **k),
        lambda **k: layers.AdditiveAttention(dropout=0.5, **k),
        lambda **k: PairAttention(2, 3, dropout=0.5, **k),
    ],
    ids=["Attention", "AdditiveAttention", "MultiHeadAttention"],
)
def test_dropout_is_for_training_and_follows_its_seed(make: Any) -> None:
    first, second = make(seed=3), make(seed=3)
    plain = np.array(first([QUERY, VALUE]))
    second([QUERY, VALUE])
    second.set_weights(first.get_weights())
    dropped = np.array(first([QUERY, VALUE], training=True))
    assert not np.allclose(plain, dropped)
    np.testing.assert_array_equal(dropped, second([QUERY, VALUE], training=True))
    np.testing.assert_array_equal(plain, first([QUERY, VALUE]))


def test_symbolic_outputs_know_the_shapes_of_scores() -> None:
    query, value = Input((None, 5)), Input((6, 4))
    outputs, scores = layers.MultiHeadAttention(2, 3)(query, value, return_attention_scores=True)
    assert (outputs.shape, scores.shape) == ((None, None, 5), (None, 2, None, 6))
    outputs, scores = layers.Attention()([query, Input((7, 5))], return_attention_scores=True)
    assert (outputs.shape, scores.shape) == ((None, None, 5), (None, None, 7))
    heads = layers.MultiHeadAttention(2, 3, output_shape=9)
    assert heads.compute_output_shape((None, 4, 5), (None, 6, 4)) == (None, 4, 9)


def test_a_small_transformer_learns_to_copy_from_the_past() -> None:
    tokens = np.random.default_rng(1).integers(1, 8, (128, 6)).astype("int32")
    targets = np.concatenate([tokens[:, :1], tokens[:, :-1]], 1)
    inputs = Input((6,), dtype="int32")
    places = np.random.default_rng(2).standard_normal((6, 16)).astype("float32")
    x = layers.Embedding(8, 16)(inputs) + places
    x = layers.Add()([x, layers.MultiHeadAttention(2, 8)(x, x, use_causal_mask=True)])
    model = Model(inputs, layers.Dense(8, activation="softmax")(layers.LayerNormalization()(x)))
    model.compile(
        leftfold.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    history = model.fit(tokens, targets, epochs=20, verbose=0).history
    assert history["accuracy"][-1] > 0.95


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Attention(score_mode="cosine"), "score_mode to be 'dot' or 'concat'"),
        (lambda: layers.Attention(dropout=2), "Attention expected dropout to be from 0 to 1"),
        (lambda: layers.Attention()(QUERY), r"a list \[query, value\] .* got one tensor"),
        (lambda: layers.Attention()([QUERY] * 4), "got 4 tensors"),
        (lambda: layers.Attention()([QUERY, VALUE[..., :3]]), r"got shapes \(3, 4, 5\), \(3, 6, 3"),
        (lambda: layers.Attention()([QUERY, VALUE], mask=QUERY_MASK), "mask to be a list"),
        (lambda: layers.MultiHeadAttention(0, 2), "num_heads to be a positive integer, got 0"),
        (lambda: layers.MultiHeadAttention(2, 2.5), "key_dim to be a positive integer, got 2.5"),
        (lambda: layers.MultiHeadAttention(2, 2, value_dim=-1), "value_dim to be a positive"),
        (lambda: layers.MultiHeadAttention(2, 2, sliding_window=0), "sliding_window to be a pos"),
        (lambda: layers.MultiHeadAttention(2, 2, flash_attention=True), "not support flash_att"),
        (lambda: layers.MultiHeadAttention(2, 2, output_shape="x"), "output_shape to be an int"),
        (lambda: layers.MultiHeadAttention(2, 2, attention_axes=1.5), "attention_axes to be an"),
        (
            lambda: layers.MultiHeadAttention(2, 2, attention_axes=2)(QUERY, VALUE),
            r"between the first and the last axis, got \(2,\)",
        ),
        (
            lambda: layers.MultiHeadAttention(2, 2)(QUERY, VALUE, KEY[:, 1:]),
            r"same shape but for the last axis, got \(3, 6, 5\) and \(3, 5, 5\)",
        ),
        (lambda: layers.MultiHeadAttention(2, 2)(QUERY[0], VALUE[0]), "rank, 3 at least"),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
