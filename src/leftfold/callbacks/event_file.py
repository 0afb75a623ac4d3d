"""The files that TensorBoard reads: numbers with a name, a step and a time.

A file is a row of records, each the bytes of a protocol buffer `Event` between its length and
checksums (the TFRecord format of TensorFlow, CRC-32C of RFC 3720).
"""

from __future__ import annotations

import itertools
import os
import platform
import struct
import time
from pathlib import Path

_numbers = itertools.count()


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def crc32c(data: bytes) -> int:
    """The CRC-32C checksum.

    Example:
        >>> hex(crc32c(b"123456789"))
        '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _text(field: int, data: bytes) -> bytes:
    """A field of a protocol buffer that holds bytes, a text or another message."""
    return _varint(field << 3 | 2) + _varint(len(data)) + data


class EventFile:
    """Writes numbers for TensorBoard.

    Args:
        folder: where the file goes; made where it is missing.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = (
            f"events.out.tfevents.{int(time.time())}.{platform.node()}"
            f".{os.getpid()}.{next(_numbers)}.v2"
        )
        self._file = open(Path(folder) / name, "wb")  # noqa: SIM115, open while training runs
        self._record(_text(3, b"brain.Event:2"))

    def add(self, tag: str, value: float, step: int) -> None:
        """Write one number.

        Args:
            tag: its name.
            value: the number.
            step: the epoch or batch it belongs to.
        """
        number = _text(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
        self._record(b"\x10" + _varint(step) + _text(5, _text(1, number)))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _record(self, fields: bytes) -> None:
        event = b"\x09" + struct.pack("<d", time.time()) + fields
        length = struct.pack("<Q", len(event))
        self._file.write(length + _masked(length) + event + _masked(event))
        self._file.flush()
