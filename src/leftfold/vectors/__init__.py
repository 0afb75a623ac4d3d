"""Vectors of words, documents, k-mers and concepts: one container, many ways to make them."""

from leftfold.vectors.container import WordVectors
from leftfold.vectors.coverage import Coverage
from leftfold.vectors.faults import Faults, UnknownTokenError

__all__ = ["Coverage", "Faults", "UnknownTokenError", "WordVectors"]
