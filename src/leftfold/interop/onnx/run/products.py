"""Products of matrices, and integers that stand for fractions."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.interop.onnx.run.operators import Call, checked_shape, operator
from leftfold.interop.onnx.run.types import TYPES
from leftfold.ops.linalg import gemm

Array = np.ndarray


@operator("MatMul")
def _matmul(call: Call, x1: Array, x2: Array) -> Array:
    if x1.dtype.kind == "f" and x2.ndim == 2 and x1.ndim > 1 and x1.shape[-1] == x2.shape[0]:
        rows = np.ascontiguousarray(x1.reshape(-1, x1.shape[-1]))
        return gemm(rows, np.ascontiguousarray(x2)).reshape(*x1.shape[:-1], x2.shape[1])
    return np.asarray(np.matmul(x1, x2))


@operator("Gemm")
def _gemm(call: Call, a: Array, b: Array, c: Any = None) -> Array:
    a = a.T if call.get("transA", 0) else a
    b = b.T if call.get("transB", 0) else b
    alpha, beta = call.get("alpha", 1.0), call.get("beta", 1.0)
    y = gemm(np.ascontiguousarray(a), np.ascontiguousarray(b)) if a.dtype.kind == "f" else a @ b
    y = y if alpha == 1 else (alpha * y).astype(a.dtype)
    if c is None or beta == 0:
        return y
    checked_shape(call, np.broadcast_shapes(y.shape, c.shape), y.dtype)
    return np.asarray(y + c if beta == 1 else y + beta * c).astype(a.dtype)


@operator("Einsum")
def _einsum(call: Call, *xs: Array) -> Array:
    equation = call.get("equation", "")
    sizes: dict[str, int] = {}
    left, arrow, right = equation.replace(" ", "").partition("->")
    for term, x in zip(left.split(","), xs, strict=False):
        if "." not in term:
            sizes.update(zip(term, x.shape, strict=False))
    if arrow and "." not in right:
        checked_shape(call, (sizes.get(letter, 1) for letter in right), xs[0].dtype)
    return np.asarray(np.einsum(equation, *xs))


@operator("MatMulInteger")
def _matmul_integer(call: Call, a: Array, b: Array, za: Any = None, zb: Any = None) -> Array:
    def centred(x: Array, zero: Any, axis: int) -> Array:
        wide = x.astype(np.int32)
        if zero is None:
            return wide
        zero = np.asarray(zero, np.int32)
        return wide - (np.expand_dims(zero, axis) if zero.ndim and axis == -1 else zero)

    return np.matmul(centred(a, za, -1), centred(b, zb, 0))


def _per_axis(call: Call, numbers: Array, x: Array, dtype: Any) -> Array:
    """Scales or zero points that broadcast against `x`: one in all, one a place, or one a block."""
    numbers = np.asarray(numbers, dtype)
    if numbers.size == 1 and numbers.ndim <= 1:
        return numbers.reshape(())
    axis = call.get("axis", 1) % x.ndim
    if numbers.ndim == 1:
        return numbers.reshape([-1 if a == axis else 1 for a in range(x.ndim)])
    block = call.get("block_size", 0)
    if not block:
        raise call.refuse(f"expected a block_size beside scales of shape {numbers.shape}")
    if not 0 < block <= x.shape[axis]:
        raise call.refuse(f"expected a block_size from 1 to {x.shape[axis]}, got {block}")
    return np.repeat(numbers, block, axis)[tuple(slice(n) for n in x.shape)]


@operator("DequantizeLinear")
def _dequantize(call: Call, x: Array, scale: Array, zero: Any = None) -> Array:
    number = call.get("output_dtype", 0)
    dtype = np.dtype(TYPES[number]) if number else scale.dtype
    values = x.astype(np.int64) if zero is not None else x
    if zero is not None:
        values = values - _per_axis(call, zero, x, np.int64)
    return np.asarray(values.astype(scale.dtype) * _per_axis(call, scale, x, scale.dtype)).astype(
        dtype, copy=False
    )


@operator("QuantizeLinear")
def _quantize(call: Call, x: Array, scale: Array, zero: Any = None) -> Array:
    number = call.get("output_dtype", 0)
    target = np.dtype(TYPES[number]) if number else np.dtype("uint8")
    target = target if zero is None else zero.dtype
    shift = 0 if zero is None else _per_axis(call, zero, x, np.int64)
    return _rounded(x / _per_axis(call, scale, x, scale.dtype), shift, target)


def _rounded(x: Array, shift: Any, target: np.dtype[Any]) -> Array:
    limits = np.iinfo(target)
    return np.clip(np.rint(x) + shift, limits.min, limits.max).astype(target)


@operator("DynamicQuantizeLinear")
def _dynamic_quantize(call: Call, x: Array) -> tuple[Array, Array, Array]:
    low, high = min(float(x.min(initial=0)), 0.0), max(float(x.max(initial=0)), 0.0)
    scale = np.float32((high - low) / 255)
    zero = _rounded(np.asarray(-low / scale if scale else 0.0), 0, np.dtype("uint8"))
    shift = zero.astype(np.int64)
    return _rounded(x / (scale or 1), shift, zero.dtype), np.asarray(scale), zero
