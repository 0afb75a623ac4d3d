"""The `.keras` file from outside: a zip archive, written whole or not at all, read with care."""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import stat
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from leftfold.saving.errors import SavingError

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"

_MOST_MEMBERS = 10_000
_MOST_EXPANSION = 100
_LARGEST_COMPRESSED = 512 << 20
_LARGEST_JSON = 32 << 20
_MOST_CONTAINERS = 1_000_000
_DEEPEST_JSON = 400

_LENGTHS_AT = 26
"""Where the header of a member tells the lengths of its name and extra field, which end it."""


def write_archive(target: Any, members: Mapping[str, Any]) -> None:
    """Write a zip archive of uncompressed members.

    Args:
        target: a path, or a file open for binary writing.
        members: bytes by name.
    """
    if hasattr(target, "write"):
        _write_zip(target, members)
        return
    with replacing(target) as file:
        _write_zip(file, members)


def _write_zip(file: Any, members: Mapping[str, Any]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            with archive.open(name, "w", force_zip64=len(content) >= 1 << 31) as member:
                member.write(content)


@contextlib.contextmanager
def replacing(path: Any) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` at the end of the block, and only then.

    Whoever looks at `path` sees the old file or the complete new one, even if the process or
    the machine stops in between.

    Raises:
        SavingError: when it cannot be written.
    """
    path = Path(path)
    passing = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(passing, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(passing, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise SavingError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            passing.unlink()


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable, on systems that can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Archive:
    """A `.keras` file open for reading, every member checked before it is unpacked.

    Args:
        source: a path, or a file open for binary reading.
        kind: what the file is called in messages.

    Raises:
        SavingError: when it is missing, no archive, or not what it claims to be.
    """

    def __init__(self, source: Any, kind: str = ".keras file") -> None:
        self.kind = kind
        self.name = str(getattr(source, "name", source) if hasattr(source, "read") else source)
        if not hasattr(source, "read"):
            if not os.path.exists(source):
                raise SavingError(f"{self.name} does not exist.")
            if os.path.isdir(source):
                raise SavingError(f"{self.name} is a folder, not a {kind}.")
        try:
            self.zip = zipfile.ZipFile(source)
        except zipfile.BadZipFile as error:
            raise SavingError(f"{self.name} is not a {kind}: {error}.") from error
        except OSError as error:
            raise SavingError(f"{self.name} cannot be read: {error.strerror or error}.") from error
        except Exception as error:  # other faults of the table of contents have other classes
            raise SavingError(f"{self.name} is not a {kind}: {error}.") from error
        try:
            self._check_members()
        except SavingError:
            self.zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *error: object) -> None:
        self.zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self.zip.namelist()

    def _check_members(self) -> None:
        members = self.zip.infolist()
        if len(members) > _MOST_MEMBERS:
            raise SavingError(
                f"{self.name} was refused: it has {len(members)} members, more than "
                f"{_MOST_MEMBERS}."
            )
        names = [member.filename for member in members]
        for name, count in Counter(names).items():
            parts = name.replace("\\", "/").split("/")
            if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
                raise SavingError(f"{self.name} was refused: its member {name!r} leads outside.")
            if count > 1:
                raise SavingError(f"{self.name} was refused: it has {name} more than once.")
        for member in members:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise SavingError(
                    f"{self.name} was refused: its member {member.filename!r} is a link."
                )

    def check_sizes(self) -> None:
        """Look at the sizes of all members, as `read` does at those of one.

        Raises:
            SavingError: when one unpacks to far more than is stored.
        """
        for name in self.zip.namelist():
            self._member(name)

    def read(self, name: str, largest: int = _LARGEST_COMPRESSED) -> bytes:
        """The content of a member.

        Raises:
            SavingError: when it is missing, damaged, encrypted, larger than `largest`, or unpacks
                to far more than is stored.
        """
        member = self._member(name, largest)
        with self._guarded(name), self.zip.open(member) as file:
            content = file.read(member.file_size + 1)
        if len(content) != member.file_size:
            raise SavingError(f"{self.name} is damaged: {name} is longer than it claims.")
        return content

    def open(self, name: str) -> tuple[IO[bytes], int]:
        """A member as a file to read from, and its size.

        One that is stored as it is, as Keras and Leftfold do, is not read into memory; its
        checksum is tested all the same.

        Raises:
            SavingError: as `read`.
        """
        member = self._member(name)
        if member.compress_type != zipfile.ZIP_STORED:
            return io.BytesIO(self.read(name)), member.file_size
        with self._guarded(name), self.zip.open(member) as file:
            while file.read(1 << 22):
                pass
        return io.BufferedReader(_Window(self.zip.fp, self.place(name)), 1 << 16), member.file_size

    def place(self, name: str) -> tuple[int, int]:
        """Where the bytes of a member lie that is stored as it is: their first, and how many.

        Raises:
            SavingError: as `read`, and when the member is compressed.
        """
        member = self._member(name)
        if member.compress_type != zipfile.ZIP_STORED:
            raise SavingError(f"{self.name}: its {name} is compressed.")
        file: Any = self.zip.fp
        with self._guarded(name):
            file.seek(member.header_offset + _LENGTHS_AT)
            start = file.tell() + 4 + sum(struct.unpack("<HH", file.read(4)))
            if start + member.file_size > file.seek(0, io.SEEK_END):
                raise ValueError("it lies behind the end of the file")
        return start, member.file_size

    def _member(self, name: str, largest: int | None = None) -> zipfile.ZipInfo:
        try:
            member = self.zip.getinfo(name)
        except KeyError:
            hint = (
                " Its weights as .npz would need pickle, which runs code."
                if (name == WEIGHTS and "model.weights.npz" in self)
                else ""
            )
            raise SavingError(
                f"{self.name} is not a complete {self.kind}: no {name}.{hint}"
            ) from None
        if largest is not None and member.file_size > largest:
            raise SavingError(
                f"{self.name} was refused: its {name} has {member.file_size} bytes, more than "
                f"{largest}."
            )
        if member.file_size > _MOST_EXPANSION * max(member.compress_size, 1 << 16):
            raise SavingError(
                f"{self.name} was refused: its {name} claims to unpack from "
                f"{member.compress_size} to {member.file_size} bytes."
            )
        return member

    @contextlib.contextmanager
    def _guarded(self, name: str) -> Iterator[None]:
        """Say which member it was; zlib, lzma and bz2 have errors of their own."""
        try:
            yield
        except SavingError:
            raise
        except Exception as error:
            raise SavingError(f"{self.name} is damaged: {name}: {error}.") from error

    def keras_version(self) -> str:
        """The version of Keras that wrote the file; ours where it does not say."""
        metadata = self.read_json(METADATA) if METADATA in self else {}
        version = metadata.get("keras_version") if isinstance(metadata, dict) else None
        return version if isinstance(version, str) else "3."

    def read_json(self, name: str) -> Any:
        """A JSON member as plain data."""
        return parse_json(self.read(name, _LARGEST_JSON), f"{name} of {self.name}")


class _Window(io.RawIOBase):
    """A stretch of an open file as a file of its own.

    Args:
        file: an archive.
        place: of a member that is stored as it is: its first byte, and how many there are.
    """

    def __init__(self, file: Any, place: tuple[int, int]) -> None:
        self._file = file
        self._start, self._size = place
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(0, self._size - self._at))
        self._file.seek(self._start + self._at)
        got = self._file.read(wanted)
        view[: len(got)] = got
        self._at += len(got)
        return len(got)


def parse_json(text: bytes | str, what: str) -> Any:
    """JSON as plain data.

    Raises:
        SavingError: when it is no JSON, too large, nested too deeply, or has a name twice.
    """
    if len(text) > _LARGEST_JSON:
        raise SavingError(
            f"{what} was refused: it has {len(text)} bytes, more than {_LARGEST_JSON}."
        )
    opened = (
        text.count("[") + text.count("{")
        if isinstance(text, str)
        else text.count(b"[") + text.count(b"{")
    )
    if opened > _MOST_CONTAINERS:
        raise SavingError(f"{what} was refused: it has more than {_MOST_CONTAINERS} lists.")
    try:
        data = json.loads(text, object_pairs_hook=_without_repetitions)
    except (ValueError, RecursionError) as error:
        raise SavingError(f"{what} is not valid JSON: {error}.") from error
    level = [data]
    for _ in range(_DEEPEST_JSON):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return data
    raise SavingError(f"{what} was refused: it is nested more than {_DEEPEST_JSON} levels deep.")


def _without_repetitions(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of two entries of one name, readers would take one or the other."""
    made = dict(pairs)
    if len(made) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{name!r} stands in one object twice")
    return made
