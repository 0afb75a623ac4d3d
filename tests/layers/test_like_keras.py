"""Layers do what Keras 3.15.1 does: configurations, outputs, masks, weights and their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from tests.golden.layer_programs import LAYERS, TRAINED, run

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "layers.json").read_text(encoding="utf-8")
)


def normal(config: dict[str, Any], weights: list[Any]) -> dict[str, Any]:
    """Without what Keras writes about features that Leftfold does not have.

    Nor with the input shape of layers without weights, which Keras notes for some.
    """
    config = json.loads(json.dumps(config))
    for part in (config, config["config"].get("layer") or {}):
        part.get("config", {}).pop("quantization_config", None)
    if not weights:
        config.pop("build_config", None)
    return config


@pytest.mark.parametrize("name", [*LAYERS, *TRAINED])
def test_layer_agrees_with_keras(name: str) -> None:
    ours, theirs = json.loads(json.dumps(run(leftfold, name))), GOLDEN[name]
    assert normal(ours["config"], ours["weights"]) == normal(theirs["config"], theirs["weights"])
    assert ours["shape"] == theirs["shape"]
    assert ours["names"] == theirs["names"]
    assert ours["mask"] == theirs["mask"]
    np.testing.assert_allclose(ours["output"], theirs["output"], rtol=1e-5, atol=3e-6)
    for mine, other in zip(ours["weights"], theirs["weights"], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=3e-6)


@pytest.mark.parametrize("name", [*LAYERS, *TRAINED])
def test_configuration_of_keras_can_be_read(name: str) -> None:
    config, weights = GOLDEN[name]["config"], GOLDEN[name]["weights"]
    layer = leftfold.layers.deserialize(config)
    assert normal(leftfold.layers.serialize(layer), weights) == normal(config, weights)
    assert [w.shape for w in layer.weights] == [np.shape(values) for values in weights]
