"""`tf.data`: Leftfold's data sets, which have its methods."""

from typing import Any

from leftfold.preprocessing.dataset import (
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    Dataset,
)

AUTOTUNE = -1


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
    "experimental",
]
