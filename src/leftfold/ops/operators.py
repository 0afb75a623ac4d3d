"""Python's operators on `Tensor` and `KerasTensor`: `a + b` is `ops.add(a, b)`, and so on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from leftfold.engine.symbolic import KerasTensor
from leftfold.engine.tensor import Tensor
from leftfold.ops import arithmetic, comparison, creation, elementwise, indexing, linalg, shape

_BINARY = {
    "add": arithmetic.add,
    "sub": arithmetic.subtract,
    "mul": arithmetic.multiply,
    "truediv": arithmetic.true_divide,
    "floordiv": arithmetic.floor_divide,
    "mod": arithmetic.mod,
    "pow": arithmetic.power,
    "matmul": linalg.matmul,
    "and": comparison.logical_and,
    "or": comparison.logical_or,
    "xor": comparison.logical_xor,
}

_COMPARISONS = {
    "lt": comparison.less,
    "le": comparison.less_equal,
    "gt": comparison.greater,
    "ge": comparison.greater_equal,
}

_UNARY = {
    "neg": elementwise.negative,
    "abs": elementwise.absolute,
    "invert": comparison.logical_not,
}


def _forward(operation: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return operation(self, other)

    return method


def _reflected(operation: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return operation(other, self)

    return method


def _tensor_equal(self: Tensor, other: Any) -> Any:
    return False if other is None else comparison.equal(self, other)


def _tensor_not_equal(self: Any, other: Any) -> Any:
    return True if other is None else comparison.not_equal(self, other)


def _symbolic_equal(self: KerasTensor, other: Any) -> Any:
    """Between symbolic tensors identity, as in Keras, so that `tensor in tensors` works."""
    if other is None or isinstance(other, KerasTensor):
        return self is other
    return comparison.equal(self, other)


def _get_item(self: Any, key: Any) -> Any:
    return indexing.get_item(self, key)


def _iterate(self: Tensor) -> Iterator[Any]:
    if not self.ndim:
        raise TypeError("A tensor without axes cannot be iterated over.")
    return iter(shape.unstack(self))


def _power(self: Any, exponent: Any, modulo: None = None) -> Any:
    return arithmetic.power(self, exponent)


def _round(self: Any, ndigits: int | None = None) -> Any:
    return elementwise.round(self, ndigits or 0)


def _reshape(self: Any, *newshape: Any) -> Any:
    """`ops.reshape(x, newshape)`; the sizes may also be given one by one."""
    sizes = newshape[0] if len(newshape) == 1 else newshape
    return shape.reshape(self, sizes)


def _squeeze(self: Any, axis: Any = None) -> Any:
    """`ops.squeeze(x, axis)`."""
    return shape.squeeze(self, axis)


def _astype(self: Any, dtype: Any) -> Any:
    """`ops.cast(x, dtype)`."""
    return creation.cast(self, dtype)


def _attach(cls: Any) -> None:
    """Give a tensor class all operators."""
    for name, operation in _BINARY.items():
        setattr(cls, f"__{name}__", _forward(operation))
        setattr(cls, f"__r{name}__", _reflected(operation))
    for name, operation in _COMPARISONS.items():
        setattr(cls, f"__{name}__", _forward(operation))
    cls.__ne__ = _tensor_not_equal
    for name, function in _UNARY.items():
        setattr(cls, f"__{name}__", lambda self, function=function: function(self))
    cls.__pow__ = _power
    cls.__round__ = _round
    cls.__getitem__ = _get_item
    cls.T = property(lambda self: shape.transpose(self), doc="The tensor with its axes reversed.")
    cls.reshape, cls.squeeze, cls.astype = _reshape, _squeeze, _astype


_attach(Tensor)
_attach(KerasTensor)
Tensor.__iter__ = _iterate  # type: ignore[attr-defined]
Tensor.__eq__ = _tensor_equal  # type: ignore[method-assign,assignment]
KerasTensor.__eq__ = _symbolic_equal  # type: ignore[method-assign,assignment]
