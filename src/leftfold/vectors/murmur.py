"""MurmurHash3, 32 bits: the same numbers for the same words in every run and program.

Source: A. Appleby, MurmurHash3_x86_32, 2011, in the public domain; scikit-learn hashes with it.
"""

from __future__ import annotations

_ALL = 0xFFFFFFFF


def murmur(word: str, seed: int = 0) -> int:
    """The hash of a word in UTF-8 as a signed number of 32 bits.

    Example:
        >>> murmur("good"), murmur("")
        (115441729, 0)
    """
    data = word.encode()
    h = seed
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        h ^= _mixed(int.from_bytes(data[at : at + 4], "little"))
        h = (_turned(h, 13) * 5 + 0xE6546B64) & _ALL
    if tail := data[whole:]:
        h ^= _mixed(int.from_bytes(tail, "little"))
    h ^= len(data)
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & _ALL
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & _ALL
    h ^= h >> 16
    return h - (1 << 32) if h >> 31 else h


def _turned(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _ALL


def _mixed(block: int) -> int:
    return (_turned((block * 0xCC9E2D51) & _ALL, 15) * 0x1B873593) & _ALL
