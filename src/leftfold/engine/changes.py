"""Whether anything changed that decides what a model computes, other than values of tensors."""

from __future__ import annotations

import itertools
from typing import Any

_numbers = itertools.count(1)
_latest = {"change": 0}


def note_change() -> None:
    """Say, once it is done, that something somewhere has another setting."""
    _latest["change"] = next(_numbers)


def latest_change() -> int:
    """The number of the latest change; no two have the same."""
    return _latest["change"]


class Settings:
    """Base of what is not a layer, but has attributes that decide what a model computes."""

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        note_change()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        note_change()
