"""`Layer`: what every layer inherits, and what layers written by users can rely on."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, layers, ops
from leftfold.engine import Tape, Tensor
from leftfold.engine.registry import register_keras_serializable


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


class Scale(layers.Layer):
    """A layer as the Keras guide shows it: weights in `build`, ops in `call`."""

    def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(
            shape=(input_shape[-1],),
            initializer="ones",
            trainable=True,
            name="factor",
        )

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor * self.start


class Block(layers.Layer):
    """Layers in attributes and lists, made in `__init__`; no `build`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = layers.Dense(4, activation="tanh")
        self.more = [layers.Dense(3)]
        self.more.append(layers.Dense(2))
        self.named = {"scale": Scale()}

    def call(self, inputs: Any, training: Any = None) -> Any:
        x = self.first(inputs)
        for layer in self.more:
            x = layer(x)
        return self.named["scale"](x)


class Watch(layers.Layer):
    """Keeps the training flag of its last call."""

    def call(self, inputs: Any, training: Any = None) -> Any:
        self.seen = training
        return inputs


# Building and owning ----------------------------------------------------------------------------


def test_weights_are_made_at_the_first_call() -> None:
    layer = Scale()
    assert not layer.built
    assert layer.weights == []
    layer(numbers(2, 3))
    assert layer.built
    assert [w.path for w in layer.weights] == ["scale/factor"]
    assert layer.get_build_config() == {"input_shape": (2, 3)}


def test_layers_in_lists_and_dictionaries_are_found_and_learn() -> None:
    block = Block()
    x = numbers(2, 5)
    with Tape() as tape:
        loss = ops.sum(block(x) ** 2)
    names = [w.path for w in block.trainable_weights]
    assert names[0] == "block/dense/kernel"
    assert names[-1] == "block/scale/factor"
    assert len(names) == 7
    assert all(np.any(g) for g in tape.gradient(loss, block.trainable_weights))


def test_layers_added_to_a_list_later_and_layers_replaced_are_noticed() -> None:
    block = Block()
    block(numbers(2, 5))
    block.more.append(layers.Dense(1))
    block(numbers(2, 5))
    assert len(block.weights) == 9
    block.first = layers.Dense(4)
    assert len(block.weights) == 7
    del block.first
    assert len(block.weights) == 7
    block.more.clear()
    assert [w.name for w in block.weights] == ["factor"]


def test_build_runs_the_layers_inside() -> None:
    block = Block()
    block.build((None, 5))
    assert len(block.weights) == 7
    assert block.first.get_build_config() == {"input_shape": (None, 5)}


def test_unknown_sizes_stay_unknown_in_the_layers_inside() -> None:
    block = Block()
    assert block(Input((5,))).shape == (None, 2)
    assert block.more[0].get_build_config() == {"input_shape": (None, 4)}


def test_build_with_several_arguments_gets_the_shapes_by_name() -> None:
    class Attend(layers.Layer):
        def build(self, query_shape: Any, value_shape: Any) -> None:
            self.shapes = (query_shape, value_shape)

        def call(self, query: Any, value: Any, value_mask: Any = None) -> Any:
            self.mask_seen = value_mask
            return query + ops.mean(value, axis=1)

    layer = Attend()
    value = Tensor(numbers(2, 4, 3))
    value._keras_mask = Tensor(np.ones((2, 4), bool))
    layer(numbers(2, 3), value)
    assert layer.shapes == ((2, 3), (2, 4, 3))
    assert layer.mask_seen is value._keras_mask
    assert layer.get_build_config() == {
        "shapes_dict": {"query_shape": (2, 3), "value_shape": (2, 4, 3)}
    }


def test_forgetting_super_is_explained() -> None:
    class Broken(layers.Layer):
        def __init__(self) -> None:
            self.w = self.add_weight((2,))

    class Silent(layers.Layer):
        def __init__(self) -> None:
            self.units = 3

        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(RuntimeError, match=r"Broken must call super\(\).__init__\(\) first"):
        Broken()
    with pytest.raises(RuntimeError, match=r"Silent must call super\(\).__init__\(\) first"):
        Silent()(numbers(2))


