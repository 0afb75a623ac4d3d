"""What inference of paragraph vectors needs, as a file of NumPy arrays without pickle."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.saving.archive import replacing
from leftfold.vectors.array_files import ENDS, TOKENS, names_in, packed_names, read_arrays

SETTINGS = "settings"


@dataclass(frozen=True)
class TrainedWords:
    """The words of a trained model, in its own order.

    Attributes:
        tokens: the words.
        counts: (tokens,) int64, how often each occurred.
        inputs: (tokens, dimensions) float32, their vectors as neighbours.
        outputs: (tokens, dimensions) float32, their vectors as the word to be predicted.
    """

    tokens: list[str]
    counts: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray


_ARRAYS = tuple(field.name for field in dataclasses.fields(TrainedWords) if field.name != TOKENS)


def write(path: Path, settings: Mapping[str, Any], words: TrainedWords) -> None:
    """Write a model.

    Raises:
        SavingError: when it cannot be written.
    """
    arrays = {name: getattr(words, name) for name in _ARRAYS}
    arrays[SETTINGS] = np.frombuffer(json.dumps(dict(settings)).encode(), np.uint8)
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **packed_names(words.tokens), **arrays)


def read(path: Path) -> tuple[dict[str, Any], TrainedWords]:
    """Read what `write` wrote.

    Raises:
        SavingError: for a file that is missing or no archive of arrays.
        DataError: for one that holds anything else.
    """
    arrays = read_arrays(path, (SETTINGS, TOKENS, ENDS, *_ARRAYS))
    try:
        settings = json.loads(arrays[SETTINGS].astype(np.uint8).tobytes())
    except ValueError as error:
        raise DataError(f"{path}: its settings are not JSON.") from error
    dimensions = settings.get("dimensions") if isinstance(settings, dict) else None
    tokens = names_in(path, arrays)
    words = TrainedWords(tokens, *(arrays[name] for name in _ARRAYS))
    shape = len(tokens), dimensions
    if not tokens or len(set(tokens)) < len(tokens) or words.counts.shape != shape[:1]:
        raise DataError(f"{path}: expected different words with a count each.")
    if words.counts.dtype != np.int64 or words.counts.min() < 1:
        raise DataError(f"{path}: expected counts to be whole numbers of at least 1.")
    for name in ("inputs", "outputs"):
        array = arrays[name]
        if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
            raise DataError(
                f"{path}: expected {name} to be finite float32 of shape {shape}, got "
                f"{array.dtype} of shape {array.shape}."
            )
    return settings, words
