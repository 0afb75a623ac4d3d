"""The `.keras` file from outside: a zip archive, written whole or not at all, read with care."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from leftfold.saving.errors import SavingError

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"

_MOST_MEMBERS = 10_000
_MOST_EXPANSION = 100
_LARGEST_JSON = 64 << 20
_DEEPEST_JSON = 400


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

    Raises:
        SavingError: when it is missing, no archive, or not what it claims to be.
    """

    def __init__(self, source: Any) -> None:
        self.name = str(getattr(source, "name", source) if hasattr(source, "read") else source)
        if not hasattr(source, "read"):
            if not os.path.exists(source):
                raise SavingError(f"{self.name} does not exist.")
            if os.path.isdir(source):
                raise SavingError(f"{self.name} is a folder, not a .keras file.")
        try:
            self.zip = zipfile.ZipFile(source)
        except zipfile.BadZipFile as error:
            raise SavingError(f"{self.name} is not a .keras file: {error}.") from error
        except OSError as error:
            raise SavingError(f"{self.name} cannot be read: {error.strerror or error}.") from error
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
        for name in names:
            if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
                raise SavingError(f"{self.name} was refused: its member {name!r} leads outside.")
        for name in (CONFIG, METADATA, WEIGHTS):
            if names.count(name) > 1:
                raise SavingError(f"{self.name} was refused: it has {name} more than once.")

    def read(self, name: str, largest: int | None = None) -> bytes:
        """The content of a member.

        Raises:
            SavingError: when it is missing, damaged, encrypted, or unpacks to far more than is
                stored.
        """
        try:
            member = self.zip.getinfo(name)
        except KeyError:
            raise SavingError(f"{self.name} is not a complete .keras file: no {name}.") from None
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
        try:
            with self.zip.open(member) as file:
                content = file.read(member.file_size + 1)
        except (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            raise SavingError(f"{self.name} is damaged: {name}: {error}.") from error
        except Exception as error:  # zlib, lzma and bz2 have errors of their own
            raise SavingError(f"{self.name} is damaged: {name}: {error}.") from error
        if len(content) != member.file_size:
            raise SavingError(f"{self.name} is damaged: {name} is longer than it claims.")
        return content

    def read_json(self, name: str) -> Any:
        """A JSON member as plain data."""
        return parse_json(self.read(name, _LARGEST_JSON), f"{name} of {self.name}")


def parse_json(text: bytes | str, what: str) -> Any:
    """JSON as plain data.

    Raises:
        SavingError: when it is no JSON, or nested too deeply.
    """
    try:
        data = json.loads(text)
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
