"""Text layers and windows do what Keras 3.15.1 does on TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from tests.golden.text_layer_programs import GIVEN, LEARNT, WINDOWS, run_layer, run_windows

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "text_layers.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", [*LEARNT, *GIVEN])
def test_layer_agrees_with_keras(name: str) -> None:
    ours: Any = json.loads(json.dumps(run_layer(leftfold, name)))
    theirs = dict(GOLDEN["layers"][name])
    if ours["dtype"].startswith("float"):
        np.testing.assert_allclose(ours.pop("output"), theirs.pop("output"), rtol=1e-6)
    assert ours == theirs


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_agree_with_keras(name: str) -> None:
    assert json.loads(json.dumps(run_windows(leftfold, name))) == GOLDEN["windows"][name]
