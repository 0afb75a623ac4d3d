"""`Sequential`: adding, building, running, writing down."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


def test_model_with_input_is_built_while_layers_are_added() -> None:
    model = Sequential()
    model.add(Input((4,)))
    assert not model.built
    model.add(layers.Dense(3))
    assert model.built
    assert len(model.weights) == 2
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    assert [w.path for w in model.weights][-2:] == [
        "sequential/dense_1/kernel",
        "sequential/dense_1/bias",
    ]


def test_model_without_input_is_built_by_its_first_data() -> None:
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built
    assert model.weights == []
    with pytest.raises(AttributeError, match="no symbolic inputs and outputs yet"):
        _ = model.output_shape
    assert model(numbers(7, 4)).shape == (7, 2)
    assert model.input_shape == (None, 4)
    assert model(numbers(5, 4)).shape == (5, 2)


def test_build_makes_the_weights() -> None:
    model = Sequential([layers.Embedding(10, 4), layers.LSTM(3)])
    model.build((None, None))
    assert model.count_params() == 40 + 4 * (4 + 3 + 1) * 3
    with pytest.raises(ValueError, match=r"made for inputs of shape \(None, None\)"):
        model.build((None, None, 3))


@pytest.mark.parametrize(
    "first",
    [
        {"input_shape": (4,)},
        {"input_dim": 4},
        {"batch_input_shape": (None, 4)},
        {"batch_shape": (None, 4)},
    ],
)
def test_input_shape_of_older_code_is_understood(first: dict) -> None:
    model = Sequential([layers.Dense(3, **first), layers.Dense(1)])
    assert model.input_shape == (None, 4)
    assert model.count_params() == 19


def test_pop_takes_the_last_layer_off() -> None:
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(2)])
    last = model.pop()
    assert isinstance(last, layers.Dense)
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(5))
    assert model(numbers(2, 4)).shape == (2, 5)
    model.pop()
    model.pop()
    with pytest.raises(ValueError, match="no layers to take off"):
        model.pop()


def test_layers_leave_out_the_input() -> None:
    model = Sequential([Input((4,)), layers.Dense(3)])
    assert [type(layer) for layer in model.layers] == [layers.Dense]
    assert model.get_layer(index=0) is model.layers[0]


def test_first_layer_may_be_a_model() -> None:
    x = Input((4,))
    body = Model(x, layers.Dense(3)(x))
    model = Sequential([body, layers.Dense(1)])
    assert model.input_shape == (None, 4)
    assert len(model.trainable_variables) == 4
    outer = Sequential([model, layers.Dense(2)])
    assert outer(numbers(2, 4)).shape == (2, 2)


def test_first_layer_may_be_a_model_whose_single_input_is_in_a_list() -> None:
    features = Sequential([Input((4,)), layers.Dense(3), layers.Dense(2)])
    cut = Model(features.inputs, features.layers[0].output)
    model = Sequential([cut, layers.Dense(5)])
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 5))
    np.testing.assert_array_equal(model(numbers(2, 4)), model.layers[1](cut(numbers(2, 4))))


def test_second_model_is_cut_from_a_sequential_one() -> None:
    model = Sequential([Input((4,)), layers.Dense(3, name="hidden"), layers.Dense(1)])
    hidden = Model(model.inputs, model.get_layer("hidden").output)
    x = numbers(2, 4)
    np.testing.assert_array_equal(hidden(x), model.get_layer("hidden")(x))


def test_masks_and_the_training_flag_reach_every_layer() -> None:
    model = Sequential(
        [layers.Embedding(5, 3, mask_zero=True), layers.Dropout(0.5), layers.LSTM(4)]
    )
    ids = np.array([[1, 2, 3], [1, 2, 0]])
    shorter = np.array([[1, 2, 3], [1, 2, 2]])
    assert not np.array_equal(model(ids).data[1], model(shorter).data[1])
    np.testing.assert_array_equal(model(ids).data[1], model(np.array([[1, 2]])).data[0])
    assert not np.array_equal(model(ids, training=True), model(ids))


def test_lengths_of_the_first_batch_do_not_bind_later_ones() -> None:
    model = Sequential([layers.GRU(4), layers.Dense(1)])
    assert model(numbers(2, 5, 3)).shape == (2, 1)
    assert model(numbers(2, 9, 3)).shape == (2, 1)
    with pytest.raises(ValueError, match="GRU gru expected 3 input features, got 4"):
        model(numbers(2, 9, 4))


def test_stateful_model_keeps_its_batch_size_and_forgets_on_request() -> None:
    model = Sequential([Input(batch_shape=(2, None, 3)), layers.GRU(4, stateful=True)])
    x = numbers(2, 5, 3)
    first, second = np.array(model(x)), np.array(model(x))
    assert not np.array_equal(first, second)
    model.reset_states()
    np.testing.assert_array_equal(model(x), first)


def test_sequential_takes_several_inputs_in_a_list() -> None:
    model = Sequential([layers.Add(), layers.Dense(2)])
    x = numbers(3, 4)
    assert model([x, x]).shape == (3, 2)


@pytest.mark.parametrize("built", [True, False])
def test_configuration_makes_the_same_model_again(built: bool) -> None:
    model = Sequential([layers.Dense(3, activation="relu"), layers.Dense(1)], name="two")
    if built:
        model.build((None, 4))
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    x = numbers(3, 4)
    expected = model(x)
    again.build((None, 4)) if not built else None
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(x), expected)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_compute_the_same_and_learn_apart(copied: Any) -> None:
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = numbers(8, 4), numbers(8, 1)
    model.fit(x, y, verbose=0)
    twin = copied(model)
    expected = model(x)
    np.testing.assert_array_equal(twin(x), expected)
    twin.fit(x, y, verbose=0)
    np.testing.assert_array_equal(model(x), expected)
    model.fit(x, y, verbose=0)
    np.testing.assert_allclose(model(x), twin(x), rtol=1e-5)


def test_what_is_not_a_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a layer, got 3"):
        Sequential([3])
    with pytest.raises(TypeError, match="expected a list of layers"):
        Sequential(layers.Dense(2))
    with pytest.raises(ValueError, match="already has a layer called 'same'"):
        Sequential([layers.Dense(2, name="same"), layers.Dense(2, name="same")])
    with pytest.raises(ValueError, match="Input once and in front"):
        Sequential([layers.Dense(2), Input((3,))])
    with pytest.raises(ValueError, match="has no layers"):
        Sequential().build((None, 3))


def test_layer_that_does_not_fit_is_not_added() -> None:
    model = Sequential([Input((4,)), layers.Dense(3)])
    with pytest.raises(ValueError, match="rank 3, got rank 2"):
        model.add(layers.LSTM(2))
    assert model(numbers(2, 4)).shape == (2, 3)
    model.add(layers.Dense(1))
    assert model.output_shape == (None, 1)


@pytest.mark.parametrize(
    ("first", "x"),
    [
        ([Input((6, 2)), layers.GRU(3)], np.ones((4, 9, 2), np.float32)),
        ([Input((6,)), layers.Embedding(5, 2), layers.GRU(3)], np.ones((4, 9), np.int32)),
    ],
)
def test_sequences_may_be_of_another_length(first: list[Any], x: np.ndarray) -> None:
    model = Sequential([*first, layers.Dense(1)])
    for found in (model(x), model.predict(x, verbose=0), model.predict(x[:, :3], verbose=0)):
        assert found.shape == (4, 1)


def test_wrong_input_is_refused_with_both_shapes() -> None:
    model = Sequential([Input((4,)), layers.Dense(3)], name="m")
    with pytest.raises(ValueError, match=r"m expected its input .* \(None, 4\), got \(2, 5\)"):
        model(numbers(2, 5))
