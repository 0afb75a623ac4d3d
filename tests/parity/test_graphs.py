"""Keras reads the structure of models that Leftfold writes, and they compute the same there."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import leftfold
from tests.golden.graph_programs import MODELS, revive
from tests.parity import conftest
from tools.peers import Worker


@pytest.mark.parametrize("name", MODELS)
def test_keras_reads_the_graph(
    request: pytest.FixtureRequest, peer: Callable[[str, str], Worker], name: str
) -> None:
    keras = peer(request.config.getoption("--keras"), "../golden/graph_programs.py")
    model = MODELS[name][0](leftfold)
    config = json.loads(json.dumps(leftfold.saving.serialize_keras_object(model)))
    theirs = keras.call("revive", "keras", config, name)
    conftest.compare(revive("leftfold", config, name), theirs, 1e-4, 1e-5, name)
