"""The operators that Leftfold runs, by name, and what a function that runs one is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from leftfold.interop.onnx.run.sizes import check_bytes
from leftfold.saving.errors import one_line


class NotOffered(ValueError):
    """What an input asks for is not supported, as only shows when it comes."""


class Call(NamedTuple):
    """One node of a graph, without its inputs."""

    kind: str
    """The operator's name."""
    name: str
    """The node's name, for messages."""
    attributes: dict[str, Any]
    """Numbers, strings, arrays, and lists of numbers or strings."""
    version: int
    """The version of the operators that the file asks for."""
    results: int
    """How many results the graph reads, those that it names."""
    cache: dict[str, Any]
    """What the operator wants to keep between runs."""

    def get(self, attribute: str, default: Any = None) -> Any:
        """An attribute, or what it is by default."""
        return self.attributes.get(attribute, default)

    def refuse(self, reason: str) -> ValueError:
        """An error about this node, to be raised."""
        return ValueError(one_line(f"{self.kind} {self.name}: {reason}."))


Function = Callable[..., Any]

OPERATORS: dict[str, Function] = {}


def operator(*names: str) -> Callable[[Function], Function]:
    """Register a function for operators.

    It takes a `Call`, then the inputs, `None` for optional ones that are left out, and returns an
    array or a tuple of arrays.
    """

    def register(function: Function) -> Function:
        OPERATORS.update(dict.fromkeys(names, function))
        return function

    return register


LIMITS: dict[str, Callable[[Call], str | None]] = {}
"""What cannot be done about an operator that is run otherwise: a reason, or `None`."""


def limit(*names: str) -> Callable[[Function], Function]:
    """Register a function that finds a reason to refuse a node when its file is read."""

    def register(function: Function) -> Function:
        LIMITS.update(dict.fromkeys(names, function))
        return function

    return register


def axes_of(call: Call, given: Any, attribute: str = "axes") -> tuple[int, ...] | None:
    """Axes given as an input, or in older versions as an attribute; `None` for neither."""
    axes = call.get(attribute) if given is None else given
    return None if axes is None else tuple(int(axis) for axis in np.atleast_1d(axes))


def checked_shape(call: Call, shape: Iterable[Any], dtype: Any) -> tuple[int, ...]:
    """A shape to make an array of.

    Raises:
        ValueError: when it has a negative size, or the array would be too large.
    """
    sizes = tuple(int(n) for n in shape)
    if any(n < 0 for n in sizes):
        raise call.refuse(f"expected sizes of 0 and more, got {sizes}")
    check_bytes(call, math.prod(sizes) * np.dtype(dtype).itemsize, sizes)
    return sizes
