"""What a layer owns: the variables and layers found among its attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from leftfold.engine.changes import note_change

_structure = {"version": 0}


def touch() -> None:
    """Say that some layer somewhere may own something new."""
    _structure["version"] += 1
    note_change()


def version() -> int:
    """A number that changes whenever any layer's variables or sublayers may have changed."""
    return _structure["version"]


def _announced(method: Callable[..., Any]) -> Callable[..., Any]:
    def changed(self: Any, *args: Any, **kwargs: Any) -> Any:
        touch()
        return method(self, *args, **kwargs)

    return changed


class TrackedList(list):
    """A list in a layer's attribute: layers put into it later are found as well."""


class TrackedDict(dict):
    """A dictionary in a layer's attribute: layers put into it later are found as well."""


for _container, _base, _names in (
    (TrackedList, list, "append extend insert pop remove clear reverse sort __iadd__"),
    (TrackedDict, dict, "update pop popitem clear setdefault __ior__"),
):
    for _name in (*_names.split(), "__setitem__", "__delitem__"):
        setattr(_container, _name, _announced(getattr(_base, _name)))


def tracked(value: Any) -> Any:
    """`value`, plain lists and dictionaries in it replaced by ones that announce changes."""
    if type(value) is list:
        return TrackedList([tracked(item) for item in value])
    if type(value) is tuple:
        return tuple([tracked(item) for item in value])
    if type(value) is dict:
        return TrackedDict({key: tracked(item) for key, item in value.items()})
    return value


def find(kinds: type | tuple[type, ...], value: Any) -> Iterator[Any]:
    """Every instance of `kinds` in nested lists, tuples, sets and dictionaries, in order."""
    if isinstance(value, kinds):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from find(kinds, item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from find(kinds, item)


def unique(items: Any) -> list[Any]:
    """The items in order, each once."""
    return list({id(item): item for item in items}.values())
