"""Penalties on weights and outputs, by Keras's names."""

from __future__ import annotations

from leftfold.engine.registry import Registry
from leftfold.regularizers.regularizer import (
    L1,
    L1L2,
    L2,
    OrthogonalRegularizer,
    Regularizer,
)

l1, l2, l1_l2 = L1, L2, L1L2
orthogonal_regularizer = OrthogonalRegularizer

_registry = Registry("regularizer", [L1, L1L2, L2, OrthogonalRegularizer], {"l1_l2": L1L2})
get = _registry.get
serialize = _registry.serialize
deserialize = _registry.deserialize

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]
