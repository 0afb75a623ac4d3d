"""Vectors of words, documents, k-mers and concepts: one container, many ways to make them.

`METHODS` has the ways by name; each is a class with settings and `fit(corpus)`.
"""

from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import Corpus
from leftfold.vectors.coverage import Coverage
from leftfold.vectors.faults import Faults, UnknownTokenError
from leftfold.vectors.methods import METHODS, Method, Progress

__all__ = [
    "METHODS",
    "Corpus",
    "Coverage",
    "Faults",
    "Method",
    "Progress",
    "UnknownTokenError",
    "WordVectors",
]
