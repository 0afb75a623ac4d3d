"""Scripts as courses and blogs have them, run unchanged; figures recorded from Keras.

`tests/parity/test_scripts.py` compares them live, in full.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.conftest import compare
from tests.parity.script_side import digest
from tools.peers import Worker

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden" / "scripts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def leftfold() -> Iterator[Worker]:
    with Worker("leftfold", HERE / "parity" / "script_side.py") as worker:
        yield worker


def test_figures_are_recorded_for_every_script() -> None:
    assert sorted(GOLDEN) == sorted(path.stem for path in (HERE / "scripts").glob("*.py"))


@pytest.mark.parametrize("name", GOLDEN)
def test_a_script_computes_what_it_computes_on_keras(leftfold: Worker, name: str) -> None:
    figures = leftfold.call("run", str(HERE / "scripts" / f"{name}.py"), "leftfold")
    figures.pop("printed")
    compare(json.loads(json.dumps(digest(figures))), GOLDEN[name], 1e-4, 1e-5, name)


def test_a_script_runs_from_the_command_line(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "leftfold", "run", HERE / "scripts" / "gru_classifier.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert 'Model: "wave_classifier"' in run.stdout
    assert run.stdout.splitlines()[-1].startswith("first wave:")
