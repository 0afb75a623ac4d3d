"""Texts from wherever they are, one at a time: files, folders, archives, columns of tables."""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from leftfold.datasets.errors import DataError

_TABLES = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_USUAL_COLUMNS = ("text", "review", "sentence", "document", "body", "content")
_LARGEST_FIELD = 1 << 28
_PIECE = 1 << 20


class Text(NamedTuple):
    """A text and what it is called: its file, or its file and line."""

    name: str
    text: str


def texts_of(path: Path, column: str | None, encoding: str) -> Iterator[Text]:
    """The texts of a file or folder, one at a time.

    Args:
        path: a text file, each line a text; a folder, or an archive (`.tar`, `.tar.gz`, ...), each
            `.txt` file a text; a table (`.csv`, `.tsv`), each row a text. Files may be packed
            by gzip.
        column: of a table, its name; where it is left out there must be one column only, or one
            with a usual name such as `text`.
        encoding: of text.

    Raises:
        DataError: for what cannot be read, by file and line.
    """
    try:
        b" ".decode(encoding)
    except LookupError as error:
        raise DataError(f"encoding expected that of a text, got {encoding!r}.") from error
    name = path.name.lower()
    if path.is_dir():
        found = _from_folder(path, encoding)
    elif not path.is_file():
        raise DataError(f"{path} is no file or folder.")
    elif name.endswith(_ARCHIVES):
        found = _from_archive(path, encoding)
    elif Path(name.removesuffix(".gz")).suffix in _TABLES:
        found = _from_table(path, column, encoding)
    else:
        found = _from_lines(path, encoding)
    try:
        yield from found
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not {encoding}: {error.reason} ({error.object[error.start]:#04x})."
        ) from error
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else open(path, "rb")  # type: ignore[return-value]


def _pieces(file: IO[bytes], encoding: str) -> Iterator[str]:
    """A file's text in pieces of bounded length, cut between words where there are any."""
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    while block := file.read(_PIECE):
        rest += decoder.decode(block)
        if len(block) < _PIECE and len(rest) < _PIECE:  # most texts end here
            continue
        cut = max(rest.rfind(" "), rest.rfind("\n")) + 1 or len(rest)
        yield rest[:cut]
        rest = rest[cut:]
    if rest := rest + decoder.decode(b"", True):
        yield rest


def _from_lines(path: Path, encoding: str) -> Iterator[Text]:
    with _opened(path) as file:
        reader = io.TextIOWrapper(file, encoding, newline="\n")
        number, begun, rest = 0, False, ""
        while True:
            try:
                line = rest + reader.readline(_PIECE)
            except UnicodeDecodeError as error:
                faulty = number + (not begun) + error.object[: error.start].count(b"\n")
                raise DataError(
                    f"{path}, line {faulty}: not {encoding} ({error.object[error.start]:#04x})."
                ) from error
            if not line:
                return
            number += not begun
            begun, rest = not line.endswith("\n"), ""
            if begun and len(line) >= _PIECE:  # it goes on: cut it between words
                cut = line.rfind(" ") + 1 or len(line)
                line, rest = line[:cut], line[cut:]
            if line.strip():
                yield Text(f"{path.name}:{number}", line.rstrip("\r\n"))


def _from_folder(folder: Path, encoding: str) -> Iterator[Text]:
    files = sorted(p for p in folder.rglob("*") if p.name.lower().endswith((".txt", ".txt.gz")))
    if not files:
        raise DataError(f"{folder} has no files that end in .txt or .txt.gz.")
    for file in files:
        with _opened(file) as opened, _named(file, encoding):
            for piece in _pieces(opened, encoding):
                yield Text(file.relative_to(folder).as_posix(), piece)


def _from_archive(path: Path, encoding: str) -> Iterator[Text]:
    found = False
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            if not member.isfile() or not member.name.lower().endswith(".txt"):
                continue
            opened: Any = archive.extractfile(member)
            found = True
            with _named(f"{path}: {member.name}", encoding):
                for piece in _pieces(opened, encoding):
                    yield Text(member.name, piece)
            archive.members = []  # type: ignore[attr-defined]  # or every header that was read would be kept
    if not found:
        raise DataError(f"{path} has no files that end in .txt.")


@contextlib.contextmanager
def _named(what: Any, encoding: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise DataError(
            f"{what} is not {encoding}: {error.reason} ({error.object[error.start]:#04x})."
        ) from error


def _from_table(path: Path, column: str | None, encoding: str) -> Iterator[Text]:
    csv.field_size_limit(_LARGEST_FIELD)
    delimiter = _TABLES[Path(path.name.lower().removesuffix(".gz")).suffix]
    with _opened(path) as file:
        text = io.TextIOWrapper(file, "utf-8-sig" if encoding == "utf-8" else encoding, newline="")
        reader = csv.reader(text, delimiter=delimiter)
        try:
            names = next(reader, [])
            at = _column(names, column, path)
            for row in reader:
                if not row:
                    continue
                if len(row) <= at:
                    raise DataError(
                        f"{path}, line {reader.line_num}: expected {len(names)} fields, got "
                        f"{len(row)}."
                    )
                if row[at].strip():
                    yield Text(f"{path.name}:{reader.line_num}", row[at])
        except csv.Error as error:
            raise DataError(f"{path}, line {reader.line_num}: {error}.") from error


def _column(names: list[str], wanted: str | None, path: Path) -> int:
    told = ", ".join(map(repr, names))
    if wanted is not None:
        if wanted not in names:
            raise DataError(f"{path} has no column {wanted!r}; it has {told or 'none'}.")
        return names.index(wanted)
    if len(names) == 1:
        return 0
    usual = [at for at, name in enumerate(names) if name.strip().lower() in _USUAL_COLUMNS]
    if len(usual) != 1:
        raise DataError(f"{path}: name the column with the texts; it has {told or 'none'}.")
    return usual[0]
