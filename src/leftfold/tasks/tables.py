"""Tables from files: CSV, TSV, JSON lines, Parquet, a folder of texts by class, plain text."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.extras import require

FORMATS = ("csv", "tsv", "jsonl", "parquet", "folder", "txt")
_ENDINGS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "txt",
}
_DELIMITERS = ",;\t|"
_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_LARGEST_FIELD = 1 << 28
_MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "."}
_SAMPLE = 1 << 16


@dataclass
class Table:
    """Columns by name, with the place where each row stands.

    Attributes:
        columns: the values of each column. From text files they are texts; other formats keep
            numbers and lists.
        source: the file's name, for messages.
        lines: the line of the file on which each row begins; empty where there are no lines.
    """

    columns: dict[str, list[Any]]
    source: str = "data"
    lines: Sequence[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.columns)

    def where(self, row: int, column: str | None = None) -> str:
        """A row's place in words: `"reviews.csv, line 12, column 'stars'"`."""
        place = f"line {self.lines[row]}" if len(self.lines) else f"row {row + 1}"
        return f"{self.source}, {place}" + (f", column {column!r}" if column else "")

    def column(self, name: str) -> list[Any]:
        """The values of a column.

        Raises:
            DataError: when there is no such column.
        """
        if name not in self.columns:
            raise DataError(
                f"{self.source} has no column {name!r}; it has {', '.join(map(repr, self.names))}."
            )
        return self.columns[name]

    def texts(self, name: str) -> list[str]:
        """A column as texts; a missing value is an empty one."""
        return ["" if value is None else str(value) for value in self.column(name)]

    def numbers(self, name: str) -> np.ndarray:
        """A column as float64 `(rows,)`; a missing value is NaN.

        Raises:
            DataError: for anything that is no number, by line and column.
        """
        values = self.column(name)
        found = np.empty(len(values))
        for row, value in enumerate(values):
            number = to_number(value)
            if number is None:
                raise DataError(f"{self.where(row, name)}: expected a number, got {value!r}.")
            found[row] = number
        return found

    def is_numeric(self, name: str) -> bool:
        """Whether every value of a column is a number or missing, and one of them a number."""
        numbers = [to_number(value) for value in self.column(name)]
        return None not in numbers and not all(math.isnan(n) for n in numbers if n is not None)

    def rows(self, chosen: Sequence[int] | np.ndarray) -> Table:
        """Some of the rows, in the given order."""
        columns = {name: [values[row] for row in chosen] for name, values in self.columns.items()}
        return Table(columns, self.source, [self.lines[r] for r in chosen] if self.lines else [])


def to_number(value: Any) -> float | None:
    """A value as a number, NaN if it is missing, `None` if it is neither.

    Example:
        >>> to_number(" 2.5 "), to_number("NA"), to_number("two")
        (2.5, nan, None)
    """
    if value is None:
        return math.nan
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in _MISSING:
            return math.nan
        try:
            return float(text) if "_" not in text else None
        except ValueError:
            return None
    return None


def read_table(
    path: Path | str,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool = True,
) -> Table:
    r"""Read a table.

    Args:
        path: a file; a folder with one folder of `.txt` files for each class, read as the columns
            `text`, `label` and `file`; or `"-"` for standard input.
        format: one of `FORMATS`; by default what the name's ending or the beginning says.
            `"txt"` is one text a line, in the column `text`.
        encoding: of text files; by default UTF-8, or UTF-16 where the file is marked as such.
        delimiter: between the fields of CSV; by default the one of `, ; tab |` that fits.
        header: whether CSV begins with the names of the columns; without, they are `column1`, ...

    Raises:
        DataError: for what cannot be read, with file, line and column where it can be told.
        MissingExtraError: for Parquet without pyarrow.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "reviews.csv"
        >>> _ = path.write_text("review;stars\nA joy;5\nAwful;1\n")
        >>> read_table(path).columns
        {'review': ['A joy', 'Awful'], 'stars': ['5', '1']}
    """
    if format is not None and format not in FORMATS:
        raise DataError(f"format expected one of {', '.join(FORMATS)}, got {format!r}.")
    if str(path) == "-":
        source, content = "standard input", sys.stdin.buffer.read()
        format = format or _guess_format(content)
    else:
        path = Path(path)
        source = str(path)
        if not path.exists():
            raise DataError(f"{source} does not exist.")
        if path.is_dir():
            if format not in (None, "folder"):
                raise DataError(f"{source} is a folder, expected a file of format {format}.")
            return _read_folder(path, encoding)
        if format == "folder":
            raise DataError(f"{source} is a file, expected a folder.")
        content = _read_bytes(path)
        format = format or _ENDINGS.get(path.suffix.lower()) or _guess_format(content)
    if not content.strip():
        raise DataError(f"{source} is empty.")
    if format == "parquet":
        return _read_parquet(content, source)
    text = decode(content, source, encoding)
    if format == "jsonl":
        return _read_json(text, source)
    if format == "txt":
        kept = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        return Table(
            {"text": [line.rstrip("\r") for _, line in kept]}, source, [n for n, _ in kept]
        )
    return _read_csv(text, source, "\t" if format == "tsv" else delimiter, header)


def read_text(path: Path | str, encoding: str | None = None) -> str:
    """A whole text file, or standard input for `"-"`.

    Raises:
        DataError: when it is missing, or not text in that encoding.
    """
    if str(path) == "-":
        return decode(sys.stdin.buffer.read(), "standard input", encoding)
    return decode(_read_bytes(Path(path)), str(path), encoding)


