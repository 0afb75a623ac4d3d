"""Files that Keras 3.15.1 wrote: see `tests/golden/make_models.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold import models

FOLDER = Path(__file__).parents[1] / "golden" / "models"
NAMES = ["text", "graph", "nested"]


def numbers(name: str) -> dict[str, Any]:
    """Inputs, targets and outputs as lists, and losses."""
    with np.load(FOLDER / f"{name}.npz") as stored:
        found: dict[str, Any] = {"losses": stored["losses"]}
        for kind in ("x", "y", "output"):
            keys = [key for key in stored.files if key.rstrip("0123456789") == kind]
            found[kind] = [stored[key] for key in sorted(keys)]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_keras_predicts_the_same_and_goes_on_learning_the_same(
    name: str, implementation: str
) -> None:
    model = models.load_model(FOLDER / f"{name}.keras")
    expected = numbers(name)
    outputs = model.predict(expected["x"], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    for ours, theirs in zip(outputs, expected["output"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    losses = [
        np.ravel(model.train_on_batch(expected["x"], expected["y"]))[0] for _ in expected["losses"]
    ]
    np.testing.assert_allclose(losses, expected["losses"], rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_again_is_read_again(name: str, tmp_path: Path) -> None:
    model = models.load_model(FOLDER / f"{name}.keras")
    expected = numbers(name)
    model.train_on_batch(expected["x"], expected["y"])
    model.save(tmp_path / "again.keras")
    again = models.load_model(tmp_path / "again.keras")
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert again.train_on_batch(expected["x"], expected["y"]) == model.train_on_batch(
        expected["x"], expected["y"]
    )


def test_compiling_can_be_left_out() -> None:
    model = models.load_model(FOLDER / "text.keras", compile=False)
    assert not model.compiled
    assert model.optimizer is None
