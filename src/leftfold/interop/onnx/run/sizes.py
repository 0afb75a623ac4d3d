"""How much memory the operators of a file may ask for, found out before they take it.

What a graph makes out of itself is bounded by what its file holds; what grows with the inputs is
for whoever gives them to say.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from leftfold.interop.onnx.run.operators import Call

_FREE = 1 << 27
_FOR_EACH_BYTE_OF_CONSTANTS = 64
_FOR_EACH_BYTE_OF_INPUTS = 4096

Shape = tuple[int, ...]


class _Allowance(threading.local):
    left = _FREE


_allowance = _Allowance()


@contextlib.contextmanager
def memory_limited(constants: int, inputs: int) -> Iterator[None]:
    """Inside the block, results may take what goes with so many bytes of constants and inputs."""
    before = _allowance.left
    grown = _FOR_EACH_BYTE_OF_CONSTANTS * constants + _FOR_EACH_BYTE_OF_INPUTS * inputs
    _allowance.left = _FREE + grown
    try:
        yield
    finally:
        _allowance.left = before


def check_bytes(call: Call, size: int, shape: Any) -> None:
    """Look at a result before it is made.

    Raises:
        ValueError: when it is larger than what is left.
    """
    if size > _allowance.left:
        raise call.refuse(
            f"a result of shape {shape} needs {size} bytes, its model and these inputs may take "
            f"{max(_allowance.left, 0)} more"
        )


def take(size: int) -> None:
    """Count a result that is there; negative when it is gone."""
    _allowance.left -= size


def check_result(call: Call, given: Sequence[Any]) -> None:
    """Look at what an operator will make out of its inputs, where that can be larger than they.

    Raises:
        ValueError: when it is larger than what is left.
    """
    shapes = [x.shape for x in given if x is not None]
    rule = _RULES.get(call.kind)
    if rule is None or not shapes:
        return
    shape = rule(call, shapes)
    width = max(x.dtype.itemsize for x in given if x is not None)
    check_bytes(call, math.prod(shape) * width, tuple(shape))


def _broadcast(call: Call, shapes: list[Shape]) -> Iterable[int]:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:  # as old versions align shapes, results are as large as the first
        return shapes[0]


def _product(call: Call, shapes: list[Shape]) -> Iterable[int]:
    first, second = shapes[:2]
    outer = np.broadcast_shapes(first[:-2], second[:-2])
    return (*outer, *first[-2:-1], *(second[-1:] if len(second) > 1 else ()))


def _gemm(call: Call, shapes: list[Shape]) -> Iterable[int]:
    first, second = shapes[:2]
    return (first[1 if call.get("transA", 0) else 0], second[0 if call.get("transB", 0) else 1])


def _concatenated(call: Call, shapes: list[Shape]) -> Iterable[int]:
    return (sum(map(math.prod, shapes)),)


def _gathered(call: Call, shapes: list[Shape]) -> Iterable[int]:
    x, indices = shapes[:2]
    axis = call.get("axis", 0) % len(x)
    return (*x[:axis], *indices, *x[axis + 1 :])


def _gathered_points(call: Call, shapes: list[Shape]) -> Iterable[int]:
    x, indices = shapes[:2]
    return (*indices[:-1], *x[call.get("batch_dims", 0) + indices[-1] :])


def _recurrence(call: Call, shapes: list[Shape]) -> Iterable[int]:
    """Outputs, and the product of all inputs with the weights."""
    x, weights = shapes[:2]
    return (x[0], x[1], math.prod(weights[:2]))


_RULES: dict[str, Callable[[Any, list[Shape]], Iterable[int]]] = {
    **dict.fromkeys(
        (
            "Add", "Sub", "Mul", "Div", "Mod", "Pow", "And", "Or", "Xor", "Equal", "Greater",
            "GreaterOrEqual", "Less", "LessOrEqual", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
            "BitShift", "Max", "Min", "Sum", "Mean", "Where", "PRelu", "Clip",
        ),
        _broadcast,
    ),
    **dict.fromkeys(("RNN", "GRU", "LSTM"), _recurrence),
    "MatMul": _product,
    "MatMulInteger": _product,
    "Gemm": _gemm,
    "Concat": _concatenated,
    "Gather": _gathered,
    "GatherND": _gathered_points,
}  # fmt: skip
