"""Copies of models in which layers are changed, or called in another way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers, metrics, ops, optimizers
from leftfold.models import clone_model


def nested() -> Model:
    inner = Sequential([Input((3,)), layers.Dense(4, name="deep")], name="inner")
    begin = Input((3,))
    return Model(begin, layers.Dense(2, name="top")(inner(begin)))


def wider(layer: Any) -> Any:
    config = layer.get_config()
    if layer.name == "deep":
        config["units"] = 7
    return type(layer).from_config(config)


def test_models_inside_are_taken_apart_only_where_asked() -> None:
    shallow = clone_model(nested(), clone_function=wider)
    deep = clone_model(nested(), clone_function=wider, recursive=True)
    assert shallow.get_layer("inner").get_layer("deep").units == 4
    assert deep.get_layer("inner").get_layer("deep").units == 7
    assert deep.predict(np.ones((2, 3)), verbose=0).shape == (2, 2)


def test_layers_may_be_called_in_another_way() -> None:
    def followed_by_dropout(layer: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = layer(*args, **kwargs)
        return layers.Dropout(0.5)(outputs) if isinstance(layer, layers.Dense) else outputs

    begin = Input((3,))
    model = Model(begin, layers.Dense(2)(layers.Dense(4)(begin)))
    copy = clone_model(model, clone_function=lambda layer: layer, call_function=followed_by_dropout)
    kinds = [type(layer).__name__ for layer in copy.layers]
    assert kinds == ["InputLayer", "Dense", "Dropout", "Dense", "Dropout"]
    x = np.ones((2, 3))
    np.testing.assert_array_equal(copy.predict(x, verbose=0), model.predict(x, verbose=0))
    with pytest.raises(ValueError, match="expected a functional model where call_function"):
        clone_model(Sequential([layers.Dense(2)]), call_function=followed_by_dropout)


class Batches(metrics.Metric):
    """Counts batches in units of its own, which no configuration tells."""

    def __init__(self, unit: float) -> None:
        super().__init__(name="batches")
        self.unit, self.seen = unit, self.add_weight(shape=(), initializer="zeros", name="seen")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.seen.assign_add(self.unit)

    def result(self) -> Any:
        return self.seen


def squares(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@pytest.mark.parametrize("sequential", [True, False])
def test_a_copy_of_a_compiled_model_is_compiled_and_learns_apart(sequential: bool) -> None:
    begin = Input((3,))
    chain = [begin, layers.Dense(1)]
    model = Sequential(chain) if sequential else Model(begin, chain[1](begin))  # type: ignore[operator]
    model.compile(optimizers.Adam(0.02), squares, metrics=[Batches(2.0), "mae"])
    x, y = np.ones((4, 3)), np.zeros((4, 1))
    model.fit(x, y, epochs=3, verbose=0)
    copy = clone_model(model)
    assert copy.optimizer.built and float(copy.optimizer.learning_rate) == pytest.approx(0.02)
    assert int(copy.optimizer.iterations) == 0
    copy.set_weights(model.get_weights())
    assert copy.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    copy.fit(x, y, epochs=2, verbose=0)
    assert (int(copy.optimizer.iterations), int(model.optimizer.iterations)) == (2, 3)
    assert not clone_model(Sequential([layers.Dense(1)])).compiled
