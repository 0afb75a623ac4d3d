"""The order in which Python 2 kept the keys of a dictionary.

The official IMDb word ranks were made with Python 2, where words of equal frequency stayed in
the order of a hash table. The hash and the table's growth are fixed, so the very same ranks
can be had from the archive today.
"""

from __future__ import annotations

from collections.abc import Iterable

_WORD = (1 << 64) - 1


def python2_hash(key: bytes) -> int:
    """The 64-bit hash of a Python 2 string.

    Example:
        >>> python2_hash(b"a")
        12416037344
    """
    if not key:
        return 0
    value = key[0] << 7
    for byte in key:
        value = (1000003 * value & _WORD) ^ byte
    value ^= len(key)
    return value if value != _WORD else _WORD - 1


def python2_order(keys: Iterable[bytes]) -> list[bytes]:
    """Distinct `keys`, added one after the other, in the order in which Python 2 lists them.

    Example:
        >>> python2_order([b"a", b"b", b"c"])
        [b'a', b'c', b'b']
    """
    table: list[tuple[int, bytes] | None] = [None] * 8
    for used, key in enumerate(keys, 1):
        _insert(table, (python2_hash(key), key))
        if used * 3 >= len(table) * 2:
            wanted = used * (2 if used > 50_000 else 4)
            larger: list[tuple[int, bytes] | None] = [None] * (1 << wanted.bit_length())
            for entry in table:
                if entry is not None:
                    _insert(larger, entry)
            table = larger
    return [entry[1] for entry in table if entry is not None]


def _insert(table: list[tuple[int, bytes] | None], entry: tuple[int, bytes]) -> None:
    mask = len(table) - 1
    probe = perturbation = entry[0]
    while table[probe & mask] is not None:
        probe = (5 * probe + perturbation + 1) & _WORD
        perturbation >>= 5
    table[probe & mask] = entry