def test_weights_need_sizes_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"Scale scale expected sizes known .* 'factor'"):
        Scale().build((3, None))


# Calling ----------------------------------------------------------------------------------------


def test_training_is_the_argument_then_the_enclosing_call_then_false() -> None:
    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Watch()
            self.fixed = Watch()

        def call(self, x: Any) -> Any:
            return self.fixed(self.inner(x), training=False)

    outer = Outer()
    for asked, expected in ((None, False), (True, True), (False, False)):
        outer(numbers(2), training=asked)
        assert outer.inner.seen is expected
        assert outer.fixed.seen is False


def test_training_ends_with_the_call_even_if_it_fails() -> None:
    class Fails(layers.Layer):
        def call(self, x: Any) -> Any:
            raise KeyError("inside")

    with pytest.raises(KeyError):
        Fails()(numbers(2), training=True)
    watch = Watch()
    watch(numbers(2))
    assert watch.seen is False


def test_training_of_one_thread_does_not_reach_another() -> None:
    seen = []

    class Asks(layers.Layer):
        def call(self, x: Any, training: Any = None) -> Any:
            watch = Watch()
            thread = threading.Thread(target=lambda: watch(x))
            thread.start()
            thread.join()
            seen.append(watch.seen)
            return x

    Asks()(numbers(2), training=True)
    assert seen == [False]


def test_default_of_training_in_call_counts() -> None:
    class Usually(layers.Layer):
        def call(self, x: Any, training: bool = True) -> Any:
            return x + (1.0 if training else 0.0)

    assert Usually()(np.zeros(1)).tolist() == [1.0]
    assert Usually()(np.zeros(1), training=False).tolist() == [0.0]


def test_mask_of_the_first_argument_is_passed_and_handed_on() -> None:
    class Counts(layers.Layer):
        def call(self, x: Any, scale: Any = None, mask: Any = None) -> Any:
            self.seen = mask
            return x * 2

        def compute_mask(self, inputs: Any, mask: Any) -> Any:
            return ops.logical_not(mask)

    x = layers.Masking()(np.array([[[1.0], [0.0]]]))
    for extra in ({}, {"scale": numbers(1)}):
        layer = Counts()
        y = layer(x, **extra)
        assert layer.seen.tolist() == [[True, False]]
        assert y._keras_mask.tolist() == [[False, True]]
    assert layer(x, mask=np.array([[0, 1]])).shape == (1, 2, 1)
    assert layer.seen.tolist() == [[False, True]]


def test_layer_that_loses_masks_says_so_once() -> None:
    x = layers.Masking()(np.array([[[1.0], [0.0]]]))
    flatten = layers.Flatten(name="flat")
    with pytest.warns(UserWarning, match="Flatten flat received an input with a mask"):
        assert flatten(x)._keras_mask is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flatten(x)


def test_floats_are_cast_to_the_layers_type_and_integers_are_not() -> None:
    watch = layers.Identity()
    assert watch(np.zeros(2, "float64")).dtype == "float32"
    assert watch(np.zeros(2, "int64")).dtype == "int64"
    assert layers.Identity(dtype="float64")(np.zeros(2, "float32")).dtype == "float64"
    assert layers.Dense(2)(np.ones((1, 3), "int64")).dtype == "float32"


def test_cast_keeps_mask_and_gradient() -> None:
    x = Tensor(np.array([[[1.0], [2.0]]]), tracked=True)
    x._keras_mask = Tensor(np.array([[True, False]]))
    with Tape() as tape:
        y = layers.Activation("tanh")(x)
    assert y._keras_mask is x._keras_mask
    np.testing.assert_allclose(tape.gradient(y, [x])[0], 1 - np.tanh(x.data) ** 2, rtol=1e-6)


@pytest.mark.parametrize("wrong", [[[1, 2]], 3.0, "text", np.array(["a"])])
def test_what_is_no_array_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"expected .* got"):
        layers.Dense(2)(wrong)


