"""All attacks, and how another process builds their files."""

from __future__ import annotations

from pathlib import Path

from attacks import ATTACKS, archives, configurations, foreign, hdf5

MODULES = (archives, configurations, hdf5, foreign)


def build(name: str, folder: str) -> Path:
    """Write the file of one attack."""
    return ATTACKS[name](Path(folder))
