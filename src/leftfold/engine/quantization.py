"""Fewer bits for weights: 8-bit integers with a scale for each output, and bfloat16.

Both are symmetric and rounded to nearest, ties to even. What is stored means exactly
`codes * scale`, or the number whose upper 16 bits the pattern is; nothing else is kept.
"""

from __future__ import annotations

import numpy as np


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
    others = tuple(a for a in range(weights.ndim) if a != axis % weights.ndim)
    largest = np.max(np.abs(weights), axis=others, initial=0)
    scales = np.where(largest > 0, largest / 127, 1).astype(weights.dtype)
    codes = np.rint(weights / np.expand_dims(scales, others))
    return np.clip(codes, -127, 127).astype(np.int8), scales


def from_int8(codes: np.ndarray, scales: np.ndarray, axis: int) -> np.ndarray:
    """The numbers that `int8_codes` stored."""
    others = tuple(a for a in range(codes.ndim) if a != axis % codes.ndim)
    return codes.astype(scales.dtype) * np.expand_dims(scales, others)


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
