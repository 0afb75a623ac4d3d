"""The rules by which primitives are written as ONNX operators, by name.

A rule takes the exporter, the symbolic results of a call and its arguments, and returns the names
of the values. The modules `*_rules` beside this one register theirs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.engine.symbolic import Node

if TYPE_CHECKING:
    from leftfold.interop.onnx.export.exporting import Exporter

Rule = Callable[..., Any]

RULES: dict[str, Rule] = {}


def write(exporter: Exporter, node: Node) -> Sequence[str]:
    """Write one call of a primitive; returns the names of its results.

    Raises:
        ValueError: for a primitive that has no rule.
    """
    function = node.operation.function  # type: ignore[attr-defined]
    rule = RULES.get(function.__name__)
    if rule is None:
        raise ValueError(exporter.refusal(f"there is no ONNX operator for ops.{function.__name__}"))
    bound = inspect.signature(function).bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    bound.arguments.pop("needs", None)
    arguments = list(bound.arguments.values())
    results: Any = node.outputs[0] if len(node.outputs) == 1 else node.outputs
    names = rule(exporter, results, *arguments)
    return [names] if isinstance(names, str) else names


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule for the primitives of these names."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def rank_of(x: Any) -> int:
    """The number of axes of a tensor, array or number."""
    return len(x.shape) if hasattr(x, "shape") else np.ndim(x)


def common_type(*operands: Any) -> str:
    """The element type in which operands meet; numbers take that of the tensors beside them."""
    tensors = [np.dtype(x.dtype) for x in operands if hasattr(x, "dtype")]
    numbers = [x for x in operands if not hasattr(x, "dtype")]
    dtype = np.result_type(*tensors) if tensors else np.dtype("float32")
    if dtype.kind in "iu" and any(isinstance(x, float) for x in numbers):
        return "float32"
    return dtype.name


def reduce(exporter: Exporter, kind: str, value: str, axis: Any, keepdims: bool) -> str:
    """One reduction; its axes are an input of `ReduceSum` and an attribute of all others."""
    axes = None if axis is None else [int(a) for a in np.atleast_1d(axis)]
    graph, kept = exporter.graph, int(keepdims)
    if axes is None:
        return graph.node(kind, value, keepdims=kept)
    if kind == "ReduceSum":
        return graph.node(kind, value, graph.integers(*axes), keepdims=kept)
    return graph.node(kind, value, axes=axes, keepdims=kept)
