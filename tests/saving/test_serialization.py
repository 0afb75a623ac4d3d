from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import (
    Input,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    ops,
    optimizers,
    regularizers,
)
from leftfold.engine import Tensor
from leftfold.saving import SavingError, deserialize_keras_object, serialize_keras_object
from leftfold.saving.serialization import find_class


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        "text",
        b"bytes",
        [1, [2.0, None]],
        {"a": {"b": [1]}},
        slice(None, -1, 2),
        Ellipsis,
    ],
    ids=str,
)
def test_plain_values_come_back(value: Any) -> None:
    assert deserialize_keras_object(serialize_keras_object(value)) == value


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_arrays_and_tensors_come_back(dtype: str) -> None:
    array = np.array([[1, 0], [2, 3]]).astype(dtype)
    again = deserialize_keras_object(serialize_keras_object(array))
    assert again.dtype == dtype
    np.testing.assert_array_equal(again, array)
    tensor = deserialize_keras_object(serialize_keras_object(Tensor(array)))
    assert isinstance(tensor, Tensor)
    np.testing.assert_array_equal(tensor.numpy(), array)


def test_a_symbolic_tensor_is_written_as_its_origin() -> None:
    x = Input((None, 3), name="series")
    assert serialize_keras_object(x) == {
        "class_name": "__keras_tensor__",
        "config": {
            "shape": [None, None, 3],
            "dtype": "float32",
            "keras_history": ["series", 0, 0],
        },
    }


@pytest.mark.parametrize(
    ("item", "module"),
    [
        (layers.LSTM(2), "keras.layers"),
        (initializers.Orthogonal(gain=2.0), "keras.initializers"),
        (regularizers.L1L2(0.1, 0.2), "keras.regularizers"),
        (constraints.MaxNorm(3), "keras.constraints"),
        (losses.Huber(delta=0.5), "keras.losses"),
        (metrics.AUC(num_thresholds=50), "keras.metrics"),
        (optimizers.Nadam(0.01), "keras.optimizers"),
        (
            optimizers.schedules.CosineDecay(0.1, 100),
            "keras.optimizers.schedules",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_objects_of_every_room_come_back(item: Any, module: str) -> None:
    data = serialize_keras_object(item)
    assert data["module"] == module
    assert data["registered_name"] is None
    again = deserialize_keras_object(data)
    assert type(again) is type(item)
    assert again.get_config() == item.get_config()


def test_functions_of_ours_are_found_by_name_and_others_only_if_given() -> None:
    data = serialize_keras_object(losses.mean_squared_error)
    assert deserialize_keras_object(data) is losses.mean_squared_error

    def mine(x: Any) -> Any:
        return ops.tanh(x)

    data = serialize_keras_object(mine)
    with pytest.raises(SavingError, match="function 'mine' is not known here"):
        deserialize_keras_object(data)
    assert deserialize_keras_object(data, {"mine": mine}) is mine


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("subprocess", "Popen"),
        ("leftfold.saving.archive", "Archive"),
        ("keras.src.utils.io_utils", "enable_interactive_logging"),
        ("keras.layers", "calls"),
        ("keras.layers", "np"),
        ("keras", "os"),
        (None, "LSTM"),
        (["keras.layers"], "LSTM"),
        ("keras.models", "load_model"),
    ],
)
def test_nothing_but_classes_of_ours_is_found(module: Any, name: str) -> None:
    with pytest.raises(SavingError, match=f"'{name}' of .* is not known here"):
        find_class({"module": module, "class_name": name, "config": {}})


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras", "Sequential"),
        ("keras.layers", "LSTM"),
        ("keras.src.layers.rnn.lstm", "LSTM"),
        ("keras.src.models.functional", "Functional"),
        ("keras", "DTypePolicy"),
        ("keras.optimizers.schedules", "ExponentialDecay"),
        ("keras.src.optimizers.adam", "Adam"),
    ],
)
def test_modules_of_keras_lead_to_ours(module: str, name: str) -> None:
    assert find_class({"module": module, "class_name": name}).__name__ == name


def test_an_object_that_cannot_be_written_says_what_it_lacks() -> None:
    with pytest.raises(TypeError, match=r"no get_config\(\)"):
        serialize_keras_object(object())
