"""Copies of models in which layers are changed, or called in another way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers
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
