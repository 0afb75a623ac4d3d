"""Symbolic tensors and the graph of calls between them, from which `Model` is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from leftfold.engine.naming import auto_name
from leftfold.engine.recording import no_recording
from leftfold.engine.tensor import TEXT, Tensor, dtype_name

Shape = tuple[int | None, ...]

_PROBES = ((3, 4), (60, 120))
"""Stand-ins for unknown sizes: a size that changes with the probe is unknown in the result.

The second pair is tried where the first is too small (`top_k`, windows) or does not divide.
"""


class KerasTensor:
    """A tensor that will exist: a shape (with `None` for unknown sizes), a dtype, an origin.

    Args:
        shape: the sizes; `None` where they are known only at run time.
        dtype: the element type's name.
        name: a name for error messages and summaries.
        history: `(operation, node_index, tensor_index)`, the call that will produce it.
        sparse: not supported.
        ragged: not supported.
    """

    __array_priority__ = 200.0

    def __init__(
        self,
        shape: Shape,
        dtype: str = "float32",
        name: str | None = None,
        history: tuple[Operation, int, int] | None = None,
        sparse: bool = False,
        ragged: bool = False,
    ) -> None:
        if sparse or ragged:
            raise ValueError("KerasTensor expected dense data, got sparse or ragged.")
        self.shape: Shape = tuple(None if n is None else int(n) for n in shape)
        self.dtype = TEXT if dtype == TEXT else dtype_name(np.dtype(dtype))
        self.name = name or auto_name("keras_tensor")
        self.history = history
        self.sparse = self.ragged = False
        self._keras_mask: Any = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def _keras_history(self) -> Any:
        return self.history

    def __len__(self) -> int:
        raise TypeError(_not_yet(self, "len()"))

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(_not_yet(self, "iteration"))

    def __bool__(self) -> bool:
        raise TypeError(_not_yet(self, "a Python condition"))

    def __float__(self) -> float:
        raise TypeError(_not_yet(self, "float()"))

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError(_not_yet(self, "NumPy"))

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def _not_yet(tensor: KerasTensor, use: str) -> str:
    return (
        f"The symbolic tensor {tensor.name} of shape {tensor.shape} has no values yet and cannot "
        f"be used by {use}. Use functions of leftfold.ops or layers on it."
    )


class Node:
    """One call of an operation on symbolic tensors."""

    def __init__(
        self,
        operation: Operation,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        outputs: Any,
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.inputs: list[KerasTensor] = [
            leaf for leaf in leaves((args, kwargs)) if isinstance(leaf, KerasTensor)
        ]
        self.outputs: list[KerasTensor] = [
            leaf for leaf in leaves(outputs) if isinstance(leaf, KerasTensor)
        ]
        index = len(operation.inbound_nodes)
        for position, output in enumerate(self.outputs):
            output.history = (operation, index, position)
        operation.inbound_nodes.append(self)


class Operation:
    """Something that can be called on symbolic tensors: a layer, or one of `leftfold.ops`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.inbound_nodes: list[Node] = []


class PrimitiveCall(Operation):
    """A primitive in a graph. Its tensors and settings are in the node's arguments."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        super().__init__(name)
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def leaves(structure: Any) -> Iterator[Any]:
    """Every leaf of nested lists, tuples and dictionaries (by sorted key), in order."""
    if isinstance(structure, list | tuple):
        for item in structure:
            yield from leaves(item)
    elif isinstance(structure, dict):
        for key in sorted(structure):
            yield from leaves(structure[key])
    else:
        yield structure


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """`structure` with every leaf replaced by `function(leaf)`."""
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(map_structure(function, item) for item in structure))
    if isinstance(structure, list | tuple):
        return type(structure)(map_structure(function, item) for item in structure)
    if isinstance(structure, dict):
        return {key: map_structure(function, value) for key, value in structure.items()}
    return function(structure)


def is_symbolic(*structures: Any) -> bool:
    """Whether a symbolic tensor is anywhere among the arguments."""
    return any(isinstance(leaf, KerasTensor) for leaf in leaves(structures))


def infer(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `function` would return, as symbolic tensors, found by running it on small zeros.

    Unknown sizes are run with two different stand-ins; sizes that differ between the two
    results are unknown. So are sizes of zero, which mean that a slice began behind the end.
    """
    unknown = any(None in leaf.shape for leaf in leaves((args, kwargs)) if is_symbolic(leaf))
    try:
        first, second = [_probe(function, args, kwargs, size) for size in _PROBES[0]]
    except (ValueError, IndexError, TypeError):
        if not unknown:
            raise
        first, second = [_probe(function, args, kwargs, size) for size in _PROBES[1]]
    others: list[Any] = []
    map_structure(others.append, second)
    others.reverse()

    def symbolic(leaf: Any) -> Any:
        other = others.pop()
        if not isinstance(leaf, Tensor | np.ndarray):
            return leaf
        sizes = zip(leaf.shape, other.shape, strict=True)
        shape = [n if n == m and (n or not unknown) else None for n, m in sizes]
        return KerasTensor(tuple(shape), dtype_name(np.asarray(leaf).dtype))

    return map_structure(symbolic, first)


def _probe(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], size: int
) -> Any:
    """The result of `function` on zeros whose unknown sizes are `size`."""

    def zeros(leaf: Any) -> Any:
        if isinstance(leaf, KerasTensor):
            shape = [size if n is None else n for n in leaf.shape]
            if leaf.dtype == TEXT:
                return Tensor(np.full(shape, "", object))
            return Tensor(np.zeros(shape, leaf.dtype))
        return leaf

    with no_recording(), np.errstate(all="ignore"):
        args, kwargs = map_structure(zeros, (args, kwargs))
        return function(*args, **kwargs)
