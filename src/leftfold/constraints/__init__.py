"""What weights must satisfy after every update, by Keras's names."""

from __future__ import annotations

from leftfold.constraints.constraint import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from leftfold.engine.registry import Registry

max_norm, min_max_norm = MaxNorm, MinMaxNorm
non_neg, unit_norm = NonNeg, UnitNorm

_registry = Registry("constraint", [MaxNorm, MinMaxNorm, NonNeg, UnitNorm])
get = _registry.get
serialize = _registry.serialize
deserialize = _registry.deserialize

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]
