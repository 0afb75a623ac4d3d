"""Data to try things on: the IMDb reviews as word indices, and reviews as text."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leftfold.datasets import imdb, movie_reviews

__all__ = ["imdb", "movie_reviews"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'leftfold.datasets' has no attribute {name!r}")
    return importlib.import_module(f"leftfold.datasets.{name}")
