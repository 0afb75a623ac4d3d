"""Files that versions of Keras from 2 to 3.15.1 wrote: see `tests/golden/make_keras_files.py`."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold import initializers, layers, models
from leftfold.saving import register_keras_serializable

FOLDER = Path(__file__).parents[1] / "golden" / "keras_files"
WRITERS = sorted(path.stem for path in FOLDER.glob("*keras-*.zip"))
MODELS = ["words", "graph", "nested", "attending", "stateful"]


@register_keras_serializable(package="leftfold_goldens")
class Scale(layers.Layer):
    """The layer of the user's own in these files."""

    def __init__(self, first: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = first

    def build(self, input_shape: Any) -> None:
        start = initializers.Constant(self.first)
        self.factor = self.add_weight((input_shape[-1],), start, name="factor")

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "first": self.first}


def unpack(writer: str, name: str, folder: Path) -> tuple[dict[str, Path], dict[str, Any]]:
    """The files of one model by their endings, and what they are to do."""
    found = {}
    with zipfile.ZipFile(FOLDER / f"{writer}.zip") as archive:
        for member in archive.namelist():
            stem, ending = member.split(".", 1)
            if stem == name:
                found[ending] = folder / member
                found[ending].write_bytes(archive.read(member))
    facts = json.loads(found["json"].read_text())
    for key in ("x", "y", "outputs"):
        facts[key] = [np.asarray(values) for values in facts[key]]
    facts["x"] = [x.astype("float32" if x.dtype.kind == "f" else "int32") for x in facts["x"]]
    return found, facts


def alone(arrays: list[np.ndarray]) -> Any:
    return arrays[0] if len(arrays) == 1 else arrays


def assert_predicts(model: Any, facts: dict[str, Any]) -> None:
    model.reset_states()
    outputs = model.predict(alone(facts["x"]), batch_size=len(facts["y"][0]), verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    for ours, theirs in zip(outputs, facts["outputs"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def assert_goes_on_learning(model: Any, facts: dict[str, Any]) -> None:
    settings = {"batch_size": len(facts["y"][0]), "shuffle": False, "verbose": 0}
    losses = []
    for _ in facts["losses"]:
        model.reset_states()
        losses += model.fit(alone(facts["x"]), alone(facts["y"]), **settings).history["loss"]
    np.testing.assert_allclose(losses, facts["losses"], rtol=2e-5)


def test_at_least_four_versions_of_keras_3_and_keras_2_are_there() -> None:
    assert sum(writer.startswith("keras-3.") for writer in WRITERS) >= 4
    assert any(writer.startswith("tf_keras-2.") for writer in WRITERS)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("writer", WRITERS)
def test_a_model_predicts_and_goes_on_learning_where_it_stopped(
    writer: str, name: str, ending: str, tmp_path: Path
) -> None:
    files, facts = unpack(writer, name, tmp_path)
    if ending not in files:
        assert writer < "keras-3.9", "only early versions of Keras 3 fail to write some .h5 files"
        return
    model = models.load_model(files[ending])
    assert_predicts(model, facts)
    assert_goes_on_learning(model, facts)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("writer", WRITERS)
def test_weights_go_into_a_model_that_is_there(writer: str, name: str, tmp_path: Path) -> None:
    files, facts = unpack(writer, name, tmp_path)
    for ending in {"weights.h5", "h5", "keras"} & files.keys():
        model = models.load_model(files["keras"], compile=False)
        for variable in model.weights:
            variable.assign(np.full(variable.shape, 0.25))
        model.load_weights(files[ending])
        assert_predicts(model, facts)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("writer", ["keras-3.15.1", "tf_keras-2.21.0"])
def test_what_is_written_again_is_read_again(
    writer: str, name: str, ending: str, tmp_path: Path
) -> None:
    files, facts = unpack(writer, name, tmp_path)
    models.load_model(files["keras"]).save(tmp_path / f"again.{ending}")
    again = models.load_model(tmp_path / f"again.{ending}")
    assert_predicts(again, facts)
    assert_goes_on_learning(again, facts)
