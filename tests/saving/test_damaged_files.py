"""Files cut off or changed at random are read or refused; the process survives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from leftfold import Input, Sequential, layers, models
from leftfold.saving import SavingError

ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("LEFTFOLD_FUZZ_SECONDS", "2"))
"""For each format; more finds more."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One model in every format."""
    model = Sequential([Input((4, 2)), layers.GRU(2), layers.Dense(1)])
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 4, 2)), np.ones((2, 1)))
    for ending in ("keras", "h5"):
        model.save(tmp_path / f"model.{ending}")
    model.save_weights(tmp_path / "model.weights.h5")
    return tmp_path


@pytest.mark.parametrize("ending", ["keras", "h5", "weights.h5"])
def test_damage_at_random_gives_a_model_or_an_error(ending: str, folder: Path) -> None:
    path = folder / f"model.{ending}"
    command = [sys.executable, "-m", "tests.saving.damage", str(path), "1", str(SECONDS)]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60 + 2 * SECONDS
    )
    assert run.returncode == 0, run.stderr[-3000:]
    refused, _ = map(int, run.stdout.split())
    assert refused > 20


@pytest.mark.parametrize("ending", ["keras", "h5", "weights.h5"])
def test_a_file_cut_off_anywhere_is_refused(ending: str, folder: Path) -> None:
    path = folder / f"model.{ending}"
    content = path.read_bytes()
    model = models.load_model(folder / "model.keras")
    for length in {*range(0, len(content), len(content) // 60), len(content) - 1}:
        path.write_bytes(content[:length])
        with pytest.raises(SavingError):
            model.load_weights(path)
