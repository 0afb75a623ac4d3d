"""Fewer bits for weights: 8-bit integers with a scale for each output, and bfloat16.

Both are symmetric and rounded to nearest, ties to even. What is stored means exactly
`codes * scale`, or the number whose upper 16 bits the pattern is; nothing else is kept. Scales have
17 significant bits, so that their products with codes are exact in float32, and numbers that were
stored once give the same codes and scales again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MODES = ("int8", "bfloat16")

_SMALLEST = np.float32(1e-30)


class Quantization(NamedTuple):
    """How a variable is stored.

    Attributes:
        mode: one of `MODES`.
        axis: that of the outputs, which have scales of their own.
    """

    mode: str
    axis: int


def rounded(weights: np.ndarray, quantization: Quantization) -> np.ndarray:
    """The numbers that are left of `weights` when they are stored so, in their own type."""
    if quantization.mode == "bfloat16":
        return from_bfloat16(bfloat16_bits(weights)).astype(weights.dtype)
    codes, scales = int8_codes(weights, quantization.axis)
    return from_int8(codes, scales, quantization.axis)


def int8_codes(weights: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers from -127 to 127, and one scale for each place on `axis`.

    Args:
        weights: finite numbers of any shape.
        axis: the axis of the outputs; the largest magnitude of each becomes 127.

    Returns:
        `codes`, int8 of the shape of `weights`; `scales`, of their float type, `(outputs,)`.

    Raises:
        ValueError: for numbers that are not finite.

    Example:
        >>> codes, scales = int8_codes(np.float32([[1.0, -2.0], [0.5, 4.0]]), axis=0)
        >>> codes.tolist()
        [[64, -127], [16, 127]]
    """
    if not np.isfinite(weights).all():
        raise ValueError("int8 weights expected finite numbers, got infinity or NaN.")
    others = _others(weights.ndim, axis)
    largest = np.max(np.abs(weights), axis=others, initial=0).astype(np.float32)
    # Below that, scales would lose bits; such weights are as good as zeros.
    scales = _short(np.where(largest > _SMALLEST, largest / np.float32(127), np.float32(1)))
    scales = scales.astype(weights.dtype)
    codes = np.rint(weights / np.expand_dims(scales, others))
    return np.clip(codes, -127, 127).astype(np.int8), scales


def from_int8(codes: np.ndarray, scales: np.ndarray, axis: int) -> np.ndarray:
    """The numbers that `int8_codes` stored."""
    others = _others(codes.ndim, axis)
    return codes.astype(scales.dtype) * np.expand_dims(scales, others)


def _others(rank: int, axis: int) -> tuple[int, ...]:
    return tuple(a for a in range(rank) if a != axis % rank)


def _short(scales: np.ndarray) -> np.ndarray:
    """The nearest float32 numbers with 17 significant bits."""
    bits = np.asarray(scales, np.float32).view(np.uint32)
    return ((bits + 0x40) & ~np.uint32(0x7F)).view(np.float32)


def bfloat16_bits(weights: np.ndarray) -> np.ndarray:
    """The 16-bit patterns of the nearest numbers of bfloat16.

    Example:
        >>> from_bfloat16(bfloat16_bits(np.float32([1.0, 3.14159]))).tolist()
        [1.0, 3.140625]
    """
    bits = np.ascontiguousarray(weights, np.float32).view(np.uint32)
    rounded = bits + 0x7FFF + ((bits >> 16) & 1)
    # Rounding must not carry a NaN over into infinity or a sign.
    return np.where(np.isnan(weights), (bits >> 16) | 0x40, rounded >> 16).astype(np.uint16)


def from_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The numbers, as float32, of which `bits` are the upper halves."""
    return (bits.astype(np.uint32) << 16).view(np.float32)
