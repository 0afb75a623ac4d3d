"""Sound files spoilt at random: their bytes, the JSON in them, the messages they are made of."""

from __future__ import annotations

import json
import random
import struct
from typing import Any

SURPRISES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 3, 1 << 31, 1 << 62, -(1 << 63), 1e308, "", "F32", "LSTM", "../x",
    "\x00\n", [], {}, [[None]], [1 << 40, -1], [0, 0],
)  # fmt: skip


def damaged(name: str, content: bytes, chance: random.Random) -> bytes:
    """A spoilt copy of a file; half of them spoilt in a way that knows the format.

    Args:
        name: of the file; its ending tells the format.
        content: of the sound file.
        chance: decides everything.
    """
    if chance.random() < 0.5:
        if name.endswith(".safetensors"):
            return damaged_header(content, chance)
        if name.endswith(".onnx"):
            return damaged_message(content, chance)
    return damaged_bytes(content, chance)


def damaged_bytes(content: bytes, chance: random.Random) -> bytes:
    """A copy cut off, with changed bytes or bits, a stretch of one value, or a part doubled."""
    kind = chance.randrange(5)
    changed = bytearray(content)
    at = chance.randrange(len(changed))
    if kind == 0:
        del changed[at:]
    elif kind == 1:
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    elif kind == 2:
        changed[at] ^= 1 << chance.randrange(8)
    elif kind == 3:
        changed[at : at + 8] = bytes([chance.choice((0, 1, 127, 255))] * 8)
    else:
        changed[at:at] = changed[at : at + chance.randint(1, 64)]
    return bytes(changed)


def damaged_header(content: bytes, chance: random.Random) -> bytes:
    """A safetensors file with something else somewhere in its header."""
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    entry = header[chance.choice([name for name in header if name != "__metadata__"])]
    key = chance.choice(list(entry))
    if isinstance(entry[key], list) and entry[key] and chance.random() < 0.7:
        entry[key][chance.randrange(len(entry[key]))] = chance.choice(SURPRISES)
    else:
        entry[key] = chance.choice(SURPRISES)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def damaged_message(content: bytes, chance: random.Random) -> bytes:
    """An ONNX file with one field changed, removed or doubled, somewhere inside."""
    import onnx

    model = onnx.ModelProto.FromString(content)
    message: Any = model
    while True:
        fields = [field for field, _ in message.ListFields()]
        if not fields:
            break
        field = chance.choice(fields)
        value = getattr(message, field.name)
        if field.message_type is None or chance.random() < 0.1:
            _change(message, field, value, chance)
            break
        many = hasattr(value, "__len__") and not hasattr(value, "ListFields")
        if many and chance.random() < 0.15:
            _rearrange(value, chance)
            break
        message = value[chance.randrange(len(value))] if many else value
    return bytes(model.SerializeToString())


def _change(message: Any, field: Any, value: Any, chance: random.Random) -> None:
    """Another number or text in the place of one; else nothing at all."""
    many = hasattr(value, "append") or hasattr(value, "add")
    if field.message_type is None and chance.random() < 0.9:
        for candidate in chance.sample(_CANDIDATES, len(_CANDIDATES)):
            try:
                if many:
                    value[chance.randrange(len(value))] = candidate
                else:
                    setattr(message, field.name, candidate)
            except (TypeError, ValueError, OverflowError):
                continue
            return
    message.ClearField(field.name)


_CANDIDATES: list[Any] = [
    -1, 0, 1, 2, 3, 7, 16, 1 << 20, 1 << 31, (1 << 62) + 1, 1e30, float("nan"), "", "x", "LSTM",
    "Concat", "Tile", "bidirectional", "../secret", b"", b"\xff" * 5, b"Relu",
]  # fmt: skip


def _rearrange(values: Any, chance: random.Random) -> None:
    """One of several messages twice, gone, or in another place."""
    place = chance.randrange(len(values))
    kept = [type(value).FromString(value.SerializeToString()) for value in values]
    kind = chance.randrange(3)
    if kind == 0:
        kept.append(kept[place])
    elif kind == 1:
        del kept[place]
    else:
        chance.shuffle(kept)
    del values[:]
    values.extend(kept)