def test_wrong_shapes_are_refused_with_name_and_shape() -> None:
    dense = layers.Dense(2, name="d")
    dense(numbers(3, 8))
    message = r"Dense d expected 8 input features, got 5 \(input shape \(2, 5\)\)"
    with pytest.raises(ValueError, match=message):
        dense(numbers(2, 5))
    with pytest.raises(ValueError, match=r"rank 2 at least, got rank 1 \(input shape \(4,\)\)"):
        layers.Dense(2)(numbers(4))
    with pytest.raises(ValueError, match="rank 3, got rank 2"):
        layers.SpatialDropout1D(0.5)(numbers(2, 3))


@pytest.mark.parametrize("several", [[numbers(2, 3)], {"x": numbers(2, 3)}])
def test_layer_of_one_input_refuses_several(several: Any) -> None:
    with pytest.raises(ValueError, match="expected one tensor as input, got a"):
        layers.Dense(2)(several)


def test_input_spec_of_a_user_is_checked() -> None:
    class Strict(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.input_spec = [
                layers.InputSpec(shape=(None, 3)),
                layers.InputSpec(dtype="int32", max_ndim=2, axes={1: 4}),
            ]

        def call(self, inputs: Any) -> Any:
            return inputs[0]

    x, ids = numbers(2, 3), np.zeros((2, 4), "int32")
    Strict()([x, ids])
    with pytest.raises(ValueError, match="expected 2 inputs, got 1"):
        Strict()(x)
    with pytest.raises(ValueError, match="expected 3 input features"):
        Strict()([numbers(2, 4), ids])
    with pytest.raises(ValueError, match="of dtype int32, got int64"):
        Strict()([x, ids.astype("int64")])
    with pytest.raises(ValueError, match="expected 4 input features, got 2"):
        Strict()([x, ids[:, :2]])


def test_unknown_arguments_and_names_are_refused() -> None:
    with pytest.raises(ValueError, match="Dense does not take the argument 'unit'"):
        layers.Dense(2, unit=3)
    with pytest.raises(ValueError, match="string without '/'"):
        layers.Dense(2, name="a/b")
    with pytest.raises(ValueError, match="trainable to be True or False"):
        layers.Dense(2, trainable="no")


def test_names_count_up() -> None:
    names = [layers.LSTM(2).name, layers.LSTM(2).name, layers.SimpleRNN(2).name, Scale().name]
    assert names == ["lstm", "lstm_1", "simple_rnn", "scale"]


# Weights, losses, freezing ----------------------------------------------------------------------


def test_set_weights_names_what_does_not_fit_and_changes_nothing() -> None:
    dense = layers.Dense(2, name="d")
    dense.build((None, 3))
    before = dense.get_weights()
    with pytest.raises(ValueError, match=r"d expected 2 weights \(kernel, bias\), got 1"):
        dense.set_weights(before[:1])
    wrong = [before[0] + 1, np.zeros(3)]
    with pytest.raises(ValueError, match=r"shape \(2,\) for weight d/bias, got \(3,\)"):
        dense.set_weights(wrong)
    for old, new in zip(before, dense.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_freezing_reaches_layers_inside_and_can_be_undone() -> None:
    block = Block()
    block(numbers(2, 5))
    block.trainable = False
    assert block.trainable_weights == []
    assert len(block.non_trainable_weights) == 7
    assert not block.more[1].trainable
    block.trainable = True
    assert len(block.trainable_weights) == 7
    block.first.trainable = False
    assert len(block.trainable_weights) == 5


def test_weights_made_not_to_be_trained_stay_so() -> None:
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    assert [w.name for w in layer.trainable_weights] == ["gamma", "beta"]
    layer.trainable = False
    layer.trainable = True
    assert [w.name for w in layer.non_trainable_weights] == ["moving_mean", "moving_variance"]


def test_losses_are_those_of_the_last_call_and_of_regularised_weights() -> None:
    class Adds(layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(ops.sum(x))
            return x

    class Holds(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.adds = Adds()
            self.dense = layers.Dense(
                1, kernel_initializer="ones", kernel_regularizer="l2", use_bias=False
            )

        def call(self, x: Any) -> Any:
            return self.dense(self.adds(self.adds(x)))

    layer = Holds()
    for _ in range(2):
        layer(np.ones((2, 3), "float32"))
        assert [float(loss) for loss in layer.losses] == [6.0, 6.0, pytest.approx(0.03)]
    assert len(layer.adds.losses) == 2
    Model(x := Input((3,)), layer(x))
    assert len(layer.losses) == 3


def test_activity_regularizer_penalises_outputs_per_sample() -> None:
    layer = layers.Activation("linear", activity_regularizer="l1")
    layer(np.full((4, 2), -1.0))
    assert float(layer.losses[0]) == pytest.approx(0.01 * 8 / 4)


# Configurations ---------------------------------------------------------------------------------


def test_layer_without_get_config_is_written_by_its_arguments() -> None:
    layer = Scale(3.0, name="s")
    config = layer.get_config()
    assert config["start"] == 3.0
    again = Scale.from_config(config)
    assert (again.start, again.name) == (3.0, "s")
    assert Block.from_config(Block().get_config()).first.units == 4


def test_constructor_that_takes_nothing_else_gets_nothing_else() -> None:
    class Plain(layers.Layer):
        def __init__(self, size: int, tags: Any = ()) -> None:
            super().__init__()
            self.size = size

    assert Plain(4, tags=["a"]).get_config() == {"size": 4, "tags": ["a"]}
    assert Plain.from_config(Plain(4).get_config()).size == 4
    with pytest.raises(NotImplementedError, match="Plain was given arguments that are not plain"):
        Plain(numbers(2)).get_config()


def test_registered_layer_is_found_again() -> None:
    @register_keras_serializable("tests")
    class Known(Scale):
        pass

    layer = Known(2.0)
    layer(numbers(2, 3))
    again = layers.deserialize(layers.serialize(layer))
    assert type(again) is Known
    assert again.factor.shape == (3,)


def test_a_class_of_an_imported_module_is_found_again_and_others_when_they_are_given() -> None:
    config = layers.serialize(Scale())
    assert type(layers.deserialize(config)) is Scale
    for elsewhere in (None, "__main__", "no.such.module", "os"):
        moved = config | {"module": elsewhere}
        with pytest.raises(ValueError, match="Unknown layer class 'Scale'"):
            layers.deserialize(moved)
        assert type(layers.deserialize(moved, {"Scale": Scale})) is Scale


def test_input_and_output_are_those_of_the_first_symbolic_call() -> None:
    layer = layers.Dense(2)
    with pytest.raises(AttributeError, match="no output yet"):
        _ = layer.output
    x = Input((3,))
    y = layer(x)
    layer(Input((3,)))
    assert layer.input is x
    assert layer.output is y
    assert (layer.input_shape, layer.output_shape) == ((None, 3), (None, 2))


def test_layer_without_shape_rule_infers_it() -> None:
    class Pairs(layers.Layer):
        def call(self, x: Any) -> Any:
            return {"sum": ops.sum(x, axis=1), "both": [x, ops.cast(x > 0, "int32")]}

    outputs = Pairs()(Input((None, 3)))
    assert outputs["sum"].shape == (None, 3)
    assert outputs["both"][1].shape == (None, None, 3)
    assert outputs["both"][1].dtype == "int32"
    assert Pairs().compute_output_shape((2, 4, 3))["sum"] == (2, 3)


def test_the_first_argument_may_be_called_inputs_as_in_keras_2():
    from leftfold.layers import LSTM

    lstm, x = LSTM(2), np.ones((1, 3, 2), "float32")
    np.testing.assert_array_equal(lstm(inputs=x), lstm(x))
    state = [np.ones((1, 2), "float32")] * 2
    np.testing.assert_array_equal(lstm(inputs=x, initial_state=state), lstm(x, initial_state=state))
