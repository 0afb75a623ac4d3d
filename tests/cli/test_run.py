"""`leftfold run`: scripts and modules as Python runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from tensorflow import keras
import helper
print(sys.argv[1:], helper.here, __name__, keras.Sequential.__module__)
"""


def leftfold(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "leftfold", *arguments], capture_output=True, text=True, cwd=folder
    )


def write(folder: Path, text: str = SCRIPT) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "script.py").write_text(text)
    (inner / "helper.py").write_text("here = 7\n")


def test_a_script_sees_its_arguments_and_its_neighbours(tmp_path):
    write(tmp_path)
    expected = "['--epochs', '3', 'x'] 7 __main__ leftfold.models.sequential\n"
    for command in (["run", "inner/script.py"], ["inner/script.py"]):
        run = leftfold(tmp_path, *command, "--epochs", "3", "x")
        assert (run.returncode, run.stdout, run.stderr) == (0, expected, "")


def test_a_module_is_found_from_the_working_folder(tmp_path):
    write(tmp_path, SCRIPT.replace("import helper", "from inner import helper"))
    run = leftfold(tmp_path, "run", "-m", "inner.script", "--help")
    assert run.stdout == "['--help'] 7 __main__ leftfold.models.sequential\n"


def test_a_failing_script_shows_its_own_lines_alone(tmp_path):
    write(tmp_path, "def f():\n    raise ValueError('no')\nf()\n")
    run = leftfold(tmp_path, "run", "inner/script.py")
    assert run.returncode == 1
    assert run.stderr.endswith("ValueError: no\n")
    assert "runpy" not in run.stderr and "leftfold" not in run.stderr


def test_a_script_ends_with_its_own_exit_code(tmp_path):
    write(tmp_path, "import sys\nsys.exit(5)\n")
    assert leftfold(tmp_path, "run", "inner/script.py").returncode == 5


def test_a_name_that_is_missing_ends_in_one_line_about_it(tmp_path):
    write(tmp_path, "from keras.layers import LSTM, Resizing\nResizing(2, 2)\n")
    run = leftfold(tmp_path, "run", "inner/script.py")
    assert run.returncode == 1
    *lines, last = run.stderr.splitlines()
    assert "site-packages" not in run.stderr and len(lines) == 3
    assert last == (
        "NotImplementedError: Leftfold has no keras.layers.Resizing: it is for sequences and has "
        "no layers for images."
    )


def test_a_script_that_does_not_exist(tmp_path):
    run = leftfold(tmp_path, "run", "nothing.py")
    assert run.returncode == 2
    assert run.stderr == (
        "leftfold: run expected the path of a script, got 'nothing.py': no such file.\n"
    )
