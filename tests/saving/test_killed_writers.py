"""A process killed at any moment of writing leaves the old file, or the whole new one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENDINGS = ["keras", "h5", "weights.h5", "safetensors", "onnx"]
KILLS = int(os.environ.get("LEFTFOLD_KILLS", "10"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are copied to be killed")
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_file_is_the_old_one_or_the_new_one(ending: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.saving.killed_writer",
        str(tmp_path),
        ending,
        str(KILLS),
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    assert sum(map(int, run.stdout.split())) == KILLS
    strangers = [path for path in tmp_path.iterdir() if not path.name.endswith(".tmp")]
    assert strangers == [tmp_path / f"model.{ending}"]
