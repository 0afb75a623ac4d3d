"""Shapes that a graph computes: sizes that are open stay what they are, the rest are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import ops
from leftfold.interop.onnx.rebuild.axes import entries_of
from leftfold.interop.onnx.rebuild.inputs import (
    check_elements,
    constant,
    needed_constant,
    ones_along,
    raw,
    rebuilds,
    side_by_side,
)
from leftfold.interop.onnx.rebuild.values import Atom, Directions, Entry, Made, Sizes, View, whole

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder


def sizes_or_numbers(entries: tuple[Entry, ...], scalar: bool = False) -> Sizes | np.ndarray:
    """Sizes as a constant where none of them is open."""
    if all(isinstance(entry, int) for entry in entries):
        array = np.array(entries, np.int64)
        return array.reshape(()) if scalar else array
    return Sizes(entries, scalar)


def entries(made: Made, place: int) -> tuple[Entry, ...]:
    """An input as sizes.

    Raises:
        Refused: where it is neither sizes nor a constant.
    """
    found = raw(made, place)
    if isinstance(found, Sizes):
        return found.entries
    numbers = needed_constant(made, place, "a shape")
    return tuple(int(n) for n in numbers.ravel())


@rebuilds("Shape")
def _shape(rebuilder: Rebuilder, made: Made) -> Sizes | np.ndarray:
    found = raw(made, 0)
    if isinstance(found, Directions):
        found = side_by_side(found)
    if not isinstance(found, View):
        raise made.refuse("the shape of a shape")
    part = slice(made.call.get("start", 0), made.call.get("end"))
    return sizes_or_numbers(entries_of(found)[part])


def chosen_sizes(made: Made, found: Sizes) -> Sizes | np.ndarray:
    """`Gather` on sizes."""
    places = needed_constant(made, 1, "the place of a size")
    picked = tuple(found.entries[int(place)] for place in places.ravel())
    return sizes_or_numbers(picked, scalar=places.ndim == 0)


def cut_sizes(made: Made, found: Sizes) -> Sizes | np.ndarray:
    """`Slice` on sizes."""
    numbers = [needed_constant(made, place, "a place") for place in (1, 2)]
    step = constant(made, 4)
    first, last = (int(n.ravel()[0]) for n in numbers)
    by = None if step is None else int(step.ravel()[0])
    return sizes_or_numbers(found.entries[first:last:by])


def joined_sizes(made: Made) -> Sizes | np.ndarray:
    """`Concat` of sizes and numbers."""
    every = tuple(entry for place in range(len(made.inputs)) for entry in entries(made, place))
    return sizes_or_numbers(every)


def product_of_sizes(made: Made) -> Sizes | None:
    """`Mul` of two sizes, `None` where it is none of that."""
    found = [raw(made, place) for place in (0, 1)]
    if any(not isinstance(x, Sizes | np.ndarray) for x in found):
        return None
    pair = [entry for place in (0, 1) for entry in entries(made, place)]
    if len(pair) != 2:
        return None
    groups = [(Atom(entry),) if isinstance(entry, int) else entry for entry in pair if entry != 1]
    scalar = all(_is_scalar(x) for x in found)
    return Sizes((tuple(atom for group in groups for atom in group),), scalar)


def _is_scalar(found: Any) -> bool:
    return found.scalar if isinstance(found, Sizes) else found.ndim == 0


@rebuilds("Range")
def _range(rebuilder: Rebuilder, made: Made) -> View:
    start, step = constant(made, 0), constant(made, 2)
    (last,) = entries(made, 1)
    if start is None or start != 0 or step is None or step != 1 or isinstance(last, int):
        raise made.refuse("it counts otherwise than from 0 to an open size, in steps of 1")
    ones: Any = None
    for atom in sorted(last, key=lambda atom: atom.size is not None):
        if ones is None:
            ones = ones_along(made, atom)
        elif atom.size is None:
            raise made.refuse("it counts to a product of open sizes")
        else:
            check_elements(made, atom.size, *ones.shape)
            ones = ops.repeat(ones, atom.size, axis=0)
    return whole(ops.subtract(ops.cumsum(ones, axis=0), 1), (last,))


@rebuilds("ConstantOfShape")
def _constant_of_shape(rebuilder: Rebuilder, made: Made) -> np.ndarray:
    value = made.call.get("value", np.zeros(1, np.float32))
    return _spread(made, np.asarray(value).reshape(()), entries(made, 0))


@rebuilds("Expand")
def _expand(rebuilder: Rebuilder, made: Made) -> Any:
    wanted, numbers = entries(made, 1), constant(made, 0)
    if numbers is not None:
        return _spread(made, numbers, wanted)
    found = raw(made, 0)
    if not isinstance(found, View) or found.unsettled is not None:
        raise made.refuse("expected a tensor to expand")
    have = (1,) * (len(wanted) - len(found.axes)) + entries_of(found)
    for size, old in zip(wanted, have[len(have) - len(wanted) :], strict=True):
        if size != 1 and size != old:
            raise made.refuse(f"it repeats what has shape {found.shape}")
    if len(have) > len(found.axes):
        extra = ((),) * (len(have) - len(found.axes))
        return View(found.base, found.layout, (*extra, *found.axes))
    return found


def _spread(made: Made, numbers: np.ndarray, wanted: tuple[Entry, ...]) -> np.ndarray:
    """A constant in a shape; of size 1 where that is open, as broadcasting takes it."""
    check_elements(made, *wanted)
    shape = [entry if isinstance(entry, int) else 1 for entry in wanted]
    result: np.ndarray = np.broadcast_to(numbers, np.broadcast_shapes(numbers.shape, tuple(shape)))
    return result
