"""`keras.tree`: nested lists, tuples and dictionaries."""

from __future__ import annotations

from typing import Any

from leftfold.engine.symbolic import leaves, map_structure

__all__ = ["flatten", "is_nested", "map_structure"]


def flatten(structure: Any) -> list[Any]:
    """All leaves, in order; those of dictionaries by sorted key."""
    return list(leaves(structure))


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a list, tuple or dictionary."""
    return isinstance(structure, list | tuple | dict)
