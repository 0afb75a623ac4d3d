"""How long the texts in an attribute claim to be, before the HDF5 library makes room for them.

The library takes the length of a text from where the attribute lies, up to four gigabytes, and
looks only then for the text. The format is in "HDF5 File Format Specification", IV.A.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

_ATTRIBUTE, _CONTINUATION = 0x0C, 0x10
_TEXT_OF_ANY_LENGTH = 9
_MOST_BLOCKS = 1000
_LARGEST_BLOCK = 64 << 20


def claimed_lengths(file: IO[bytes], address: int, name: str) -> list[int] | None:
    """The lengths in an attribute; none for texts of fixed length.

    Args:
        file: the HDF5 file as bytes.
        address: where the header of the object with the attribute begins.
        name: the attribute's.

    Returns:
        The lengths, or `None` when the attribute lies elsewhere than in the header.

    Raises:
        ValueError: when the header is not what it should be.
    """
    try:
        for kind, message in _messages(file, address):
            if kind == _ATTRIBUTE:
                found, value, data = _attribute(message)
                if found == name.encode("utf-8"):
                    texts = value[:1] and value[0] & 15 == _TEXT_OF_ANY_LENGTH
                    places = range(0, len(data) - 15, 16) if texts else ()
                    return [struct.unpack_from("<I", data, place)[0] for place in places]
    except (struct.error, IndexError) as error:
        raise ValueError(f"its header is cut off: {error}") from error
    return None


def _messages(file: IO[bytes], address: int) -> Iterator[tuple[int, bytes]]:
    """Kind and content of all messages of an object header, of version 1 or 2."""
    file.seek(address)
    start = file.read(32)
    if start[:4] == b"OHDR":
        flags = start[5]
        at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        file.seek(address + at)
        size = int.from_bytes(file.read(width), "little")
        blocks, head, skipped = [(address + at + width, size)], 4 + (flags & 4) // 2, 0
    elif start[0] == 1:
        blocks, head, skipped = [(address + 16, struct.unpack_from("<I", start, 8)[0])], 8, 0
    else:
        raise ValueError(f"its header is of version {start[0]}")
    seen = 0
    while blocks:
        seen += 1
        place, size = blocks.pop(0)
        if seen > _MOST_BLOCKS or size > _LARGEST_BLOCK:
            raise ValueError("its header has no end")
        file.seek(place)
        block = file.read(size)[skipped:]
        if head != 8 and skipped == 0:
            skipped = 4  # further blocks begin with OCHK
        at = 0
        while at + head <= len(block):
            kind, length = (
                struct.unpack_from("<HH", block, at)
                if head == 8
                else struct.unpack_from("<BH", block, at)
            )
            message = block[at + head : at + head + length]
            at += head + length
            if kind == _CONTINUATION:
                blocks.append(struct.unpack_from("<QQ", message))
            else:
                yield kind, message


def _attribute(message: bytes) -> tuple[bytes, bytes, bytes]:
    """Name, type and data of an attribute."""
    version = message[0]
    sizes = struct.unpack_from("<HHH", message, 2)
    if version != 1 and message[1]:
        raise ValueError("one of its attributes is of a type that lies elsewhere")
    at = 9 if version == 3 else 8
    parts = []
    for size in sizes:
        parts.append(message[at : at + size])
        at += -(-size // 8) * 8 if version == 1 else size
    return parts[0].split(b"\0")[0], parts[1], message[at:]
