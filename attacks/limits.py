"""How much memory a process takes and may take, where the system tells: `resource` is Unix's."""

from __future__ import annotations

import sys

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


def peak_megabytes() -> float | None:
    """The most memory that this process ever held; `None` where the system does not tell."""
    if resource is None:
        return None
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def limit_memory(gigabytes: int) -> bool:
    """Let this process have no more memory than that; returns whether the system can."""
    if resource is None or sys.platform == "darwin":
        return False
    limit = gigabytes << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return True
