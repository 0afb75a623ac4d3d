"""Whether computations are being recorded on this thread, by which tapes and by which trace."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leftfold.engine.tape import Tape
    from leftfold.engine.trace import Trace


class _Active(threading.local):
    def __init__(self) -> None:
        self.tapes: list[Tape] = []
        self.paused = 0
        self.trace: Trace | None = None


active = _Active()


def recording() -> bool:
    """Whether any tape is running on this thread."""
    return bool(active.tapes) and not active.paused


def spoil_trace() -> None:
    """Say that what a running trace notes cannot be repeated."""
    if active.trace is not None:
        active.trace.whole = False


class no_recording:
    """A `with` block inside which no tape records."""

    def __enter__(self) -> None:
        active.paused += 1

    def __exit__(self, *error: object) -> None:
        active.paused -= 1
