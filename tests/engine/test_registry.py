import numpy as np
import pytest

from leftfold.engine import registry
from leftfold.engine.registry import Registry, custom_object_scope, register_keras_serializable
from leftfold.engine.tensor import Tensor


class Cup:
    def __init__(self, size=1):
        self.size = size

    def get_config(self):
        return {"size": self.size}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __call__(self):
        return self.size


class CoffeeCup(Cup):
    pass


def pour(x):
    return x


CUPS = Registry("cup", [CoffeeCup, pour], {"mug": CoffeeCup})


def test_objects_answer_to_all_their_names():
    for name in ("CoffeeCup", "coffee_cup", "mug"):
        assert type(CUPS.get(name)) is CoffeeCup
    assert CUPS.get("pour") is pour
    assert CUPS.get(CoffeeCup).size == 1
    assert CUPS.get({"class_name": "CoffeeCup", "config": {"size": 3}}).size == 3
    assert CUPS.get(None) is None


def test_what_is_unknown_is_named_with_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown cup 'coffe_cup'. Did you mean 'coffee_cup'\?"):
        CUPS.get("coffe_cup")
    with pytest.raises(ValueError, match=r"Did you mean 'mug'\?"):
        CUPS.get("MUG")
    with pytest.raises(ValueError, match=r"Known: coffee_cup, mug, pour."):
        CUPS.get("zzz")
    with pytest.raises(ValueError, match="a class or a callable, got 3"):
        CUPS.get(3)
    with pytest.raises(TypeError, match=r"'class_name' and 'config', got {'size': 1}"):
        CUPS.deserialize({"size": 1})


def test_ones_own_objects_come_first_and_only_inside_their_scope():
    class CoffeeCup(Cup):
        pass

    with custom_object_scope({"CoffeeCup": CoffeeCup, "jug": Cup}):
        assert type(CUPS.get("CoffeeCup")) is CoffeeCup
        with custom_object_scope({"jug": CoffeeCup}):
            assert type(CUPS.get("jug")) is CoffeeCup
        assert type(CUPS.get("jug")) is Cup
    with pytest.raises(ValueError, match="Unknown cup 'jug'"):
        CUPS.get("jug")


def test_registered_objects_are_found_by_package_and_name(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(registry, "_registered_names", {})

    @register_keras_serializable("mine", "glass")
    class Glass(Cup):
        pass

    config = CUPS.serialize(Glass(5))
    assert config["registered_name"] == "mine>glass"
    again = CUPS.deserialize(config)
    assert type(again) is Glass
    assert again.size == 5
    with pytest.raises(ValueError, match="get_config"):
        register_keras_serializable()(type("Plain", (), {}))


def test_plain_data_arrays_and_functions_are_serialised_as_keras_does():
    assert registry.serialize([1, (2.5, None), {"a": "b"}]) == [1, (2.5, None), {"a": "b"}]
    assert registry.serialize(np.float32(0.5)) == 0.5
    assert registry.serialize(np.arange(2)) == {
        "class_name": "__numpy__",
        "config": {"value": [0, 1], "dtype": "int64"},
    }
    assert registry.serialize(Tensor(np.ones(1, "float32")))["class_name"] == "__tensor__"
    assert registry.serialize(pour) == {
        "module": "builtins",
        "class_name": "function",
        "config": "pour",
        "registered_name": "function",
    }
    assert CUPS.deserialize(registry.serialize(pour)) is pour
    with pytest.raises(TypeError, match="object cannot be saved"):
        registry.serialize(object())


def test_classes_of_ours_are_published_where_keras_has_them():
    from leftfold import initializers, losses, optimizers
    from leftfold.engine.random import SeedGenerator

    assert registry.public_module(initializers.Zeros) == "keras.initializers"
    assert registry.public_module(losses.Huber) == "keras.losses"
    assert registry.public_module(optimizers.Adam) == "keras.optimizers"
    decay = optimizers.schedules.CosineDecay
    assert registry.public_module(decay) == "keras.optimizers.schedules"
    assert registry.public_module(SeedGenerator) == "keras.random"
    assert registry.public_module(Cup) is None
