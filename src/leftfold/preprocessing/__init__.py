"""From raw text and series to arrays: tokens, padding, windows, honest splits."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leftfold.preprocessing import arrays, sequence, series, split, text
    from leftfold.preprocessing.series import timeseries_dataset_from_array

__all__ = ["arrays", "sequence", "series", "split", "text", "timeseries_dataset_from_array"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'leftfold.preprocessing' has no attribute {name!r}")
    if name == "timeseries_dataset_from_array":
        return importlib.import_module(
            "leftfold.preprocessing.series"
        ).timeseries_dataset_from_array
    return importlib.import_module(f"leftfold.preprocessing.{name}")
