"""The header of a safetensors file, checked against the file before anything in it is believed.

Eight bytes give the header's length; the header is JSON that gives each tensor's type, shape and
place; the numbers follow without gaps. Source: https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

from leftfold.saving import SavingError
from leftfold.saving.archive import parse_json

_LENGTH = struct.Struct("<Q")
_LARGEST_HEADER = 16 << 20
_MOST_AXES = 64
_LARGEST_SIZE = 1 << 40

_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64, "F8_E4M3": 8, "F8_E5M2": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


class Entry(NamedTuple):
    """What the header says of one tensor."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(path: Path) -> dict[str, Entry]:
    """The tensors of a file by name.

    Raises:
        SavingError: when the header is too long, is no JSON, names a tensor twice, or speaks of
            sizes and places that do not fit the file.
    """
    entries = _entries(path)
    at = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != at:
            what = "a gap before it" if entry.begin > at else "an overlap with another"
            raise _unsound(path, f"{name!r} begins at {entry.begin}, with {what}")
        at = entry.end
    return entries


def _entries(path: Path) -> dict[str, Entry]:
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        start = file.read(_LENGTH.size)
        if len(start) < _LENGTH.size:
            raise _unsound(path, "it is shorter than 8 bytes")
        length = _LENGTH.unpack(start)[0]
        room = size - len(start) - length
        if length > _LARGEST_HEADER:
            raise _unsound(path, f"its header has {length} bytes, more than {_LARGEST_HEADER}")
        if room < 0:
            raise _unsound(path, "it ends within its header")
        text = file.read(length)
    if not text.startswith(b"{"):
        raise _unsound(path, "its header is no JSON object")
    header = parse_json(text, f"The header of {path}")
    found = {
        name: _entry(path, name, entry, room)
        for name, entry in header.items()
        if name != "__metadata__"
    }
    total = sum(entry.end - entry.begin for entry in found.values())
    if total != room:
        raise _unsound(path, f"its tensors need {total} bytes, {room} follow the header")
    return found


def _entry(path: Path, name: str, entry: Any, room: int) -> Entry:
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
    dtype: Any = fields.get("dtype")
    shape: Any = fields.get("shape")
    place: Any = fields.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in _BITS:
        raise _unsound(path, f"{name!r} has no known type: {dtype!r}")
    if not _whole(shape, _LARGEST_SIZE) or len(shape) > _MOST_AXES:
        raise _unsound(path, f"{name!r} has an impossible shape: {shape!r}")
    if not _whole(place, room) or len(place) != 2 or place[0] > place[1]:
        raise _unsound(path, f"{name!r} lies at {place!r}, outside of the {room} bytes there are")
    needed = -(-math.prod(shape) * _BITS[dtype] // 8)
    if needed != place[1] - place[0]:
        raise _unsound(
            path, f"{name!r} of shape {shape} needs {needed} bytes, it has {place[1] - place[0]}"
        )
    return Entry(dtype, tuple(shape), *place)


def _whole(values: Any, largest: int) -> bool:
    """Whether it is a list of whole numbers from 0 to `largest`."""
    return isinstance(values, list) and all(type(n) is int and 0 <= n <= largest for n in values)


def _unsound(path: Path, reason: str) -> SavingError:
    return SavingError(f"{path} is no sound safetensors file: {reason}.")
