"""`tf.data`: Leftfold's data sets, which have its methods."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from leftfold.preprocessing.dataset import (
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    Dataset,
)

AUTOTUNE = -1


class TextLineDataset(Dataset):
    """The lines of text files, one after the other.

    Args:
        filenames: one path, or several.
    """

    def __init__(self, filenames: Any, *args: Any, **options: Any) -> None:
        several = filenames if isinstance(filenames, list | tuple) else [filenames]
        super().__init__(lambda: _lines(several))


def _lines(paths: Any) -> Iterator[np.ndarray]:
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                yield np.array(line.rstrip("\n"), object)


class Options:
    """`tf.data.Options`: accepted, without effect."""


class experimental:
    """`tf.data.experimental`: what has kept that name since it was new."""

    AUTOTUNE = AUTOTUNE
    INFINITE_CARDINALITY = INFINITE_CARDINALITY
    UNKNOWN_CARDINALITY = UNKNOWN_CARDINALITY

    @staticmethod
    def cardinality(dataset: Dataset) -> Any:
        """How many elements a data set has."""
        return dataset.cardinality()


__all__ = [
    *("AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "Options"),
    *("TextLineDataset", "experimental"),
]
