"""How many processors this process may use: by affinity, and by a container's quota of time."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path


def available_processors(root: Path = Path("/")) -> int:
    """Processors this process may run on at once, at least one.

    The smaller of the number that it is bound to (`taskset`, `--cpuset-cpus`) and, rounded up,
    the processor time that its control groups grant (`docker run --cpus`, Kubernetes limits).
    With more threads than that, all of them stand still whenever the quota is used up.

    Args:
        root: where `proc` and `sys` are found.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = _quota(root)
    return max(1, bound or 1 if quota is None else min(bound or 1, math.ceil(quota)))


def _quota(root: Path) -> float | None:
    """Processors' worth of time that the control groups grant, `None` if they do not limit it."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = []
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if not controllers:
            found += _limits(root / "sys/fs/cgroup", path, _version_2)
        elif "cpu" in controllers.split(","):
            found += _limits(root / "sys/fs/cgroup/cpu", path, _version_1)
    return min(found, default=None)


def _limits(mount: Path, path: str, read: Callable[[Path], float | None]) -> list[float]:
    """The quotas of a group and of those it lies in; inside a container only the top is seen."""
    group = mount / path.strip("/")
    groups = [group, *group.parents] if ".." not in path.split("/") else [mount]
    inside = [each for each in groups if each == mount or mount in each.parents]
    return [limit for each in inside if (limit := read(each)) is not None]


def _version_2(group: Path) -> float | None:
    quota, period = (*_words(group / "cpu.max"), "", "")[:2]
    return _ratio(quota, period)


def _version_1(group: Path) -> float | None:
    quota, period = (
        (*_words(group / name), "")[0] for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    )
    return _ratio(quota, period)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split()
    except OSError:
        return []


def _ratio(quota: str, period: str) -> float | None:
    """`None` for `max`, -1 and whatever else is no limit."""
    if quota.isdigit() and period.isdigit() and int(period):
        return int(quota) / int(period) or None
    return None
