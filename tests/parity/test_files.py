"""A file written by Keras or Leftfold is opened by the other, predicts and learns the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.parity import conftest, file_programs
from tools.peers import PeerError, Worker

ENDINGS = ["keras", "h5"]
KERAS_CANNOT = {("Lamb", "h5", False), ("Adafactor", "h5", True)}
"""Keras 3.15.1 does not find Lamb in an `.h5` file, and cannot write Adafactor's state there."""


@pytest.fixture
def keras(request: pytest.FixtureRequest, peer: Callable[[str, str], Worker]) -> Worker:
    return peer(request.config.getoption("--keras"), "file_programs.py")


def exchange(keras: Worker, to_leftfold: bool, name: str, path: str, *args: Any) -> None:
    """One side writes, the other reads; both tell predictions and the next losses.

    Keras 3.15.1 builds the optimiser of a model from an `.h5` file for no variables at all, and
    cannot train it; there the predictions have to do.
    """
    learns = to_leftfold or not path.endswith(".h5")
    if to_leftfold:
        outputs, losses = keras.call("write", "keras", name, path, *args)
        read = file_programs.read("leftfold", name, path)
    else:
        outputs, losses = file_programs.write("leftfold", name, path, *args)
        read = keras.call("read", "keras", name, path, learns)
    conftest.compare(read, (outputs, losses if learns else []), 1e-4, 1e-5, name)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("to_leftfold", [True, False], ids=["to_leftfold", "to_keras"])
@pytest.mark.parametrize("name", file_programs.MODELS)
def test_models_of_every_kind(
    keras: Worker, name: str, to_leftfold: bool, ending: str, tmp_path: Path
) -> None:
    exchange(keras, to_leftfold, name, str(tmp_path / f"model.{ending}"))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("to_leftfold", [True, False], ids=["to_leftfold", "to_keras"])
@pytest.mark.parametrize(
    "optimizer",
    [*file_programs.OPTIMIZERS, ("Adam", {"learning_rate": "schedule"})],
    ids=str,
)
def test_the_state_of_every_optimizer(
    keras: Worker, optimizer: tuple[str, Any], to_leftfold: bool, ending: str, tmp_path: Path
) -> None:
    if (optimizer[0], ending, to_leftfold) in KERAS_CANNOT:
        pytest.skip("Keras itself cannot")
    exchange(keras, to_leftfold, "sequential", str(tmp_path / f"model.{ending}"), optimizer)


@pytest.mark.parametrize("name", file_programs.MODELS)
def test_weights_alone_both_ways(keras: Worker, name: str, tmp_path: Path) -> None:
    path = str(tmp_path / "model.weights.h5")
    written = file_programs.write_weights("leftfold", name, path)
    conftest.compare(keras.call("read_weights", "keras", name, path), written, 1e-4, 1e-5, name)
    written = keras.call("write_weights", "keras", name, path)
    conftest.compare(file_programs.read_weights("leftfold", name, path), written, 1e-4, 1e-5, name)


@pytest.mark.parametrize("name", ["nested", "attending"])
def test_weights_in_several_files_are_read(keras: Worker, name: str, tmp_path: Path) -> None:
    path = str(tmp_path / "model.weights.json")
    written = keras.call("write_weights", "keras", name, path, max_shard_size=3e-7)
    assert len(list(tmp_path.glob("*.h5"))) > 1
    read = file_programs.read_weights("leftfold", name, path)
    conftest.compare(read, written, 1e-4, 1e-5, name)


def test_weights_of_a_whole_model_go_into_a_model_that_is_there(
    keras: Worker, tmp_path: Path
) -> None:
    path = str(tmp_path / "model.h5")
    file_programs.write("leftfold", "cells", path)
    theirs = keras.call("read_weights", "keras", "cells", path)
    conftest.compare(
        file_programs.read_weights("leftfold", "cells", path), theirs, 1e-4, 1e-5, "cells"
    )


def _quantized(mode: str, path: str) -> Any:
    from leftfold import models

    file_programs.write("leftfold", "bidirectional", path)
    model = models.load_model(path)
    model.quantize(mode)
    model.save(path)
    return file_programs.read("leftfold", "bidirectional", path, False)


def test_keras_opens_bfloat16_weights(keras: Worker, tmp_path: Path) -> None:
    path = str(tmp_path / "small.keras")
    ours = _quantized("bfloat16", path)
    conftest.compare(
        keras.call("read", "keras", "bidirectional", path, False), ours, 1e-5, 1e-6, "bidirectional"
    )


def test_keras_refuses_int8_weights(keras: Worker, tmp_path: Path) -> None:
    path = str(tmp_path / "small.keras")
    _quantized("int8", path)
    with pytest.raises(PeerError, match="could not be loaded"):
        keras.call("read", "keras", "bidirectional", path, False)
