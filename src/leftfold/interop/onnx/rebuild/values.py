"""What the values of a graph are while a model is made of it.

A graph moves axes about where a model of layers does not: recurrences read time first,
convolutions channels first. A `View` therefore remembers a tensor and, apart from it, in which
order and in which groups the graph has its axes; only what needs the tensor that way makes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold.engine import KerasTensor
from leftfold.interop.onnx.run.operators import Call


class Refused(ValueError):
    """A node of which no layers can be made."""


class Atom:
    """One axis that is never cut in the tensors that share it; `None` for an open size."""

    def __init__(self, size: int | None, source: tuple[KerasTensor, int] | None = None) -> None:
        self.size = size
        self.source = source
        """A tensor with this axis, from which the size can be learnt."""


Group = tuple[Atom, ...]
"""An axis of atoms side by side; `()` has size 1."""
Groups = tuple[Group, ...]


def size_of(group: Group) -> int | None:
    """The size of an axis, `None` where it is open."""
    sizes = [atom.size for atom in group]
    return None if None in sizes else math.prod(sizes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Unsettled:
    """Why a tensor is not yet what the graph has: steps that a mask leaves out are to be settled.

    Attributes:
        kind: `"packed"`: steps that count lie in front; `"gathered"`: back in their places, those
            that do not count still to be given; `"end"`: a last state, rows without steps still
            to be given.
        mask: which steps count.
        zeroed: whether steps that do not count are 0 already.
    """

    kind: str
    mask: Value
    zeroed: bool = False


@dataclass(frozen=True)
class View:
    """A tensor, and the axes that the graph sees of it.

    Attributes:
        base: the tensor.
        layout: the atoms of its axes.
        axes: those of the graph's axes: the same atoms, in another order or grouped otherwise.
        unsettled: set where the tensor is the graph's only once a mask has been settled.
    """

    base: KerasTensor
    layout: Groups
    axes: Groups
    unsettled: Unsettled | None = None

    @property
    def shape(self) -> tuple[int | None, ...]:
        return tuple(size_of(group) for group in self.axes)

    @property
    def dtype(self) -> str:
        return self.base.dtype


@dataclass(frozen=True)
class Directions:
    """What a recurrence in two directions gives: a view of each, side by side along `axis`."""

    parts: tuple[View, ...]
    axis: int


Entry = int | tuple[Atom, ...]
"""A size: a number, or the product of open ones."""


@dataclass(frozen=True)
class Sizes:
    """Whole numbers some of which are sizes of axes that are open."""

    entries: tuple[Entry, ...]
    scalar: bool = False


@dataclass(frozen=True)
class Failure:
    """A value that could not be made; it matters only if something needs it."""

    error: Refused


Result = View | Directions | Sizes | Failure | np.ndarray


@dataclass(eq=False)
class Made:
    """A node: its operator, what it read, and which of its results anything reads."""

    call: Call
    inputs: list[Value | None]
    used: list[bool] = field(default_factory=list)

    def given(self, place: int) -> Value | None:
        """An input, `None` where it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def refuse(self, reason: str) -> Refused:
        """An error about this node, to be raised."""
        return Refused(str(self.call.refuse(reason)))


@dataclass(eq=False)
class Value:
    """A value of the graph, and the node that computes it."""

    result: Any
    name: str = ""
    made: Made | None = None
    place: int = 0

    @property
    def kind(self) -> str:
        """The operator that computes it; empty for inputs and constants."""
        return self.made.call.kind if self.made else ""

    def source(self, place: int) -> Value | None:
        """An input of the node that computes it."""
        return self.made.given(place) if self.made else None

    def without(self, *kinds: str) -> Value:
        """The value behind operators that change no number."""
        value = self
        while value.kind in kinds:
            before = value.source(0)
            assert before is not None
            value = before
        return value


def new_atoms(tensor: KerasTensor) -> Groups:
    """An atom for each axis of a tensor."""
    return tuple((Atom(size, (tensor, axis)),) for axis, size in enumerate(tensor.shape))


def whole(tensor: KerasTensor, groups: Groups | None = None) -> View:
    """A view of a tensor as it is."""
    groups = new_atoms(tensor) if groups is None else groups
    for axis, group in enumerate(groups):
        for atom in group:
            if len(group) == 1 and atom.source is None:
                atom.source = (tensor, axis)
    return View(tensor, groups, groups)
