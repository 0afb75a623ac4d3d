"""`tf.data`: Leftfold's data sets, which have its methods."""

from leftfold.preprocessing.dataset import (
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    Dataset,
)

AUTOTUNE = -1


class Options:
    """`tf.data.Options`: accepted, without effect."""


__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "Options"]
