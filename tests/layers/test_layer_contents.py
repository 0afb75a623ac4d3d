"""What a layer says it holds, as code written for Keras asks for it."""

from __future__ import annotations

import leftfold
from leftfold import layers, ops


def test_layers_inside_are_listed_with_or_without_the_outer_one_and_those_deeper():
    inner = layers.LSTM(2)
    outer = layers.Bidirectional(inner)
    outer.build((None, 3, 4))
    everything = outer._flatten_layers()
    assert everything[0] is outer
    assert outer._flatten_layers(include_self=False) == everything[1:]
    direct = outer._flatten_layers(include_self=False, recursive=False)
    assert direct == [outer.forward_layer, outer.backward_layer]
    assert outer.forward_layer.cell in everything


def test_states_of_randomness_are_variables_but_no_weights():
    model = leftfold.Sequential([leftfold.Input((4,)), layers.Dense(2), layers.Dropout(0.5)])
    dropout = model.layers[1]
    (state,) = dropout.variables
    assert dropout.weights == []
    assert state is dropout.seed_generator.state
    assert [v.path.rpartition("/")[2] for v in model.non_trainable_variables] == [
        "seed_generator_state"
    ]
    assert len(model.variables) == 3
    assert len(model.weights) == 2
    before = state.numpy()
    model(ops.ones((1, 4)), training=True)
    assert state.numpy().tolist() == [before[0], before[1] + 1]


def test_setting_the_state_of_randomness_repeats_what_was_drawn():
    generator = leftfold.random.SeedGenerator(7)
    start = generator.state.numpy()
    first = leftfold.random.normal((3,), seed=generator).numpy()
    generator.state.assign(start)
    assert (leftfold.random.normal((3,), seed=generator).numpy() == first).all()
