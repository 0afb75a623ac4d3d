"""A look at the heaps of an HDF5 file before the HDF5 library reads them.

Texts of any length lie in global heaps: collections of objects that each say how long they are.
The library follows these lengths without end where they are zero or lead back to where it was,
in code that nothing can interrupt. The format is in "HDF5 File Format Specification", III.E.
"""

from __future__ import annotations

import struct
from typing import IO

from leftfold.saving.errors import SavingError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_COLLECTION = b"GCOL\x01\x00\x00\x00"
_LENGTH = struct.Struct("<Q")
_OBJECT = struct.Struct("<HHIQ")
_LARGEST = 256 << 20
_CHUNK = 4 << 20


def check_heaps(file: IO[bytes], name: str) -> int:
    """Refuse a file whose global heaps do not add up; leaves the file at its beginning.

    Args:
        file: open for reading from anywhere.
        name: what it is called in messages.

    Returns:
        The bytes in all heaps: no text is longer.

    Raises:
        SavingError: for such a file, or one with lengths of other than 8 bytes.
    """
    file.seek(0)
    start = file.read(36)
    if not start.startswith(_SIGNATURE):
        raise SavingError(f"{name} is not a file of weights: it does not begin as HDF5 does.")
    version = start[8]
    sizes = start[13:15] if version < 2 else start[9:11]
    base = {0: 24, 1: 28}.get(version, 12)
    if sizes != b"\x08\x08" or start[base : base + 8] != bytes(8):
        raise SavingError(f"{name} was refused: its places are not counted in 8 bytes from 0.")
    total = 0
    for place in _collections(file):
        file.seek(place + len(_COLLECTION))
        length = file.read(_LENGTH.size)
        size = _LENGTH.unpack(length)[0] if len(length) == _LENGTH.size else 0
        if not 16 <= size <= _LARGEST:
            raise SavingError(f"{name} is damaged: it has a heap of {size} bytes.")
        file.seek(place)
        if not _adds_up(file.read(size), size):
            raise SavingError(f"{name} is damaged: the objects of a heap do not fill it.")
        total += size
    file.seek(0)
    return total


def _collections(file: IO[bytes]) -> list[int]:
    """Where collections begin; numbers that happen to look like one are taken for one, too."""
    places, before, position = [], b"", 0
    file.seek(0)
    while chunk := file.read(_CHUNK):
        text = before + chunk
        at = text.find(_COLLECTION)
        while at >= 0:
            places.append(position - len(before) + at)
            at = text.find(_COLLECTION, at + 1)
        before = text[-len(_COLLECTION) + 1 :]
        position += len(chunk)
    return places


def _adds_up(heap: bytes, size: int) -> bool:
    at = len(_COLLECTION) + _LENGTH.size
    while at + _OBJECT.size <= size <= len(heap):
        index, _, _, length = _OBJECT.unpack_from(heap, at)
        # The length of free space counts its header, that of an object does not.
        needed = length if index == 0 else _OBJECT.size + (length + 7) // 8 * 8
        if needed < _OBJECT.size or needed > size - at:
            return False
        at += needed
    return size <= len(heap)
