"""Files that try to do harm: each attack builds one, and Leftfold must refuse it.

`python -m attacks` builds every file, opens it and prints what happened; see README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Build = Callable[[Path], Path]

ATTACKS: dict[str, Build] = {}
"""Functions that write one file into a folder and return its path, by name."""

CANARY = "canary"
"""What the code in a file would create, if it ran; also what a path out of a file would reach."""


def attack(build: Build) -> Build:
    """Put a function among the attacks, under its own name."""
    ATTACKS[build.__name__] = build
    return build
