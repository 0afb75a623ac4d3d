"""Random numbers by counting: the same key and position give the same number, on any machine.

Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (2011). Block i
encrypts the counter (i, 0, 0, 0) into four words.
"""

from __future__ import annotations

import numpy as np

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_KEY_STEPS = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox(key0: int, key1: int, blocks: np.ndarray) -> np.ndarray:
    """The four words of every block.

    Args:
        key0: the first 32 bits of the key.
        key1: the second 32 bits.
        blocks: (n,), the number of each block, below 2**32.

    Returns:
        (n, 4), unsigned 32-bit words.
    """
    c0 = blocks.astype(np.uint64)
    c1 = c2 = c3 = np.zeros_like(c0)
    for turn in range(_ROUNDS):
        k0, k1 = (
            np.uint64((key + turn * step) & 0xFFFFFFFF)
            for key, step in zip((key0, key1), _KEY_STEPS, strict=True)
        )
        product0, product1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c2 = (product1 >> _HALF) ^ c1 ^ k0, (product0 >> _HALF) ^ c3 ^ k1
        c1, c3 = product1 & _LOW, product0 & _LOW
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


def uniform(key0: int, key1: int, count: int) -> np.ndarray:
    """`count` numbers from 0 up to but without 1, each a multiple of 2**-24.

    Returns:
        (count,), float32.
    """
    words = philox(key0, key1, np.arange(-(-count // 4))).reshape(-1)[:count]
    return (words >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def dropout_mask(key0: int, key1: int, count: int, rate: float) -> np.ndarray:
    """What dropout multiplies by: 0 with probability `rate`, else `1 / (1 - rate)`.

    Args:
        key0: the first 32 bits of the key.
        key1: the second 32 bits.
        count: how many.
        rate: from 0 up to but without 1.

    Returns:
        (count,), float32.
    """
    kept = uniform(key0, key1, count) >= np.float32(rate)
    return kept * np.float32(1 / (1 - rate))


def dropout(key0: int, key1: int, x: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Inputs, (count,), times a `dropout_mask`.

    Returns:
        The products and the mask, each (count,), in the type of `x`.
    """
    mask = dropout_mask(key0, key1, len(x), rate).astype(x.dtype)
    return x * mask, mask


def dropout_gradient(dy: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The gradient of the inputs, (count,)."""
    return dy * mask
