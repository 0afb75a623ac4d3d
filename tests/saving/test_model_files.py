from __future__ import annotations

import io
import json
import os
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers, losses, models, ops, optimizers
from leftfold.layers import Layer
from leftfold.saving import (
    SavingError,
    custom_object_scope,
    get_custom_objects,
    register_keras_serializable,
)

RNG = np.random.default_rng(4)
X = RNG.standard_normal((8, 5, 3)).astype(np.float32)
Y = RNG.standard_normal((8, 1)).astype(np.float32)


def trained(*inner: Layer, optimizer: Any = "adam", loss: Any = "mse") -> Sequential:
    model = Sequential([Input((5, 3)), *inner, layers.Dense(1)])
    model.compile(optimizer, loss, metrics=["mae"])
    model.fit(X, Y, batch_size=4, verbose=0)
    return model


def config_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def changed(path: Path, **members: bytes) -> Path:
    """The file with other content for some members."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content |= {name.replace("__", "."): value for name, value in members.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)
    return path


@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        optimizers.RMSprop(0.01, centered=True),
        optimizers.Adam(0.01, amsgrad=True),
        optimizers.AdamW(0.01, clipnorm=1.0),
        optimizers.Adagrad(0.1),
        optimizers.Nadam(optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)),
        optimizers.Adam(use_ema=True),
    ],
    ids=lambda optimizer: optimizer.name,
)
def test_training_goes_on_as_if_it_had_not_been_interrupted(tmp_path: Path, optimizer: Any) -> None:
    model = trained(layers.LSTM(4), optimizer=optimizer)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    assert type(again.optimizer) is type(optimizer)
    assert int(again.optimizer.iterations) == 2
    for _ in range(3):
        assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_file_has_the_three_members_of_keras(tmp_path: Path) -> None:
    trained(layers.GRU(2)).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        metadata = json.loads(archive.read("metadata.json"))
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    assert metadata["keras_version"] == "3.15.1"
    names: list[str] = []
    weights.visit(names.append)
    assert names[:9] == [
        "layers",
        "layers/dense",
        "layers/dense/vars",
        "layers/dense/vars/0",
        "layers/dense/vars/1",
        "layers/gru",
        "layers/gru/cell",
        "layers/gru/cell/vars",
        "layers/gru/cell/vars/0",
    ]
    assert weights["layers/gru/vars"].attrs["name"] == "gru"
    assert len(weights["optimizer/vars"]) == 2 + 2 * 5
    config = config_of(tmp_path / "m.keras")
    assert list(config) == [
        "module",
        "class_name",
        "config",
        "registered_name",
        "build_config",
        "compile_config",
    ]


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    model = trained(layers.GRU(2))
    contents = []
    for name in ("a", "b"):
        model.save(tmp_path / f"{name}.keras")
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as archive:
            contents.append([archive.read(m) for m in ("config.json", "model.weights.h5")])
    assert contents[0] == contents[1]


def test_models_share_a_layer_after_reading_as_before(tmp_path: Path) -> None:
    shared = layers.Dense(3)
    a, b, x = Input((3,)), Input((3,)), Input((3,))
    first = Model(a, shared(a), name="first")
    second = Model(b, layers.Dense(1)(shared(b)), name="second")
    model = Model(x, second(first(x)))
    model.compile("adam", "mse")
    model.train_on_batch(X[:, 0], Y)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    assert again.count_params() == model.count_params()
    assert again.train_on_batch(X[:, 0], Y) == model.train_on_batch(X[:, 0], Y)


def test_an_open_file_serves_as_a_path_does() -> None:
    model = trained(layers.GRU(2))
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    again = models.load_model(file)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


@register_keras_serializable(package="tests")
class Scale(Layer):
    def __init__(self, start: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight((), lambda shape, dtype: np.full(shape, self.start, dtype))

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}


class Shift(Layer):
    def call(self, inputs: Any) -> Any:
        return inputs + 1.0


@register_keras_serializable(package="tests")
def off(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def test_registered_classes_and_functions_come_back(tmp_path: Path) -> None:
    model = trained(layers.GRU(2), Scale(2.0), loss=off)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    assert isinstance(again.layers[1], Scale)
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert (
        config_of(tmp_path / "m.keras")["config"]["layers"][2]["registered_name"] == "tests>Scale"
    )


def test_other_classes_are_asked_for_and_found_where_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.keras"
    trained(layers.GRU(2), Shift()).save(path)
    assert isinstance(models.load_model(path).layers[1], Shift)
    monkeypatch.setattr(Shift, "__module__", "elsewhere")
    with pytest.raises(SavingError, match=r"m.keras cannot be loaded: .*'Shift'.*custom_objects"):
        models.load_model(path)
    assert isinstance(models.load_model(path, {"Shift": Shift}).layers[1], Shift)
    with custom_object_scope({"Shift": Shift}):
        assert isinstance(models.load_model(path).layers[1], Shift)
    assert "tests>Scale" in get_custom_objects()


def test_a_function_that_is_not_known_is_needed_only_for_training(tmp_path: Path) -> None:
    def mine(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    trained(layers.GRU(2), loss=mine).save(tmp_path / "m.keras")
    with pytest.raises(SavingError, match=r"function 'mine' is not known here.*compile=False"):
        models.load_model(tmp_path / "m.keras")
    assert not models.load_model(tmp_path / "m.keras", compile=False).compiled
    assert models.load_model(tmp_path / "m.keras", {"mine": mine}).compiled


def test_subclassed_models_come_back_with_their_layers(tmp_path: Path) -> None:
    class Mine(Model):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.read = layers.GRU(units)
            self.heads = [layers.Dense(1), layers.Dense(1)]

        def call(self, inputs: Any) -> Any:
            read = self.read(inputs)
            return self.heads[0](read) + self.heads[1](read)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    model = Mine(3)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras", {"Mine": Mine})
    assert again.units == 3
    assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)


def test_weights_alone_travel_between_equal_models(tmp_path: Path) -> None:
    model, other = trained(layers.LSTM(3)), trained(layers.LSTM(3))
    model.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    model.save(tmp_path / "m.keras")
    another = Sequential([Input((5, 3)), layers.LSTM(3), layers.Dense(1)])
    another.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(another.predict(X, verbose=0), model.predict(X, verbose=0))


def test_weights_that_do_not_fit_change_nothing(tmp_path: Path) -> None:
    trained(layers.LSTM(3)).save_weights(tmp_path / "m.weights.h5")
    other = Sequential([Input((5, 3)), layers.LSTM(4), layers.Dense(1)])
    before = other.get_weights()
    with pytest.raises(
        SavingError,
        match=r"m.weights.h5 does not fit .*expected shape \(3, 16\) for kernel, found \(3, 12\)",
    ):
        other.load_weights(tmp_path / "m.weights.h5")
    for now, then in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_missing_layer_is_told_with_its_variables(tmp_path: Path) -> None:
    trained(layers.LSTM(3)).save_weights(tmp_path / "m.weights.h5")
    other = Sequential([Input((5, 3)), layers.GRU(3), layers.Dense(1)])
    with pytest.raises(
        SavingError,
        match=r"expected 3 variables \(kernel, recurrent_kernel, bias\), found 0 for layers/gru",
    ):
        other.load_weights(tmp_path / "m.weights.h5")


def test_mismatches_can_be_skipped_with_a_warning(tmp_path: Path) -> None:
    model = trained(layers.GRU(3), layers.Dense(2))
    model.save_weights(tmp_path / "m.weights.h5")
    other = Sequential([Input((5, 3)), layers.GRU(3), layers.Dense(4), layers.Dense(1)])
    with pytest.warns(UserWarning, match="It was left as it is"):
        other.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_another_number_of_optimizer_variables_is_a_warning(tmp_path: Path) -> None:
    trained(layers.GRU(3)).save_weights(tmp_path / "m.weights.h5")
    other = trained(layers.GRU(3), optimizer="sgd")
    with pytest.warns(UserWarning, match="state of the optimizer sgd was not loaded"):
        other.load_weights(tmp_path / "m.weights.h5")


def test_a_model_that_was_never_trained_is_read_without_a_word(tmp_path: Path) -> None:
    model = Sequential([Input((5, 3)), layers.GRU(2), layers.Dense(1)])
    model.compile(optimizers.Adam(0.25), "mse")
    model.save(tmp_path / "m.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = models.load_model(tmp_path / "m.keras")
    assert again.optimizer.built
    assert float(again.optimizer.learning_rate) == 0.25


@pytest.mark.parametrize(
    ("name", "message"),
    [("m.h5", r"ends in .weights.h5"), ("m.keras", r"ends in .weights.h5")],
)
def test_weights_need_their_ending(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(SavingError, match=message):
        trained().save_weights(tmp_path / name)


def test_models_need_their_ending(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match=r"expected a name that ends in .keras, .h5 or .hdf5"):
        trained().save(tmp_path / "m.pb")
    with pytest.raises(SavingError, match=r"ends in .weights.h5, .weights.json, .keras, .h5 or"):
        trained().load_weights(tmp_path / "m.ckpt")
    with pytest.raises(SavingError, match="by_name=True belongs to files of the older format"):
        trained().load_weights(tmp_path / "m.keras", by_name=True)


def test_an_existing_file_is_replaced_only_if_allowed(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "m.keras")
    model.save(tmp_path / "m.keras")
    with pytest.raises(SavingError, match="exists already: pass overwrite=True"):
        model.save(tmp_path / "m.keras", overwrite=False)
    assert os.listdir(tmp_path) == ["m.keras"]


def test_a_model_that_is_not_built_is_told(tmp_path: Path) -> None:
    model = Sequential([layers.Dense(1)])
    with pytest.warns(UserWarning, match="saved without weights"):
        model.save(tmp_path / "m.keras")
    with pytest.raises(SavingError, match="has no weights yet"):
        model.save_weights(tmp_path / "m.weights.h5")


def test_json_holds_the_structure() -> None:
    model = trained(layers.Bidirectional(layers.LSTM(2)))
    again = models.model_from_json(model.to_json())
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert again.count_params() == model.count_params()
    assert again.compiled
    with pytest.raises(SavingError, match="The JSON text is not valid JSON"):
        models.model_from_json("{")
    with pytest.raises(SavingError, match="does not describe a model"):
        models.model_from_json("[1, 2]")


# Hostile files ------------------------------------------------------------------------------------


def altered(tmp_path: Path, change: Any) -> Path:
    """A good file whose configuration was changed."""
    path = tmp_path / "m.keras"
    trained(layers.GRU(2)).save(path)
    config = config_of(path)
    change(config)
    return changed(path, config__json=json.dumps(config).encode())


def layer_config(config: dict[str, Any], index: int = 1) -> dict[str, Any]:
    return config["config"]["layers"][index]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: layer_config(c).update(module="os", class_name="system"), "'system'"),
        (lambda c: layer_config(c)["config"].update(units=10**9), "larger than all weights"),
        (lambda c: layer_config(c)["config"].update(units=-1), "units"),
        (lambda c: layer_config(c)["config"].update(units="many"), "units"),
        (lambda c: layer_config(c)["config"].update(surprise=1), "surprise"),
        (lambda c: layer_config(c)["config"].pop("units"), "units"),
        (lambda c: layer_config(c).update(config=None), "cannot be loaded"),
        (
            lambda c: layer_config(c, 0)["config"].update(batch_shape=[None, 10**6, 10**6]),
            "input of",
        ),
        (lambda c: c.update(class_name=7), "class_name expected a string"),
        (lambda c: c.update(module="os", class_name="path"), "'path' of os is not known"),
        (lambda c: c.update(module="leftfold.saving", class_name="Archive"), "not known"),
        (lambda c: c.update(module="keras.layers", class_name="_room"), "not known"),
        (lambda c: c.pop("config"), "describe"),
        (lambda c: c["config"].update(layers=5), "cannot be loaded"),
        (lambda c: c["compile_config"].update(optimizer="nonsense"), "Unknown optimizer"),
        (
            lambda c: c["compile_config"].update(
                loss={"class_name": "function", "module": "os", "config": "system"}
            ),
            "function 'system' is not known",
        ),
        (
            lambda c: c["compile_config"].update(
                loss={"class_name": "__lambda__", "config": {"value": ["4wAAAA==", None, None]}}
            ),
            "never runs code out of a file",
        ),
        (
            lambda c: c["compile_config"].update(
                loss={"class_name": "__numpy__", "config": {"value": [1], "dtype": "O"}}
            ),
            "expected numbers, got dtype object",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_configurations_are_refused_with_one_line(
    tmp_path: Path, change: Any, reason: str
) -> None:
    path = altered(tmp_path, change)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(SavingError) as caught:
            models.load_model(path, safe_mode=False)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with pytest.warns(UserWarning, match="never runs from a file"):
        trained(layers.GRU(2), layers.Lambda(lambda x: x * 2.0)).save(path)
    for safe_mode in (True, False):
        with pytest.raises(SavingError, match="cannot be read from a file"):
            models.load_model(path, safe_mode=safe_mode)
    again = Sequential(
        [Input((5, 3)), layers.GRU(2), layers.Lambda(lambda x: x * 2.0), layers.Dense(1)]
    )
    again.load_weights(path)


def test_weights_of_other_sizes_than_the_configuration_are_refused(tmp_path: Path) -> None:
    path = altered(tmp_path, lambda c: layer_config(c, 2)["config"].update(use_bias=False))
    with pytest.raises(SavingError, match=r"m.keras does not fit the model: .*\(kernel\), found 2"):
        models.load_model(path)


def test_missing_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match=r"none.keras does not exist"):
        models.load_model(tmp_path / "none.keras")
    with pytest.raises(SavingError, match=r"none.weights.h5 does not exist"):
        trained().load_weights(tmp_path / "none.weights.h5")


def test_losses_keep_their_settings(tmp_path: Path) -> None:
    model = trained(layers.GRU(2), loss=losses.Huber(delta=0.25))
    model.save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert again.loss.delta == 0.25


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_loading_does_not_hold_the_weights_twice(ending: str, tmp_path: Path) -> None:
    model = Sequential([Input((1024,)), *[layers.Dense(1024) for _ in range(6)]])
    model.save(tmp_path / f"m.{ending}")
    size = sum(weight.data.nbytes for weight in model.weights)
    tracemalloc.start()
    try:
        again = models.load_model(tmp_path / f"m.{ending}")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert again.count_params() == model.count_params()
    assert peak < 1.7 * size


def test_a_layer_shared_inside_a_file_is_read_from_either_of_its_places(tmp_path: Path) -> None:
    shared = layers.Dense(2)
    x, y = Input((2,)), Input((2,))
    one, other = Model(x, shared(x)), Model(y, shared(y))
    z = Input((2,))
    model = Model(z, layers.Add()([one(z), other(z)]))
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "r+") as file:
        del file["layers/functional_1"]
    before = model.get_weights()
    shared.set_weights([values * 0 for values in shared.get_weights()])
    model.load_weights(tmp_path / "m.weights.h5")
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
