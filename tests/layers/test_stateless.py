"""Calls with a state that is given, for layers and metrics, as in Keras."""

from __future__ import annotations

import numpy as np
import pytest

import leftfold
from leftfold import layers, metrics


def test_a_stateless_call_uses_the_given_values_and_changes_nothing() -> None:
    layer = layers.BatchNormalization()
    x = np.random.default_rng(1).normal(3, 2, (8, 4)).astype("float32")
    layer.build((None, 4))
    before = layer.get_weights()
    trained = [np.full(4, 2.0), np.ones(4)]
    others = [v.numpy() for v in layer.non_trainable_variables]
    outputs, left = layer.stateless_call(trained, others, x, training=True)
    for kept, was in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(kept, was)
    twin = layers.BatchNormalization()
    twin.build((None, 4))
    twin.set_weights([*trained, *others])
    np.testing.assert_array_equal(outputs, twin(x, training=True))
    for value, variable in zip(left, twin.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(value, variable)


def test_a_stateless_call_hands_losses_back_and_wants_every_value() -> None:
    layer = layers.Dense(2, kernel_regularizer="l2")
    with pytest.raises(ValueError, match="must be built"):
        layer.stateless_call([], [], np.ones((1, 3)))
    layer.build((None, 3))
    kernel, bias = np.ones((3, 2)), np.zeros(2)
    outputs, left, losses = layer.stateless_call(
        [kernel, bias], [], np.ones((1, 3)), return_losses=True
    )
    assert np.asarray(outputs).tolist() == [[3.0, 3.0]]
    assert left == []
    assert float(losses[0]) == pytest.approx(0.06)
    with pytest.raises(ValueError, match="a value for each of its 2 variables, got 1"):
        layer.stateless_call([kernel], [], np.ones((1, 3)))


def test_a_symbolic_call_tells_the_outputs() -> None:
    spec = layers.LSTM(4).symbolic_call(leftfold.KerasTensor((None, 5, 3)))
    assert (spec.shape, spec.dtype) == ((None, 4), "float32")


def test_metrics_of_layers_inside_are_found() -> None:
    class Counting(layers.Layer):
        def __init__(self, inner: layers.Layer | None = None) -> None:
            super().__init__()
            self.inner = inner
            self.mean = metrics.Mean()

    outer = Counting(Counting())
    assert outer.metrics == [outer.mean, outer.inner.mean]
    assert len(outer.metrics_variables) == 4
    assert outer.weights == []


def test_a_metric_computes_with_a_state_that_is_given() -> None:
    metric = metrics.MeanSquaredError()
    metric.update_state([1.0], [2.0])
    start = metric.stateless_reset_state()
    state = metric.stateless_update_state(start, [1.0, 1.0], [4.0, 4.0])
    assert float(metric.stateless_result(state)) == 9.0
    assert float(metric.result()) == 1.0
    with pytest.raises(ValueError, match="a value for each of its 2 variables, got 1"):
        metric.stateless_result(state[:1])


def test_a_weight_may_be_named_first_as_in_keras_2() -> None:
    class Older(layers.Layer):
        def build(self, input_shape: tuple[int, ...]) -> None:
            self.w = self.add_weight("matrix", shape=(input_shape[-1], 2), initializer="ones")
            self.b = self.add_weight("offset", (2,), "float32", "zeros")

    layer = Older()
    with pytest.warns(UserWarning, match="takes the shape first"):
        leftfold.engine.legacy.forget_told()
        layer.build((None, 3))
    assert [v.name for v in layer.weights] == ["matrix", "offset"]
    assert layer.w.shape == (3, 2)
