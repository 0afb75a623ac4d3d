"""`keras.tree`: nested lists, tuples and dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leftfold.engine import symbolic

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]


class MAP_TO_NONE:
    """What a function of `traverse` returns to replace something by `None`."""


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a list, tuple or dictionary."""
    return isinstance(structure, list | tuple | dict)


def flatten(structure: Any) -> list[Any]:
    """All leaves, in order; those of dictionaries by sorted key."""
    return list(symbolic.leaves(structure))


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """All leaves in order, each with the indices and keys that lead to it."""
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key, inner in _items(structure)
        for path, leaf in flatten_with_path(inner)
    ]


def _items(structure: Any) -> list[tuple[Any, Any]]:
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in sorted(structure)]
    return list(enumerate(structure))


def map_structure(function: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """The first structure with every leaf replaced by `function` of the leaves at its place.

    Args:
        function: takes as many leaves as there are structures.
        structures: nested alike.
        none_is_leaf: whether `None` is given to `function` too, rather than kept.

    Raises:
        ValueError: where the structures are not nested alike.
    """
    first, *others = structures
    for other in others:
        assert_same_structure(first, other)
    rest = [iter(flatten(other)) for other in others]

    def change(leaf: Any) -> Any:
        further = [next(leaves) for leaves in rest]
        return None if leaf is None and not none_is_leaf else function(leaf, *further)

    return _rebuilt(first, change)


def _rebuilt(structure: Any, change: Callable[[Any], Any]) -> Any:
    """`structure` with changed leaves, visited in the order of `flatten`."""
    if isinstance(structure, dict):
        changed = {key: _rebuilt(inner, change) for key, inner in _items(structure)}
        return type(structure)((key, changed[key]) for key in structure)
    return (
        symbolic.map_structure(change, structure)
        if not is_nested(structure)
        else _like(structure, [_rebuilt(inner, change) for inner in structure])
    )


def _like(structure: Any, items: list[Any]) -> Any:
    if hasattr(structure, "_fields"):
        return type(structure)(*items)
    return type(structure)(items)


def map_structure_up_to(
    shallow_structure: Any, function: Callable[..., Any], *structures: Any
) -> Any:
    """`function` of what the structures have where `shallow_structure` has its leaves."""
    if not is_nested(shallow_structure):
        return function(*structures)
    parts = [dict(_items(structure)) for structure in structures]
    changed = {
        key: map_structure_up_to(inner, function, *(part[key] for part in parts))
        for key, inner in _items(shallow_structure)
    }
    if isinstance(shallow_structure, dict):
        return {key: changed[key] for key in shallow_structure}
    return _like(shallow_structure, list(changed.values()))


def map_shape_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """`structure` with every shape, a tuple or list of sizes, replaced by `function` of it."""
    if _is_shape(structure):
        return function(tuple(structure))
    if isinstance(structure, dict):
        return {key: map_shape_structure(function, inner) for key, inner in structure.items()}
    if isinstance(structure, list | tuple):
        return _like(structure, [map_shape_structure(function, inner) for inner in structure])
    raise ValueError(f"map_shape_structure expected shapes, got {structure!r}.")


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(n is None or isinstance(n, int) for n in value)


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise unless both are nested alike, in containers of the same kind.

    Raises:
        ValueError: naming the first place where they differ.
    """
    _compare(a, b, (), kinds=True)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise unless the same indices and keys lead to leaves in both; lists and tuples are alike.

    Raises:
        ValueError: naming the first place where they differ.
    """
    _compare(a, b, (), kinds=False)


def _compare(a: Any, b: Any, path: tuple[Any, ...], kinds: bool) -> None:
    where = "".join(f"[{key!r}]" for key in path) or "the outside"
    if is_nested(a) != is_nested(b) or (kinds and is_nested(a) and _kind(a) is not _kind(b)):
        raise ValueError(
            f"The structures expected to be nested alike, got {type(a).__name__} and "
            f"{type(b).__name__} at {where}."
        )
    if not is_nested(a):
        return
    left, right = dict(_items(a)), dict(_items(b))
    if left.keys() != right.keys():
        raise ValueError(
            f"The structures expected to be nested alike, got {list(left)} and {list(right)} "
            f"at {where}."
        )
    for key in left:
        _compare(left[key], right[key], (*path, key), kinds)


def _kind(structure: Any) -> type:
    return dict if isinstance(structure, dict) else type(structure)


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The leaves `flat_sequence`, nested as `structure`.

    Raises:
        ValueError: for another number of leaves.
    """
    count = len(flatten(structure))
    given = list(flat_sequence)
    if len(given) != count:
        raise ValueError(f"pack_sequence_as expected {count} leaves, got {len(given)}.")
    leaves = iter(given)
    return _rebuilt(structure, lambda _: next(leaves))


def lists_to_tuples(structure: Any) -> Any:
    """`structure` with tuples in the place of lists."""

    def change(part: Any) -> Any:
        return tuple(part) if isinstance(part, list) else None

    return traverse(change, structure, top_down=False)


def traverse(function: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Give everything in `structure`, containers too, to `function`.

    What it returns, unless it is `None`, takes the place of what it was given.

    Args:
        function: returns `None`, a replacement, or `MAP_TO_NONE`.
        structure: nested lists, tuples and dictionaries.
        top_down: whether a container comes before what is in it; then what is in a replaced one
            is not visited.
    """
    if top_down:
        found = function(structure)
        if found is not None:
            return None if found is MAP_TO_NONE else found
    if isinstance(structure, dict):
        inner = {key: traverse(function, part, top_down) for key, part in _items(structure)}
        structure = {key: inner[key] for key in structure}
    elif is_nested(structure):
        structure = _like(structure, [traverse(function, part, top_down) for part in structure])
    if not top_down:
        found = function(structure)
        if found is not None:
            return None if found is MAP_TO_NONE else found
    return structure
