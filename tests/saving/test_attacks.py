"""Every file of `attacks/` is refused in one line, fast, in bounded memory, without a trace."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from attacks import ATTACKS, building, limits

ROOT = Path(__file__).parents[2]
SECONDS, MEGABYTES = 1.0, 300.0
"""Of processor time, and above what the process held before."""
assert building.MODULES, "importing them fills ATTACKS"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, Any]]:
    """What happened to each attack, by what was done with its file; all in one process."""
    command = [sys.executable, "-m", "attacks", "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    found: dict[str, dict[str, Any]] = {}
    for line in run.stdout.splitlines():
        told = json.loads(line)
        found.setdefault(told["attack"], {})[told["action"]] = told
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_the_file_is_refused(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    loaded = outcomes[name]["load"]
    assert loaded["error"], loaded
    assert "\n" not in loaded["error"]
    assert len(loaded["error"]) < 1200 and loaded["error"].isprintable()
    assert "model" in loaded["error"] or "a.h5" in loaded["error"]
    assert "files" not in outcomes[name], "a file was written"


@pytest.mark.parametrize("name", ATTACKS)
def test_neither_loading_nor_looking_costs_much_or_crashes(
    name: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    for action, told in outcomes[name].items():
        assert action in ("load", "describe", "layers"), told
        assert told["crash"] is None, told
        assert told["seconds"] < SECONDS, told
        assert told["megabytes"] is None or told["megabytes"] < MEGABYTES, told
        assert told["error"] is None or "\n" not in told["error"]


def test_where_the_system_does_not_tell_memory_it_is_unmeasured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    without = importlib.reload(limits)
    assert without.peak_megabytes() is None and without.limit_memory(4) is False
    monkeypatch.undo()
    peak = importlib.reload(limits).peak_megabytes()
    assert peak is None or peak > 10


def test_weights_that_do_not_fit_are_told_with_path_expectation_and_what_came(
    outcomes: dict[str, dict[str, Any]],
) -> None:
    shape = outcomes["array_of_another_shape"]["load"]["error"]
    assert "Dense dense expected shape (2, 1) for kernel, found (3, 1) for layers/dense" in shape
    count = outcomes["one_array_too_few"]["load"]["error"]
    assert "expected 2 variables (kernel, bias), found 1 for layers/dense" in count
