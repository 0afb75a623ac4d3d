"""What only Keras 2 wrote: see `tests/golden/make_keras2_files.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from leftfold import Input, Sequential, layers, models, optimizers
from leftfold.saving import SavingError
from leftfold.saving.keras2 import modern
from leftfold.saving.keras2_training import modern_compile
from tests.saving.test_keras_versions import assert_goes_on_learning, assert_predicts, unpack


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["old", "momentum", "amsgrad"])
def test_older_optimizers_go_on_where_they_stopped(name: str, tmp_path: Path) -> None:
    files, facts = unpack("keras2", name, tmp_path)
    model = models.load_model(files["h5"])
    assert_predicts(model, facts)
    assert_goes_on_learning(model, facts)


def test_layers_for_cudnn_are_read_with_their_weights_turned(tmp_path: Path) -> None:
    files, facts = unpack("keras2", "cudnn", tmp_path)
    model = models.load_model(files["h5"])
    assert [type(layer).__name__ for layer in model.layers] == ["LSTM", "Bidirectional", "Dense"]
    assert_predicts(model, facts)


def test_the_hard_sigmoid_of_keras_2_survives_being_saved_again(tmp_path: Path) -> None:
    files, facts = unpack("keras2", "old", tmp_path)
    models.load_model(files["h5"]).save(tmp_path / "again.keras")
    assert_predicts(models.load_model(tmp_path / "again.keras"), facts)


def layer(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": config}


def test_a_sequential_may_be_a_list_that_begins_with_a_shape() -> None:
    first = layer("LSTM", name="l", units=2, batch_input_shape=[None, 5, 3], implementation=1)
    model = modern({"class_name": "Sequential", "config": [first, layer("Dense", units=1)]})
    kinds = [each["class_name"] for each in model["config"]["layers"]]
    assert kinds == ["InputLayer", "LSTM", "Dense"]
    assert model["config"]["layers"][0]["config"]["batch_shape"] == [None, 5, 3]
    assert "batch_input_shape" not in model["config"]["layers"][1]["config"]


def test_before_keras_2_2_a_gru_resets_first_without_saying_so() -> None:
    assert modern(layer("GRU", units=2))["config"]["reset_after"] is False
    assert modern(layer("GRU", units=2, reset_after=True))["config"]["reset_after"] is True


@pytest.mark.parametrize("setting", [{"time_major": True}, {"renorm": True}, {"causal": True}])
def test_settings_without_a_meaning_today_are_refused_by_name(setting: dict[str, Any]) -> None:
    with pytest.raises(SavingError, match=f"{next(iter(setting))}=True"):
        modern(layer("LSTM", name="l", units=2, **setting))
    harmless = dict.fromkeys(setting, False)
    assert modern(layer("LSTM", units=2, **harmless))["config"] == {"units": 2}


def test_learning_rates_that_decay_become_a_schedule() -> None:
    old = {"class_name": "SGD", "config": {"lr": 0.5, "decay": 0.1}}
    optimizer = modern_compile({"optimizer_config": old, "loss": "mse"})["optimizer"]
    made = optimizers.deserialize(optimizer)
    made.build([])
    assert float(made.learning_rate) == pytest.approx(0.5)
    made._iterations.assign(4)
    assert float(made.learning_rate) == pytest.approx(0.5 / 1.4)


def test_by_name_fills_the_layers_that_both_have(tmp_path: Path) -> None:
    def model(units: int) -> Sequential:
        return Sequential(
            [Input((4, 2)), layers.GRU(2, name="same"), layers.Dense(units, name="head")]
        )

    one, other = model(1), model(3)
    one.save(tmp_path / "m.h5")
    with pytest.raises(SavingError, match=r"Dense head expected shape \(2, 3\) for kernel, found"):
        other.load_weights(tmp_path / "m.h5", by_name=True)
    with pytest.warns(UserWarning, match=r"Dense head expected .* It was left as it is"):
        other.load_weights(tmp_path / "m.h5", by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(other.layers[0].get_weights()[0], one.layers[0].get_weights()[0])
    renamed = Sequential([Input((4, 2)), layers.GRU(2, name="new"), layers.Dense(1, name="head")])
    before = renamed.layers[0].get_weights()
    renamed.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(renamed.layers[0].get_weights()[0], before[0])
    np.testing.assert_array_equal(
        renamed.layers[1].get_weights()[0], one.layers[1].get_weights()[0]
    )


def test_weights_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    small = Sequential([Input((4, 2)), layers.GRU(2), layers.Dense(1)])
    large = Sequential([Input((4, 2)), layers.GRU(2), layers.Dense(3)])
    small.save(tmp_path / "m.h5")
    before = large.get_weights()
    with pytest.raises(SavingError, match="expected shape"):
        large.load_weights(tmp_path / "m.h5")
    deeper = Sequential([Input((4, 2)), layers.GRU(2), layers.Dense(2), layers.Dense(1)])
    with pytest.raises(SavingError, match=r"it has 2 layers with weights .*, the model 3"):
        deeper.load_weights(tmp_path / "m.h5")
    for ours, theirs in zip(large.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_file_without_its_optimizer_or_model_says_so(tmp_path: Path) -> None:
    model = Sequential([Input((4, 2)), layers.GRU(2), layers.Dense(1)])
    model.compile("adam", "mse")
    models.save_model(model, tmp_path / "m.h5", include_optimizer=False)
    assert not models.load_model(tmp_path / "m.h5").compiled
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        del file.attrs["model_config"]
    with pytest.raises(SavingError, match="holds weights without a model"):
        models.load_model(tmp_path / "m.h5")


def test_long_lists_of_layers_are_cut_into_parts(tmp_path: Path) -> None:
    names = [f"layer_{'x' * 200}_{number}" for number in range(400)]
    model = Sequential([Input((2,)), *[layers.Dense(2, name=name) for name in names]])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert "layer_names1" in file["model_weights"].attrs
    again = models.load_model(tmp_path / "m.h5")
    assert [each.name for each in again.layers] == names
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_structure_and_training_are_json_as_in_keras(tmp_path: Path) -> None:
    model = Sequential([Input((4, 2)), layers.GRU(2), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["accuracy"])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert json.loads(file.attrs["model_config"])["class_name"] == "Sequential"
        training = json.loads(file.attrs["training_config"])
    assert training["optimizer_config"]["class_name"] == "Adam"
    assert training["loss"]["class_name"] == "MeanSquaredError"
    assert training["metrics"] == ["accuracy"]
