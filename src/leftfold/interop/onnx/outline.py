"""An ONNX file without its numbers: all that is said about a model, whatever its size.

The file is a protocol buffer, a sequence of fields, each with a number and a kind in front; a
message inside is bytes with their length in front. So the numbers of constants can be stepped
over without being read. Source: https://protobuf.dev/programming-guides/encoding/ and `onnx.proto`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

from leftfold.interop.onnx.export.writing import import_onnx_package
from leftfold.saving import SavingError

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5

_MOST_FIELDS = 100_000
_LARGEST_OUTLINE = 16 << 20
_SMALL = 1 << 12
"""Bytes of a message that are taken as they are, numbers and all."""

_ONE_BYTE = [bytes([value]) for value in range(128)]
"""Numbers below 128, as nearly all are, the way the format writes them."""

_LEAVE_OUT: dict[int, Any] = {}

_TENSOR = {field: _LEAVE_OUT for field in (4, 5, 6, 7, 9, 10, 11)}
"""The fields of a `TensorProto` that hold its numbers."""

_NODE = {5: _LEAVE_OUT}
_GRAPH = {1: _NODE, 5: _TENSOR, 13: _LEAVE_OUT, 15: _LEAVE_OUT}
_MODEL = {7: _GRAPH, 20: _LEAVE_OUT, 25: _LEAVE_OUT}
"""What is left out of a `ModelProto`, and the same for the messages in it."""


def outline(path: Path) -> Any:
    """The `onnx.ModelProto` of a file without the numbers of its larger constants.

    Raises:
        SavingError: for a file that is no ONNX model, or in which there is far too much besides
            numbers.
        ImportError: when the package `onnx` is not installed.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        content = bytes(_Outline(file, path).message(size, _MODEL))
    model = parsed(content, path)
    if not model.HasField("graph"):
        raise SavingError(f"{path} is not an ONNX model: it has no graph.")
    return model


def parsed(content: bytes, path: Path) -> Any:
    """The `onnx.ModelProto` in some bytes.

    Raises:
        SavingError: when they are none, or a text in them is no UTF-8, for which the parser gives
            bytes in the place of texts.
        ImportError: when the package `onnx` is not installed.
    """
    onnx = import_onnx_package()
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception as error:  # the parser's errors differ from version to version
        raise SavingError(f"{path} is not an ONNX model: {error}.") from error
    messages = [model]
    while messages:
        for field, value in messages.pop().ListFields():
            single = isinstance(value, str | bytes) or hasattr(value, "ListFields")
            values = [value] if single else value
            if field.message_type is not None:
                messages.extend(values)
            elif field.type == field.TYPE_STRING and any(isinstance(v, bytes) for v in values):
                raise SavingError(f"{path} is not an ONNX model: its {field.name} is no UTF-8.")
    return model


class _Outline:
    """Copies messages field by field, from an open file."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        self._fields = 0
        self._kept = 0

    def message(self, end: int, rules: dict[int, Any]) -> bytearray:
        """The message from here to a place in the file, without what `rules` leave out."""
        made = bytearray()
        while self._file.tell() < end:
            self._fields += 1
            if self._fields > _MOST_FIELDS:
                raise SavingError(f"{self._path} was refused: over {_MOST_FIELDS} parts.")
            key = self._varint()
            number, kind = key >> 3, key & 7
            rule = rules.get(number)
            if kind == _VARINT:
                made += _as_varint(key) + _as_varint(self._varint())
            elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
                made += _as_varint(key) + self._take(8 if kind == _EIGHT_BYTES else 4, end)
            elif kind == _BYTES:
                made += self._bytes(key, end, rule)
            else:
                raise SavingError(f"{self._path} is not an ONNX model: unknown kind of field.")
        return made

    def _bytes(self, key: int, end: int, rule: dict[int, Any] | None) -> bytes | bytearray:
        length = self._varint()
        inner_end = self._file.tell() + length
        if inner_end > end:
            raise SavingError(f"{self._path} is not an ONNX model: it ends within a field.")
        if rule is _LEAVE_OUT:
            self._file.seek(inner_end)
            return b""
        if rule and length > _SMALL:
            inner: bytes | bytearray = self.message(inner_end, rule)
        else:
            inner = self._take(length, end)
        return _as_varint(key) + _as_varint(len(inner)) + inner

    def _take(self, size: int, end: int) -> bytes:
        self._kept += size
        if self._kept > _LARGEST_OUTLINE:
            raise SavingError(
                f"{self._path} was refused: it has more than {_LARGEST_OUTLINE} bytes besides the "
                "numbers of its constants."
            )
        found = self._file.read(size)
        if len(found) < size or self._file.tell() > end:
            raise SavingError(f"{self._path} is not an ONNX model: it ends within a field.")
        return found

    def _varint(self) -> int:
        """A whole number, seven bits a byte, the lowest first; the top bit says: more follow."""
        value = 0
        for place in range(10):
            byte = self._file.read(1)
            if not byte:
                break
            value |= (byte[0] & 127) << 7 * place
            if byte[0] < 128:
                return value & (1 << 64) - 1
        raise SavingError(f"{self._path} is not an ONNX model: it ends within a field.")


def _as_varint(value: int) -> bytes:
    if value < 128:
        return _ONE_BYTE[value]
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)
