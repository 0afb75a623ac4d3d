"""Convolutions, pools and other layers of sequence models beside Keras's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parity import sequence_layers_programs as programs
from tests.parity.conftest import compare
from tools.peers import Worker


@pytest.fixture
def keras(request: pytest.FixtureRequest, peer: Callable[[str, str], Worker]) -> Worker:
    return peer(request.config.getoption("--keras"), "sequence_layers_programs.py")


@pytest.mark.parametrize("name", programs.CASES)
def test_outputs_masks_and_configuration(keras: Worker, name: str) -> None:
    theirs = keras.call("layer", "keras", name)
    compare(programs.layer("leftfold", name), theirs, 1e-5, 3e-6, name)


@pytest.mark.parametrize("name", programs.CLASSES)
def test_arguments(keras: Worker, name: str) -> None:
    assert programs.arguments("leftfold", name) == keras.call("arguments", "keras", name)


@pytest.mark.parametrize("name", programs.TRAINED)
def test_training(keras: Worker, name: str) -> None:
    theirs = keras.call("train", "keras", name)
    compare(programs.train("leftfold", name), theirs, 1e-4, 3e-6, name)


@pytest.mark.parametrize("name", programs.TRAINED)
def test_files_both_ways(keras: Worker, name: str, tmp_path: Path) -> None:
    path = str(tmp_path / "model.keras")
    theirs = keras.call("write", "keras", name, path)
    compare(programs.read("leftfold", name, path), theirs, 1e-4, 1e-5, name)
    ours = programs.write("leftfold", name, path)
    compare(ours, keras.call("read", "keras", name, path), 1e-4, 1e-5, name)
