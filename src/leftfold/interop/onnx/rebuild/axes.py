"""Axes put in another order or grouped otherwise, and tensors made that way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leftfold import layers, ops
from leftfold.engine import KerasTensor
from leftfold.interop.onnx.rebuild.values import (
    Atom,
    Entry,
    Group,
    Groups,
    Refused,
    View,
    size_of,
)


def in_order(view: View, order: Sequence[int]) -> View:
    """The view with its axes in another order."""
    return replace(view, axes=tuple(view.axes[axis] for axis in order))


def without_axis(view: View, axis: int) -> View:
    """The view without an axis of size 1."""
    return replace(view, axes=tuple(g for i, g in enumerate(view.axes) if i != axis))


def with_axis(view: View, axis: int) -> View:
    """The view with an axis of size 1 more."""
    return replace(view, axes=(*view.axes[:axis], (), *view.axes[axis:]))


def materialized(view: View) -> Any:
    """The tensor with the axes of the view.

    Raises:
        Refused: where that takes a shape with two open sizes.
    """
    x, groups = view.base, view.layout
    if view.axes == groups:
        return x
    wanted = [group for group in view.axes if group]
    if any(group not in groups for group in wanted):
        groups = tuple((atom,) for group in groups for atom in group)
        x = _reshaped(x, view.layout, groups)
    atoms = {atom for group in wanted for atom in group}
    gone = [axis for axis, group in enumerate(groups) if not atoms & set(group)]
    if gone:
        x = ops.squeeze(x, axis=tuple(gone))
        groups = tuple(group for axis, group in enumerate(groups) if axis not in gone)
    together = all(group in groups for group in wanted)
    target = tuple(wanted) if together else tuple((a,) for group in wanted for a in group)
    if target != groups:
        x = ops.transpose(x, tuple(groups.index(group) for group in target))
    if not together:
        x = _reshaped(x, target, tuple(wanted))
    for axis, group in enumerate(view.axes):
        if not group:
            x = ops.expand_dims(x, axis)
    return x


def _reshaped(x: Any, before: Groups, after: Groups) -> Any:
    sizes = [size_of(group) for group in after]
    kept = bool(before and after) and before[0] == after[0]
    if x._keras_mask is not None:
        x = ops.copy(x)  # shapes change, masks do not
    if sizes[1:].count(None) <= 1 and kept:
        return layers.Reshape([-1 if n is None else n for n in sizes[1:]])(x)
    if sizes.count(None) <= 1:
        return ops.reshape(x, [-1 if n is None else n for n in sizes])
    raise Refused("it takes a shape with more than one open size")


def regrouped(view: View, sizes: Sequence[Entry]) -> View | None:
    """The view with the axes of a new shape, `None` where that cuts axes of open size.

    Args:
        view: what is given another shape.
        sizes: of the new axes; -1 for one that follows from the others.
    """
    atoms = [atom for group in view.axes for atom in group]
    at = sizes.index(-1) if -1 in sizes else len(sizes)
    swaps: dict[Atom, Group] = {}
    front = _taken(atoms, list(sizes[:at]), swaps, from_end=False)
    if front is None:
        return None
    groups, rest = front
    if at < len(sizes):
        back = _taken(rest, list(sizes[at + 1 :]), swaps, from_end=True)
        if back is None:
            return None
        groups = [*groups, tuple(back[1]), *back[0]]
    elif any(atom.size != 1 for atom in rest):
        return None
    layout = tuple(tuple(b for a in group for b in _cut(a, swaps)) for group in view.layout)
    return replace(view, layout=layout, axes=tuple(groups))


def _cut(atom: Atom, swaps: dict[Atom, Group]) -> Group:
    parts = swaps.get(atom)
    return (atom,) if parts is None else tuple(b for a in parts for b in _cut(a, swaps))


def _taken(
    atoms: list[Atom], sizes: list[Entry], swaps: dict[Atom, Group], from_end: bool
) -> tuple[list[Group], list[Atom]] | None:
    """Atoms dealt out to sizes from one end, and those that are left."""
    rest, groups = list(atoms), []
    for size in reversed(sizes) if from_end else sizes:
        group = _group(rest, size, swaps, from_end)
        if group is None:
            return None
        groups.append(group)
    return (groups[::-1] if from_end else groups), rest


def _group(rest: list[Atom], size: Entry, swaps: dict[Atom, Group], from_end: bool) -> Group | None:
    """The atoms from one end that make up a size, cut where need be; taken off `rest`."""
    if isinstance(size, int) and size < 1:
        return None
    at = -1 if from_end else 0
    opened = {atom for atom in size if atom.size is None} if isinstance(size, tuple) else set()
    left = size if isinstance(size, int) else math.prod(a.size for a in size if a.size is not None)
    taken: list[Atom] = []
    if size == 1 and rest and rest[at].size == 1:
        return (rest.pop(at),)
    while opened or left > 1:
        while rest and rest[at].size == 1:
            taken.append(rest.pop(at))
        if not rest:
            return None
        atom = rest[at]
        if atom.size is None:
            if atom not in opened:
                return None
            opened.remove(atom)
            taken.append(rest.pop(at))
        elif left % atom.size == 0:
            left //= atom.size
            taken.append(rest.pop(at))
        elif left > 1 and atom.size % left == 0:
            parts = Atom(left), Atom(atom.size // left)
            swaps[atom] = parts[::-1] if from_end else parts
            rest[at] = parts[1]
            taken.append(parts[0])
            left = 1
        else:
            return None
    return tuple(taken[::-1] if from_end else taken)


def broadcast(*groups: Groups) -> Groups:
    """The axes of what comes of tensors side by side, element by element."""
    rank = max(map(len, groups))
    padded = [((),) * (rank - len(each)) + each for each in groups]
    return tuple(_wider(column) for column in zip(*padded, strict=True))


def _wider(column: tuple[Group, ...]) -> Group:
    known = [group for group in column if size_of(group) not in (None, 1)]
    opened = [group for group in column if size_of(group) is None]
    return (known or opened or [group for group in column if group] or [()])[0]


def fresh_if(tensor: KerasTensor, groups: Groups) -> Groups:
    """`groups` where they fit a tensor, sizes of its own where they do not."""
    return tuple(
        group if size_of(group) == size else (Atom(size, (tensor, axis)),)
        for axis, (group, size) in enumerate(zip(groups, tensor.shape, strict=True))
    )


def entries_of(view: View) -> tuple[Entry, ...]:
    """The shape of a view as sizes."""
    found: list[Entry] = []
    for group in view.axes:
        size = size_of(group)
        found.append(tuple(atom for atom in group if atom.size != 1) if size is None else size)
    return tuple(found)