def decode(content: bytes, source: str, encoding: str | None = None) -> str:
    """Bytes as text with line feeds between lines, without a byte-order mark.

    Raises:
        DataError: for bytes that the encoding does not have, by line.
    """
    chosen = encoding or next(
        (e for mark, e in _MARKS.items() if content.startswith(mark)), "utf-8"
    )
    try:
        text = content.decode(chosen)
    except LookupError:
        raise DataError(f"encoding expected a name that Python knows, got {encoding!r}.") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{source}, line {line}: not valid {chosen} (byte 0x{content[error.start]:02x}). "
            "Name the encoding, for instance cp1252, latin-1 or utf-16."
        ) from None
    except UnicodeError as error:
        raise DataError(f"{source} is not valid {chosen}: {error}.") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(
            f"{source}, line {line}: a null character, which no text has. It is another format, "
            "or in another encoding."
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _guess_format(content: bytes) -> str:
    begin = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if begin.startswith(b"PAR1"):
        return "parquet"
    return "jsonl" if begin.startswith((b"{", b"[{")) else "csv"


def _guess_delimiter(text: str) -> str:
    """The delimiter that cuts the first records into most fields, the same number each time."""
    whole = len(text) <= _SAMPLE
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        try:
            records = [r for r in csv.reader(io.StringIO(text[:_SAMPLE]), delimiter=delimiter) if r]
        except csv.Error:
            continue
        records = records if whole or len(records) < 2 else records[:-1]
        same = sum(len(record) == len(records[0]) for record in records)
        if records and len(records[0]) > most and same >= 0.9 * len(records):
            best, most = delimiter, len(records[0])
    return best


def _read_csv(text: str, source: str, delimiter: str | None, header: bool) -> Table:
    delimiter = delimiter or _guess_delimiter(text)
    if len(delimiter) != 1:
        raise DataError(f"delimiter expected one character, got {delimiter!r}.")
    limit = csv.field_size_limit(_LARGEST_FIELD)
    try:
        records, lines = _records(text, source, delimiter)
    finally:
        csv.field_size_limit(limit)
    if not records:
        raise DataError(f"{source} is empty.")
    names = [name.strip() for name in records[0]]
    if header:
        _check_names(names, source)
        records, lines = records[1:], lines[1:]
    else:
        names = [f"column{number}" for number in range(1, len(names) + 1)]
    if not records:
        raise DataError(f"{source} has the names of columns, but no rows.")
    for record, line in zip(records, lines, strict=True):
        if len(record) != len(names):
            raise DataError(
                f"{source}, line {line}: expected {len(names)} fields as in the first line, got "
                f"{len(record)} (fields are separated by {delimiter!r})."
            )
    columns = {name: [record[i] for record in records] for i, name in enumerate(names)}
    return Table(columns, source, lines)


def _records(text: str, source: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The records that are not blank, and the lines on which they begin."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records, lines = [], []
    begin = 1
    try:
        for record in reader:
            if record:
                records.append(record)
                lines.append(begin)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{source}, line {begin}: {error} (fields are separated by {delimiter!r}, a quotation "
            "mark inside a quoted field is doubled)."
        ) from None
    return records, lines


def _check_names(names: Iterable[str], source: str) -> None:
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if not name:
            raise DataError(f"{source}, line 1: column {number} has no name.")
        if name in seen:
            raise DataError(f"{source}, line 1: there are two columns {name!r}.")
        seen.add(name)


def _read_json(text: str, source: str) -> Table:
    if text.lstrip().startswith("["):
        rows, lines = _json_list(text, source), []
    else:
        numbered = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        rows = [_json_object(line, f"{source}, line {n}") for n, line in numbered]
        lines = [n for n, _ in numbered]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise DataError(f"{source} has no columns.")
    return Table({name: [row.get(name) for row in rows] for name in names}, source, lines)


def _json_list(text: str, source: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{source}, line {error.lineno}: not valid JSON: {error.msg}.") from None
    except RecursionError:
        raise DataError(f"{source} is not valid JSON: it is nested too deeply.") from None
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise DataError(f"{source}, row {number}: expected an object {{...}}, got {row!r:.40}.")
    return list(rows)


def _json_object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}: not valid JSON: {error.msg} (column {error.colno}).") from None
    except RecursionError:
        raise DataError(f"{place}: not valid JSON: it is nested too deeply.") from None
    if not isinstance(row, dict):
        raise DataError(f"{place}: expected an object {{...}}, got {row!r:.40}.")
    return row


def _read_parquet(content: bytes, source: str) -> Table:
    parquet = require("pyarrow.parquet", "parquet", "Reading Parquet")
    try:
        found = parquet.read_table(io.BytesIO(content))
        columns = found.to_pydict()
    except Exception as error:  # pyarrow's errors have no common class
        reason = " ".join(str(error).split())
        raise DataError(f"{source} cannot be read as Parquet: {reason}.") from error
    if not columns or not found.num_rows:
        raise DataError(f"{source} has no rows.")
    return Table({str(name): list(values) for name, values in columns.items()}, source)


def _read_folder(folder: Path, encoding: str | None) -> Table:
    """Texts by class: `folder/CLASS/**/*.txt`."""
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    files = [(kind.name, file) for kind in classes for file in sorted(kind.rglob("*.txt"))]
    if not files:
        raise DataError(
            f"{folder} has no texts: expected one folder for each class with .txt files in it."
        )
    texts = [decode(_read_bytes(file), str(file), encoding) for _, file in files]
    names = [file.relative_to(folder).as_posix() for _, file in files]
    return Table({"text": texts, "label": [k for k, _ in files], "file": names}, str(folder))
