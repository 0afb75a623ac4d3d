"""What single layers promise beyond what all layers promise, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers, ops
from leftfold.engine.random import set_random_seed
from leftfold.engine.registry import custom_object_scope


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


def double(x: Any) -> Any:
    return x * 2


# Input, Embedding, Masking ----------------------------------------------------------------------


def test_input_takes_a_shape_in_either_way() -> None:
    assert Input((None, 3)).shape == (None, None, 3)
    assert Input(5).shape == (None, 5)
    assert Input((3,), batch_size=4).shape == (4, 3)
    assert Input(batch_shape=(4, 3), dtype="int32").dtype == "int32"
    assert Input((), name="flag").name == "flag"
    assert Input(tensor=(x := Input((3,)))) is x


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "one of shape and batch_shape"),
        ({"shape": (3,), "batch_shape": (2, 3)}, "one of shape and batch_shape"),
        ({"batch_shape": (2, 3), "batch_size": 2}, "batch_size together with shape"),
        ({"shape": (3, -1)}, r"non-negative integers and None, got \(3, -1\)"),
        ({"shape": ("a",)}, "non-negative integers"),
        ({"shape": (3,), "sparse": True}, "dense data"),
    ],
)
def test_input_refuses_what_is_no_shape(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Input(**arguments)


def test_embedding_takes_ids_of_any_number_type() -> None:
    layer = layers.Embedding(5, 3)
    ids = np.array([[0, 4], [2, 2]])
    expected = np.array(layer(ids))
    for dtype in ("int8", "int32", "uint16", "float32", "float64"):
        np.testing.assert_array_equal(layer(ids.astype(dtype)), expected)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[5]], "ids from 0 to 4, for a vocabulary of 5, got id 5"),
        ([[-1]], "got id -1"),
        ([[2**32 + 1]], "got id 4294967297"),
        ([[np.nan]], "expected whole numbers as ids, got nan"),
    ],
)
def test_embedding_refuses_ids_it_has_no_row_for(ids: Any, message: str) -> None:
    layer = layers.Embedding(5, 3, name="words")
    with pytest.raises(ValueError, match=f"Embedding words .*{message}"):
        layer(np.array(ids))
    model = Sequential([Input((None,)), layers.Embedding(5, 3)])
    with pytest.raises(ValueError, match=message.split(", got")[0]):
        model(np.array(ids))


def test_embedding_cuts_fractions_off_with_a_warning() -> None:
    layer = layers.Embedding(5, 3, name="cutting")
    with pytest.warns(UserWarning, match=r"Embedding cutting .*whole numbers as ids, got 1\.5"):
        cut = layer(np.array([[1.5, 4.9]]))
    np.testing.assert_array_equal(cut, layer(np.array([[1, 4]])))
    with pytest.raises(ValueError, match="ids from 0 to 4"):
        layer(np.array([[5.5]]))


def test_embedding_takes_a_table() -> None:
    table = numbers(5, 3)
    for weights in (table, [table]):
        layer = layers.Embedding(5, 3, weights=weights)
        np.testing.assert_array_equal(layer(np.array([4]))[0], table[4])


def test_embedding_of_older_code_is_understood_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="no longer needs input_length"):
        layers.Embedding(5, 3, input_length=7)


@pytest.mark.parametrize("size", [0, -2, 2.5, "3", True, None])
def test_sizes_must_be_positive_integers(size: Any) -> None:
    for make, argument in (
        (layers.Dense, "units"),
        (lambda n: layers.Embedding(n, 2), "input_dim"),
        (lambda n: layers.Embedding(2, n), "output_dim"),
        (layers.RepeatVector, "n"),
    ):
        with pytest.raises(ValueError, match=f"expected {argument} to be a positive integer"):
            make(size)


def test_masking_skips_padding_of_its_value() -> None:
    layer = layers.Masking(-1.0)
    y = layer(np.array([[[-1.0, -1.0], [-1.0, 2.0], [0.0, 0.0]]]))
    assert y._keras_mask.tolist() == [[False, True, True]]
    assert y.tolist() == [[[0.0, 0.0], [-1.0, 2.0], [0.0, 0.0]]]


# Noise ------------------------------------------------------------------------------------------


def test_dropout_scales_what_it_keeps() -> None:
    layer = layers.Dropout(0.25)
    y = np.array(layer(np.ones((100, 100)), training=True))
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02
    assert not np.array_equal(y, layer(np.ones((100, 100)), training=True))
    np.testing.assert_array_equal(layer(np.ones((2, 2))), np.ones((2, 2)))


def test_spatial_dropout_takes_whole_features() -> None:
    y = np.array(layers.SpatialDropout1D(0.5)(np.ones((8, 5, 16)), training=True))
    assert (y == y[:, :1]).all()
    assert 0 < (y == 0).mean() < 1


def test_dropout_shares_its_mask_along_axes_of_size_one() -> None:
    y = np.array(
        layers.Dropout(0.5, noise_shape=(None, 1, None))(np.ones((4, 6, 8)), training=True)
    )
    assert (y == y[:, :1]).all()


def test_noise_is_repeatable_by_seed() -> None:
    for make in (
        lambda seed: layers.Dropout(0.5, seed=seed),
        lambda seed: layers.GaussianNoise(0.5, seed=seed),
        lambda seed: layers.SpatialDropout1D(0.5, seed=seed),
    ):
        x = np.ones((3, 4, 5))
        first, second, other = (np.array(make(s)(x, training=True)) for s in (3, 3, 4))
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, other)
        results = []
        for _ in range(2):
            set_random_seed(1)
            results.append(np.array(make(None)(x, training=True)))
        np.testing.assert_array_equal(*results)


def test_gaussian_noise_has_its_deviation() -> None:
    y = np.array(layers.GaussianNoise(2.0)(np.zeros((100, 100)), training=True))
    assert abs(y.std() - 2) < 0.05
    assert y.dtype == np.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Dropout(1.5), "Dropout expected rate to be from 0 to 1, got 1.5"),
        (lambda: layers.Dropout("x"), "Dropout expected rate to be a number"),
        (lambda: layers.SpatialDropout1D(-0.1), "SpatialDropout1D expected rate"),
        (lambda: layers.Dropout(0.5, noise_shape=(0, 1)), "positive integers and None"),
        (lambda: layers.Dropout(0.5, noise_shape="ab"), "list of sizes"),
        (lambda: layers.GaussianNoise(-1), "stddev to be 0 or more"),
        (lambda: layers.LeakyReLU(-1), "negative_slope to be 0 or more"),
        (lambda: layers.ReLU(max_value=-1), "max_value to be 0 or more"),
        (lambda: layers.Activation("rellu"), "Did you mean 'relu'"),
        (lambda: layers.Reshape((-1, -1)), "at most one -1"),
        (lambda: layers.Permute((2, 3)), r"got \(2, 3\)"),
        (lambda: layers.Flatten("middle"), "Flatten expected data_format"),
        (lambda: layers.Dot(axes=(1, 2, 3)), "axes to be an integer or two"),
        (lambda: layers.BatchNormalization(renorm=True), "does not support renorm"),
        (lambda: layers.LayerNormalization(rms_scaling=True), "does not support rms_scaling"),
        (lambda: layers.Embedding(2, 2, lora_rank=4), "does not support lora_rank"),
        (lambda: layers.Dense(2, dtype="floaty"), "dtype expected a name"),
        (lambda: layers.Lambda("text"), "Lambda expected a function"),
    ],
)
def test_bad_settings_are_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


# Shapes, merging, pooling -----------------------------------------------------------------------


def test_reshape_refuses_other_numbers_of_elements() -> None:
    with pytest.raises(ValueError, match=r"6 elements in each sample .* got 4 \(input shape"):
        layers.Reshape((2, 3))(numbers(5, 4))
    with pytest.raises(ValueError, match="3 elements"):
        layers.Reshape((3, -1))(numbers(5, 4))
    assert layers.Reshape((-1, 2))(Input((None,))).shape == (None, None, 2)


def test_flatten_of_unknown_length_is_unknown() -> None:
    assert layers.Flatten()(Input((None, 3))).shape == (None, None)
    assert layers.Flatten()(numbers(4)).shape == (4, 1)


@pytest.mark.parametrize(
    ("merge", "inputs", "message"),
    [
        (layers.Add(), "one", "expected a list of tensors"),
        (layers.Add(), [(2, 3), (2, 4)], r"same shape, got \(2, 3\), \(2, 4\)"),
        (layers.Add(), [(2, 3), (3, 3)], "same batch size"),
        (layers.Subtract(), [(2, 3)] * 3, "two tensors, got 3 tensors"),
        (layers.Concatenate(), [(2, 3, 4), (2, 5, 4)], r"agree but for axis -1, got \(2, 3, 4\)"),
        (layers.Concatenate(axis=3), [(2, 3), (2, 3)], "one rank with an axis 3"),
        (layers.Dot(axes=1), [(2, 3), (2, 4)], "same size along axes 1 and 1"),
        (layers.Dot(axes=0), [(2, 3), (2, 3)], "same size along axes 0 and 0"),
        (layers.Dot(axes=1), [(2, 3)] * 3, "two tensors"),
    ],
)
def test_merging_refuses_shapes_that_do_not_fit(merge: Any, inputs: Any, message: str) -> None:
    tensors = numbers(2, 3) if inputs == "one" else [numbers(*shape) for shape in inputs]
    with pytest.raises(ValueError, match=message):
        merge(tensors)


def test_merging_functions_make_the_layers() -> None:
    x, y = numbers(2, 3), numbers(2, 3) + 1
    np.testing.assert_allclose(layers.add([x, y]), x + y)
    np.testing.assert_allclose(layers.subtract([x, y]), x - y)
    np.testing.assert_allclose(layers.multiply([x, y]), x * y)
    np.testing.assert_allclose(layers.average([x, y]), (x + y) / 2)
    np.testing.assert_allclose(layers.maximum([x, y]), y)
    np.testing.assert_allclose(layers.minimum([x, y]), x)
    np.testing.assert_allclose(layers.concatenate([x, y], axis=0), np.concatenate([x, y]))
    dot = layers.dot([x, y], axes=1, name="products")
    np.testing.assert_allclose(dot, (x * y).sum(1, keepdims=True), rtol=1e-6)


def test_merging_adds_axes_for_inputs_of_lower_rank() -> None:
    x, y = numbers(2, 4), numbers(2, 3, 4)
    np.testing.assert_allclose(layers.Add()([x, y]), x[:, None] + y)


@pytest.mark.parametrize("cls", [layers.GlobalMaxPooling1D, layers.GlobalAveragePooling1D])
def test_pooling_reads_only_the_timesteps_that_count(cls: Any) -> None:
    words = layers.Embedding(9, 3, mask_zero=True)
    pooled = cls()(words(np.array([[4, 5, 0, 0], [0, 0, 0, 0]])))
    np.testing.assert_allclose(pooled[:1], cls()(words(np.array([[4, 5]]))), rtol=1e-6)
    assert pooled[1].tolist() == [0.0, 0.0, 0.0]
    assert pooled._keras_mask is None


# Normalisation ----------------------------------------------------------------------------------


def test_batch_normalization_keeps_moving_averages_of_training_batches() -> None:
    layer = layers.BatchNormalization(momentum=0.9)
    x = 3 + 2 * numbers(64, 4)
    y = np.array(layer(x, training=True))
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(0), 1, atol=1e-3)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * x.var(0), rtol=1e-5)
    kept = layer.get_weights()
    layer.trainable = False
    layer(x, training=True)
    for before, after in zip(kept, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_normalization_refuses_axes_that_are_not_there() -> None:
    with pytest.raises(ValueError, match=r"no axis \[3\] in inputs of shape \(2, 3\)"):
        layers.LayerNormalization(axis=3)(numbers(2, 3))


# Lambda and TimeDistributed ---------------------------------------------------------------------


def test_lambda_passes_arguments_training_and_mask() -> None:
    def function(x: Any, factor: float, training: Any = None, mask: Any = None) -> Any:
        assert mask.tolist() == [[True, False]]
        return x * factor if training else x

    layer = layers.Lambda(function, arguments={"factor": 3.0}, mask=lambda inputs, mask: mask)
    x = layers.Masking()(np.array([[[1.0], [0.0]]]))
    assert layer(x, training=True).tolist() == [[[3.0], [0.0]]]
    assert layer(x)._keras_mask is x._keras_mask


def test_lambda_infers_or_takes_its_shape() -> None:
    x = Input((None, 3))
    assert layers.Lambda(lambda x: ops.sum(x, axis=1))(x).shape == (None, 3)
    assert layers.Lambda(lambda x: x, output_shape=(7,))(x).shape == (None, 7)
    assert layers.Lambda(lambda x: x, output_shape=lambda s: (s[0], 9))(x).shape == (None, 9)


def test_lambda_with_a_named_function_is_read_again() -> None:
    layer = layers.Lambda(double, name="twice")
    with pytest.raises(ValueError, match="function 'double' of a Lambda layer is not known"):
        layers.deserialize(layers.serialize(layer))
    with custom_object_scope({"double": double}):
        again = layers.deserialize(layers.serialize(layer))
    assert again.function is double
    assert layers.deserialize(layers.serialize(layers.Lambda(ops.tanh))).function is ops.tanh


def test_lambda_expression_is_written_but_never_run_from_a_file() -> None:
    with pytest.warns(UserWarning, match="never runs from a file"):
        config = layers.serialize(layers.Lambda(lambda x: x * 2))
    assert config["config"]["function"]["class_name"] == "__lambda__"
    with pytest.raises(ValueError, match="run code out of the file"):
        layers.deserialize(config)


def test_time_distributed_is_the_layer_at_every_timestep() -> None:
    inner = layers.LSTM(3)
    layer = layers.TimeDistributed(inner)
    x = numbers(2, 4, 5, 6)
    y = layer(x)
    for step in range(4):
        np.testing.assert_allclose(y[:, step], inner(x[:, step]), rtol=1e-5, atol=1e-6)
    model = Model(i := Input((None, 5, 6)), layers.TimeDistributed(layers.Flatten())(i))
    assert model.output_shape == (None, None, 30)
    assert layers.TimeDistributed(layers.Dense(2))(numbers(2, 0, 3)).shape == (2, 0, 2)


def test_time_distributed_refuses_what_has_no_timesteps() -> None:
    with pytest.raises(ValueError, match="rank 3 at least"):
        layers.TimeDistributed(layers.Dense(2))(numbers(2, 3))
    with pytest.raises(ValueError, match="TimeDistributed expected a layer, got 3"):
        layers.TimeDistributed(3)
    layer = layers.TimeDistributed(layers.Dense(2))
    with pytest.raises(ValueError, match=r"mask of shape \(2, 3\), got \(2, 4\)"):
        layer(numbers(2, 3, 4), mask=np.ones((2, 4), bool))


def test_time_distributed_tells_a_layer_of_ones_own_whether_the_step_counts() -> None:
    class Marked(layers.Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            return inputs * ops.expand_dims(ops.cast(mask, inputs.dtype), -1)

    x = numbers(2, 3, 4)
    mask = np.array([[True, False, True], [False, True, True]])
    y = layers.TimeDistributed(Marked())(x, mask=mask)
    np.testing.assert_array_equal(y, x * mask[..., None])


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dense(3, activation="relu"),
        lambda: layers.EinsumDense("ab,bc->ac", 3, activation="relu"),
        lambda: layers.Conv1D(3, 1, activation="relu"),
    ],
)
def test_an_activation_may_be_taken_off_later(make: Any) -> None:
    layer = make()
    x = numbers(4, 5) if not isinstance(layer, layers.Conv1D) else numbers(4, 6, 5)
    rectified = np.array(layer(x))
    layer.activation = None
    plain = np.array(layer(x))
    np.testing.assert_array_equal(np.maximum(plain, 0), rectified)
    assert plain.min() < 0
    assert layer.get_config()["activation"] == "linear"


def test_a_layer_may_be_an_activation() -> None:
    dense = layers.Dense(3, activation=layers.LeakyReLU(negative_slope=0.3))
    again = layers.deserialize(layers.serialize(dense))
    assert isinstance(again.activation, layers.LeakyReLU)
    assert again.activation.negative_slope == 0.3
