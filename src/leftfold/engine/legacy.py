"""Arguments and methods of older Keras: they work, and say once what they are called now."""

from __future__ import annotations

import sys
import warnings

_told: set[str] = set()


def tell_once(message: str) -> None:
    """Warn with a message that this process has not heard yet, at the user's line."""
    if message not in _told:
        _told.add(message)
        warnings.warn(message, stacklevel=_frames_of_leftfold() + 1)


def forget_told() -> None:
    """Warn again of what was told before."""
    _told.clear()


def _frames_of_leftfold() -> int:
    """How many calls of Leftfold's own lie above the one that asks."""
    count, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("leftfold."):
        count, frame = count + 1, frame.f_back
    return count - 1
