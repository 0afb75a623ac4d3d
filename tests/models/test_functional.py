"""Functional models: graphs, what runs in them, what they refuse, how they are written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leftfold
from leftfold import Input, Model, Sequential, layers, ops
from leftfold.engine import Tape
from leftfold.engine.symbolic import leaves
from leftfold.models import Functional, clone_model
from tests.golden.graph_programs import MODELS, revive, run

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "graphs.json").read_text(encoding="utf-8")
)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def plain(value: Any) -> Any:
    """A configuration without what says nothing: empty masks, defaults, unsupported features."""
    if isinstance(value, dict):
        if value.get("class_name") == "SimpleRNN":
            value["config"].pop("seed", None)  # Keras forgets to write it
        return {
            key: plain(item)
            for key, item in value.items()
            if key != "quantization_config"
            and not (key == "compile_config" and not item)
            and not (key == "training" and item is False)
            and not (key == "mask" and not item)
        }
    return [plain(item) for item in value] if isinstance(value, list) else value


def without_wrapped_shapes(config: dict[str, Any]) -> dict[str, Any]:
    """Without the shapes of layers inside `Bidirectional`, which are those it was built for."""
    for layer in config["config"]["layers"]:
        for name in ("layer", "backward_layer"):
            if isinstance(layer["config"].get(name), dict):
                layer["config"][name].pop("build_config", None)
    return config


@pytest.mark.parametrize("name", MODELS)
def test_model_agrees_with_keras(name: str) -> None:
    ours, theirs = json.loads(json.dumps(run(leftfold, name))), GOLDEN[name]
    mine, other = (without_wrapped_shapes(plain(each["config"])) for each in (ours, theirs))
    assert mine == other
    assert ours["weights"] == theirs["weights"]
    for key, values in theirs["outputs"].items():
        np.testing.assert_allclose(ours["outputs"][key], values, rtol=1e-4, atol=5e-6)


@pytest.mark.parametrize("name", MODELS)
def test_model_of_keras_can_be_read_and_computes_the_same(name: str) -> None:
    theirs = GOLDEN[name]
    for key, values in revive("leftfold", theirs["config"], name).items():
        np.testing.assert_allclose(values, theirs["outputs"][key], atol=5e-6, rtol=1e-4)
    model = leftfold.saving.deserialize_keras_object(theirs["config"])
    written = json.loads(json.dumps(leftfold.saving.serialize_keras_object(model)))
    ours, expected = (without_wrapped_shapes(plain(c)) for c in (written, theirs["config"]))
    assert ours == expected


def test_model_with_inputs_and_outputs_is_functional() -> None:
    x = Input((3,))
    model = Model(inputs=x, outputs=layers.Dense(2)(x))
    assert type(model) is Functional
    assert isinstance(model, Model)
    assert model.input_shape == (None, 3)
    assert model.output_shape == (None, 2)


def test_subclass_may_pass_a_graph_to_super() -> None:
    class Own(Model):
        def __init__(self, units: int) -> None:
            x = Input((3,))
            super().__init__(x, layers.Dense(units)(x))
            self.units = units

        def twice(self) -> int:
            return 2 * self.units

    model = Own(4)
    assert isinstance(model, Functional)
    assert model(numbers(2, 3)).shape == (2, 4)
    assert model.twice() == 8
    assert Own.from_config(model.get_config()).output_shape == (None, 4)


def test_shared_layer_gets_the_gradients_of_all_its_calls() -> None:
    a, b = Input((3,)), Input((3,))
    same = layers.Dense(1, use_bias=False)
    model = Model([a, b], same(a) + 2 * same(b))
    x, y = numbers(4, 3), numbers(4, 3, seed=1)
    with Tape() as tape:
        total = ops.sum(model([x, y]))
    (gradient,) = tape.gradient(total, model.trainable_variables)
    np.testing.assert_allclose(gradient[:, 0], (x + 2 * y).sum(0), rtol=1e-5)


def test_second_model_is_cut_from_inner_tensors() -> None:
    x = Input((5,), name="ids")
    y = layers.Embedding(9, 4, mask_zero=True, name="words")(x)
    z = layers.LSTM(3, name="reader", return_sequences=True)(y)
    whole = Model(x, layers.Dense(1)(z))
    ids = np.array([[1, 2, 3, 0, 0]])
    reader = Model(whole.inputs, whole.get_layer("reader").output)
    embedded = Model(whole.input, whole.get_layer("words").output)
    behind = Model(whole.get_layer("words").output, whole.output)
    assert reader(ids).shape == (1, 5, 3)
    vectors = embedded(ids)
    assert vectors._keras_mask.tolist() == [[True, True, True, False, False]]
    np.testing.assert_allclose(behind(vectors), whole(ids), rtol=1e-6)
    assert [layer.name for layer in behind.layers][1:] == ["reader", whole.layers[-1].name]


def test_mask_reaches_a_decoder_that_gets_an_initial_state() -> None:
    source, target = Input((None,)), Input((None,))
    words = layers.Embedding(9, 4, mask_zero=True)
    _, h, c = layers.LSTM(3, return_state=True)(words(source))
    decoder = layers.LSTM(3, return_sequences=True)
    model = Model([source, target], decoder(words(target), initial_state=[h, c]))
    first = model([np.array([[1, 2]]), np.array([[3, 0, 4]])])
    assert first._keras_mask.tolist() == [[True, False, True]]
    np.testing.assert_array_equal(first.data[:, 0], first.data[:, 1])


def test_model_keeps_no_mask_computation_that_travels_anyway() -> None:
    x = Input((None,))
    y = layers.LSTM(2)(layers.Embedding(5, 2, mask_zero=True)(x))
    model = Model(x, y)
    assert [operation.name for operation in model.operations][-2:] == ["not_equal", "lstm"]
    revived = Model.from_config(model.get_config())
    for each in (model, revived):
        assert [step.operation.name for step in each._plan.steps] == ["embedding", "lstm"]


def test_structures_of_inputs_and_outputs_are_kept() -> None:
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model({"a": a, "b": b}, {"sum": a + b, "parts": [a - b, a * b]})
    x, y = numbers(3, 2), numbers(3, 2, seed=1)
    outputs = model({"b": y, "a": x})
    np.testing.assert_allclose(outputs["sum"], x + y)
    np.testing.assert_allclose(outputs["parts"][0], x - y)
    np.testing.assert_allclose(outputs["parts"][1], x * y)
    listed = Model([a, b], a - b)
    np.testing.assert_allclose(listed({"b": y, "a": x}), x - y)
    np.testing.assert_allclose(listed([x, y]), x - y)


def test_explicit_training_in_the_graph_wins_over_the_call() -> None:
    x = Input((1000,))
    always, never, usual = (layers.Dropout(0.5) for _ in range(3))
    model = Model(x, [always(x, training=True), never(x, training=False), usual(x)])
    ones = np.ones((1, 1000), "float32")
    for training in (True, False):
        a, n, u = model(ones, training=training)
        assert (a.data == 0).any()
        assert not (n.data == 0).any()
        assert (u.data == 0).any() == training


def test_layer_of_several_outputs_and_unused_ones() -> None:
    x = Input((4, 3))
    _, h, c = layers.LSTM(2, return_state=True)(x)
    model = Model(x, h + c)
    assert model(numbers(2, 4, 3)).shape == (2, 2)


def test_inner_tensors_are_freed_as_soon_as_nothing_reads_them() -> None:
    x = Input((3,))
    y = layers.Dense(3)(x)
    z = layers.Dense(3)(y)
    model = Model(x, y + z)
    freed = [slot for step in model._plan.steps for slot in step.finished]
    assert len(freed) == len(set(freed)) == 2


def test_input_may_have_a_last_axis_of_one_more_or_less() -> None:
    x = Input((4, 1))
    model = Model(x, layers.Flatten()(x))
    assert model(numbers(2, 4)).shape == (2, 4)
    y = Input((4,))
    model = Model(y, layers.Dense(1)(y))
    assert model(numbers(2, 4, 1)).shape == (2, 1)


def test_inputs_are_cast_to_what_the_model_was_made_for() -> None:
    x = Input((2,))
    assert Model(x, x * 2)(np.array([[1, 2]])).dtype == "float32"
    i = Input((2,), dtype="int32")
    model = Model(i, i + 1)
    assert model(np.array([[1.0, 2.0]])).dtype == "int32"
    with pytest.raises(ValueError, match="expected whole numbers for its input"):
        model(np.array([[1.5, 2.0]]))


def test_optional_input_may_be_none() -> None:
    class Second(layers.Layer):
        def call(self, x: Any, other: Any = None) -> Any:
            return x if other is None else x + other

    x, other = Input((2,)), Input((2,), name="extra", optional=True)
    model = Model([x, other], Second()(x, other))
    values = numbers(3, 2)
    np.testing.assert_allclose(model([values, values]), 2 * values)
    np.testing.assert_allclose(model([values, None]), values)


def test_outputs_that_do_not_follow_from_the_inputs_are_refused() -> None:
    a, b = Input((3,), name="a"), Input((3,), name="b")
    y = layers.Dense(2, name="head")(layers.Concatenate(name="both")([a, b]))
    with pytest.raises(ValueError, match=r"need the input b .*needed by both.*inputs: a\."):
        Model(a, y)
    with pytest.raises(ValueError, match="expected inputs to be symbolic tensors"):
        Model(numbers(2, 3), y)
    with pytest.raises(ValueError, match="expected each input once"):
        Model([a, b, a], y)


def test_inputs_without_outputs_are_refused() -> None:
    for arguments in ({"inputs": Input((3,))}, {"outputs": Input((3,))}):
        with pytest.raises(ValueError, match="expected inputs and outputs together"):
            Model(**arguments)
    with pytest.raises(ValueError, match="expected inputs and outputs together"):
        Model(Input((3,)))


STEPS = {
    "add": lambda a, b: a + b,
    "times": lambda a, b: a * b,
    "larger": lambda a, b: ops.maximum(a, b),
    "joined": lambda a, b: ops.concatenate([a, b], axis=-1)[:, ::2],
    "bent": lambda a, b: ops.tanh(a) - 2 * b,
}


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0), st.integers(0))))
def test_any_graph_computes_what_its_operations_compute_one_by_one(steps: list) -> None:
    x, y = Input((4,)), Input((4,))
    symbols, values = [x, y], [numbers(3, 4), numbers(3, 4, seed=1)]
    for kind, i, j in steps:
        symbols.append(STEPS[kind](symbols[i % len(symbols)], symbols[j % len(symbols)]))
        values.append(STEPS[kind](values[i % len(values)], values[j % len(values)]))
    model = Model([x, y], symbols[-3:])
    for graph in (model, Model.from_config(json.loads(json.dumps(model.get_config())))):
        for ours, theirs in zip(graph(values[:2]), values[-3:], strict=True):
            np.testing.assert_array_equal(ours, np.asarray(theirs))


def test_two_layers_of_one_name_are_refused() -> None:
    x = Input((3,))
    y = layers.Dense(2, name="same")(layers.Dense(2, name="same")(x))
    with pytest.raises(ValueError, match="two called 'same'"):
        Model(x, y)


def test_wrong_inputs_are_refused_by_name() -> None:
    a, b = Input((3,), name="a"), Input((None, 2), name="b")
    model = Model([a, b], [a, b], name="pair")
    x, y = numbers(2, 3), numbers(2, 4, 2)
    with pytest.raises(ValueError, match=r"pair expected 2 inputs \(a, b\), got 1"):
        model(x)
    with pytest.raises(ValueError, match=r"input a to have shape \(None, 3\), got \(2, 4\)"):
        model([numbers(2, 4), y])
    with pytest.raises(ValueError, match=r"input b to have shape \(None, None, 2\), got \(2, 3\)"):
        model([x, x])
    with pytest.raises(ValueError, match="expected an input 'b', got a, c"):
        model({"a": x, "c": y})
    with pytest.raises(ValueError, match="expected a value for its input b"):
        model([x, None])
    assert len(model([x, y])) == 2


def test_get_layer_by_name_and_index() -> None:
    x = Input((3,))
    model = Model(x, layers.Dense(2, name="head")(x), name="m")
    assert model.get_layer("head") is model.get_layer(index=-1)
    with pytest.raises(ValueError, match=r"m has no layer 'tail'. It has: .*head"):
        model.get_layer("tail")
    with pytest.raises(ValueError, match="index below 2, got 5"):
        model.get_layer(index=5)


def test_models_are_layers_of_models() -> None:
    x = Input((4, 3))
    encoder = Model(x, layers.GRU(5)(x), name="encoder")
    decoder = Sequential(
        [Input((5,)), layers.RepeatVector(4), layers.GRU(3, return_sequences=True)]
    )
    y = Input((4, 3))
    both = Model(y, decoder(encoder(y)))
    series = numbers(2, 4, 3)
    np.testing.assert_array_equal(both(series), decoder(encoder(series)))
    assert len(both.trainable_variables) == 6
    encoder.trainable = False
    assert len(both.trainable_variables) == 3
    again = Model.from_config(both.get_config())
    again.set_weights(both.get_weights())
    np.testing.assert_array_equal(again(series), both(series))


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    x = y = Input((2,))
    for _ in range(1500):
        y = y + 1
    assert Model(x, y)(np.zeros((1, 2))).tolist() == [[1500.0, 1500.0]]


@pytest.mark.parametrize("name", MODELS)
def test_clone_has_the_same_architecture_and_weights_of_its_own(name: str) -> None:
    make, inputs = MODELS[name]
    model = make(leftfold)
    clone = clone_model(model)
    assert type(clone) is type(model)
    assert not {id(w) for w in clone.weights} & {id(w) for w in model.weights}
    clone.set_weights(model.get_weights())
    for ours, theirs in zip(leaves(clone(inputs)), leaves(model(inputs)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    names = [operation.name for operation in getattr(clone, "operations", clone.layers)]
    assert names == [operation.name for operation in getattr(model, "operations", model.layers)]


def test_clone_can_exchange_layers_and_begin_elsewhere() -> None:
    x = Input((4,))
    model = Model(x, layers.Dropout(0.5)(layers.Dense(3)(x)))
    ones = np.ones((2, 4), "float32")

    def quiet(layer: layers.Layer) -> layers.Layer:
        if isinstance(layer, layers.Dropout):
            return layers.Dropout(0.0, name=layer.name)
        return layer

    clone = clone_model(model, input_tensors=Input((4,)), clone_function=quiet)
    np.testing.assert_array_equal(clone(ones, training=True), model(ones))
    with pytest.raises(ValueError, match="expected 1 tensors, got 2"):
        clone_model(model, input_tensors=[Input((4,)), Input((4,))])


def test_a_model_inside_may_hand_an_input_through() -> None:
    x = Input((3,))
    inner = Model(x, [x, layers.Dense(3)(x)])
    y = Input((3,))
    same, dense = inner(y)
    again, _ = inner(dense)
    assert same is not y
    outer = Model(y, [same, layers.Add()([again, y])])
    values = np.arange(6, dtype="float32").reshape(2, 3)
    first, second = outer(values)
    np.testing.assert_array_equal(first, values)
    np.testing.assert_allclose(second, inner(values)[1].numpy() + values, rtol=1e-6)
