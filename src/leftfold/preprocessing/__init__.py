"""From raw text and series to arrays: tokens, padding, windows, honest splits."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leftfold.preprocessing import arrays, sequence, split, text

__all__ = ["arrays", "sequence", "split", "text"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'leftfold.preprocessing' has no attribute {name!r}")
    return importlib.import_module(f"leftfold.preprocessing.{name}")
