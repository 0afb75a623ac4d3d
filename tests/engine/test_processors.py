"""The number of threads follows affinity and container limits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leftfold.engine.processors import available_processors

PROCESSORS = 8


@pytest.fixture(autouse=True)
def bound_to_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(PROCESSORS)), raising=False)


def machine(root: Path, cgroup: str, **files: str) -> Path:
    """A folder that looks like the root of a machine."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(cgroup, encoding="utf-8")
    for name, content in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("limit", "threads"),
    [
        ("max 100000\n", PROCESSORS),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("20000 100000\n", 1),
        ("1600000 100000\n", PROCESSORS),
        ("nonsense\n", PROCESSORS),
        ("", PROCESSORS),
        ("100000 0\n", PROCESSORS),
    ],
)
def test_a_container_limit_counts_rounded_up(tmp_path: Path, limit: str, threads: int) -> None:
    assert available_processors(machine(tmp_path, "0::/\n", **{"cpu.max": limit})) == threads


def test_the_tightest_group_around_the_process_counts(tmp_path: Path) -> None:
    limits = {"pod/cpu.max": "300000 100000", "pod/box/cpu.max": "max 100000"}
    assert available_processors(machine(tmp_path, "0::/pod/box\n", **limits)) == 3


def test_the_older_kind_of_groups_counts_too(tmp_path: Path) -> None:
    limits = {
        "cpu/docker/cpu.cfs_quota_us": "400000",
        "cpu/docker/cpu.cfs_period_us": "100000",
        "cpu/cpu.cfs_quota_us": "-1",
        "cpu/cpu.cfs_period_us": "100000",
    }
    groups = "5:memory:/docker\n4:cpu,cpuacct:/docker\n"
    assert available_processors(machine(tmp_path, groups, **limits)) == 4


def test_a_path_out_of_the_namespace_means_its_top(tmp_path: Path) -> None:
    limits = {"cpu.max": "100000 100000"}
    assert available_processors(machine(tmp_path, "0::/../../other\n", **limits)) == 1


def test_without_control_groups_affinity_counts(tmp_path: Path) -> None:
    assert available_processors(tmp_path) == PROCESSORS


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_a_process_bound_to_one_processor_runs_on_one_thread() -> None:
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from leftfold import config; print(config.threads())"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert result.stdout.strip() == "1"
