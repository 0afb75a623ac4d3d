"""Whether computations are being recorded on this thread, and by which tapes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leftfold.engine.tape import Tape


class _Active(threading.local):
    def __init__(self) -> None:
        self.tapes: list[Tape] = []
        self.paused = 0


active = _Active()


def recording() -> bool:
    """Whether any tape is running on this thread."""
    return bool(active.tapes) and not active.paused


class no_recording:
    """A `with` block inside which no tape records."""

    def __enter__(self) -> None:
        active.paused += 1

    def __exit__(self, *error: object) -> None:
        active.paused -= 1
