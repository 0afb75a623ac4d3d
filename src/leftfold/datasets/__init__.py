"""Data to try things on: reviews and newswires as word indices, reviews as text, dates."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leftfold.datasets import imdb, movie_reviews, reuters, written_dates

__all__ = ["imdb", "movie_reviews", "reuters", "written_dates"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'leftfold.datasets' has no attribute {name!r}")
    return importlib.import_module(f"leftfold.datasets.{name}")
