"""Recurrent layers beside Keras's: arguments, configuration, outputs and gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leftfold.engine import kernels
from tests.parity import recurrent_programs as programs
from tests.parity.conftest import compare
from tools.peers import Worker

KEPT_BY_US = {"SimpleRNN": {"seed"}}
"""What Keras leaves out of a configuration although the constructor takes it."""


@pytest.fixture
def keras(peer: Callable[[str, str], Worker]) -> Iterator[Worker]:
    yield peer("keras-jax", "recurrent_programs.py")
    kernels.use("native")


@pytest.mark.parametrize("name", programs.CASES)
def test_outputs_and_gradients(keras: Worker, name: str) -> None:
    theirs = keras.call("layer", "keras", name)
    for implementation in ("native", "reference"):
        kernels.use(implementation)
        compare(programs.layer("leftfold", name), theirs, 1e-4, 2e-6, f"{implementation} {name}")


@pytest.mark.parametrize("name", programs.CLASSES)
def test_arguments(keras: Worker, name: str) -> None:
    assert programs.arguments("leftfold", name) == keras.call("arguments", "keras", name)


@pytest.mark.parametrize("name", programs.CLASSES)
def test_configuration(keras: Worker, name: str) -> None:
    keys, plain = programs.configuration("leftfold", name)
    their_keys, their_plain = keras.call("configuration", "keras", name)
    added = KEPT_BY_US.get(name, set())
    assert set(keys) - added == set(their_keys)
    ours: dict[str, Any] = {key: value for key, value in plain.items() if key not in added}
    assert ours == their_plain
