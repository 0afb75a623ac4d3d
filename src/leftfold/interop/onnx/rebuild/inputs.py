"""What a rule is given: the inputs of a node as views, tensors or constants; and rules by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from leftfold import ops
from leftfold.engine import KerasTensor
from leftfold.interop.onnx.rebuild.axes import (
    broadcast,
    fresh_if,
    materialized,
    with_axis,
)
from leftfold.interop.onnx.rebuild.values import (
    Atom,
    Directions,
    Entry,
    Failure,
    Groups,
    Made,
    Refused,
    Sizes,
    Value,
    View,
    whole,
)
from leftfold.interop.onnx.run.sizes import check_result
from leftfold.layers import Concatenate

Rule = Callable[..., Any]
"""From the rebuilder and a node to its result, or a list of its results."""

RULES: dict[str, Rule] = {}


def rebuilds(*kinds: str) -> Callable[[Rule], Rule]:
    """Register a rule for the operators of these names."""

    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def raw(made: Made, place: int) -> View | Directions | Sizes | np.ndarray:
    """An input as it is.

    Raises:
        Refused: where it could not be made, for the reason why; or is missing.
    """
    value = made.given(place)
    if value is None:
        raise made.refuse(f"expected an input number {place + 1}")
    if isinstance(value.result, Failure):
        raise value.result.error
    result: View | Directions | Sizes | np.ndarray = value.result
    return result


def constant(made: Made, place: int) -> np.ndarray | None:
    """An input whose numbers are in the file, `None` for any other, or none."""
    value = made.given(place)
    return value.result if value and isinstance(value.result, np.ndarray) else None


def needed_constant(made: Made, place: int, what: str) -> np.ndarray:
    """An input whose numbers must be in the file.

    Raises:
        Refused: where the graph computes it.
    """
    found = constant(made, place)
    if found is None:
        raise made.refuse(f"{what} is computed by the graph, layers take numbers for it")
    return found


def integers(made: Made, place: int, attribute: str = "") -> list[int] | None:
    """Whole numbers, given as an input or in older versions as an attribute."""
    if made.given(place) is None:
        found = made.call.get(attribute) if attribute else None
        return None if found is None else [int(n) for n in np.atleast_1d(found)]
    return [int(n) for n in needed_constant(made, place, attribute or "a shape").ravel()]


def view(made: Made, place: int) -> View:
    """An input that the network computes, its masks settled.

    Raises:
        Refused: for one that it does not compute, or that waits for a mask.
    """
    found = raw(made, place)
    if isinstance(found, Directions):
        found = side_by_side(found)
    if isinstance(found, Sizes):
        found = whole(sizes_tensor(made, found))
    if not isinstance(found, View):
        raise made.refuse("expected an input that is no constant")
    if found.unsettled is not None:
        raise made.refuse("it reads a masked recurrence in a way that no layer does")
    return found


def tensor(made: Made, place: int) -> Any:
    """An input as an operation takes it, its axes in the graph's order."""
    found = raw(made, place)
    return found if isinstance(found, np.ndarray) else materialized(view(made, place))


def groups_of(made: Made, place: int) -> Groups:
    """The axes of an input, those of constants too."""
    found = raw(made, place)
    if isinstance(found, np.ndarray):
        return tuple((Atom(n),) for n in found.shape)
    return view(made, place).axes


def broadcasted(made: Made, result: KerasTensor) -> View:
    """The result of an operation that goes element by element over all inputs."""
    places = [i for i, value in enumerate(made.inputs) if value is not None]
    axes = broadcast(*(groups_of(made, place) for place in places))
    return whole(result, fresh_if(result, axes))


def side_by_side(found: Directions) -> View:
    """Both directions as one tensor, the last axis of its base cut in two."""
    first = found.parts[0]
    joined = Concatenate()([part.base for part in found.parts])
    both = Atom(len(found.parts))
    layout = (*first.layout[:-1], (both, *first.layout[-1]))
    spread = with_axis(first, found.axis).axes
    axes = tuple((both,) if i == found.axis else group for i, group in enumerate(spread))
    return View(joined, layout, axes, first.unsettled)


_MOST_ELEMENTS = 1 << 24
"""In any result, open sizes counted as `_OPEN`: shapes are found by computing with zeros."""
_OPEN = 4


def check_elements(made: Made, *sizes: Any) -> None:
    """Look at the size of a result before it is tried.

    Raises:
        Refused: when it is absurdly large.
    """
    known = (_OPEN if n is None or isinstance(n, tuple) else int(n) for n in sizes)
    count = math.prod(known)
    if count > _MOST_ELEMENTS:
        raise made.refuse(f"a result of {count:,} numbers is too large")


class _Expected(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def check_growth(made: Made) -> None:
    """Look at what comes of inputs that meet, such as sums of rows and columns.

    Raises:
        Refused: when it is absurdly large.
    """
    given: list[Any] = []
    for value in made.inputs:
        found = None if value is None else value.result
        if isinstance(found, Directions):
            found = found.parts[0]
        if isinstance(found, View):
            shape = tuple(_OPEN if n is None else n for n in found.shape)
            given.append(_Expected(shape, np.dtype(found.dtype)))
        elif isinstance(found, np.ndarray):
            given.append(found)
        elif value is not None:
            return
    try:
        check_result(made.call, given)
    except ValueError as error:
        raise Refused(str(error)) from error


def size_tensor(made: Made, entry: Entry) -> KerasTensor:
    """An open size as a number that is computed."""
    if isinstance(entry, int):
        raise made.refuse("expected an open size")
    product: Any = None
    for atom in entry:
        factor = ops.sum(ones_along(made, atom))
        product = factor if product is None else product * factor
    result: KerasTensor = product
    return result


def sizes_tensor(made: Made, sizes: Sizes) -> KerasTensor:
    """Sizes as a computed number, or a list of such."""
    if sizes.scalar or len(sizes.entries) == 1:
        number = size_tensor(made, sizes.entries[0])
        result: KerasTensor = number if sizes.scalar else ops.reshape(number, (1,))
        return result
    raise made.refuse("it computes with a shape that is open")


def ones_along(made: Made, atom: Atom) -> KerasTensor:
    """A 1 for each place along an axis of open size."""
    if atom.source is None:
        raise made.refuse("it needs an open size that no tensor has")
    x: Any = atom.source[0]
    axis = atom.source[1]
    key = tuple(slice(None) if i == axis else 0 for i in range(x.ndim))
    result: KerasTensor = ops.ones_like(x[key], dtype="int64")
    return result


def same_axes(values: list[Value | None]) -> bool:
    """Whether views share layout and axes, so that an operation may work on their bases."""
    views = [v.result for v in values if v is not None]
    first = views[0]
    return all(
        isinstance(each, View)
        and each.unsettled is None
        and each.layout == first.layout
        and each.axes == first.axes
        for each in views
    )


def named(value: Value | None) -> str:
    """The name of a constant, behind operators that only store it otherwise."""
    while value is not None and value.made is not None:
        value = value.source(0)
    return "" if value is None else value.name


def settled(found: View) -> View:
    """The view without what was to be settled."""
    return replace(found, unsettled=None)
