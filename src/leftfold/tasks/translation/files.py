"""Pairs of sentences out of files: two with the same lines, or one table with two columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leftfold.tasks.columns import Guess
from leftfold.tasks.errors import DataError
from leftfold.tasks.tables import FORMATS, Table, read_table, read_text
from leftfold.tasks.translation.languages import CODES, check_language
from leftfold.tasks.translation.pairs import Pairs

_SOURCE_NAMES = (
    "source", "src", "input", "question", "prompt", "wrong", "misspelled", "original", "raw",
    "from", "x",
)  # fmt: skip
_TARGET_NAMES = (
    "target", "tgt", "trg", "output", "answer", "response", "reply", "translation", "right",
    "corrected", "correct", "correction", "normalized", "iso", "to", "y",
)  # fmt: skip
_TABLES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
           ".json": "jsonl", ".parquet": "parquet"}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """How files are to be read; what is `None` is guessed and announced.

    Attributes:
        source: column with the sentences to read: a name, or a number where there are no names.
        target: column with what to write.
        header: whether a table begins with the names of its columns.
        format: `"txt"` for one sentence a line, or one of a table's.
        encoding: of text files.
        delimiter: between the fields of CSV.
        skip_empty: whether pairs with an empty side are left out; otherwise they are errors.
    """

    source: str | None = None
    target: str | None = None
    header: bool | None = None
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    skip_empty: bool = False


@dataclass
class Read:
    """Sentences out of files.

    Attributes:
        pairs: sources and targets; no targets where none were asked for.
        said: what was found and guessed, to be announced.
        columns: which column is what, where there are columns.
        languages: codes that the files' names or columns tell, or `None`.
        places: where each source stands, if only sources were read.
    """

    pairs: Pairs
    said: list[str] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    languages: tuple[str | None, str | None] = (None, None)
    places: list[str] = field(default_factory=list)


def read_pairs(paths: Sequence[str], layout: Layout = Layout()) -> Read:
    """Pairs out of two files with as many lines, or out of one table.

    Args:
        paths: one or two files; `"-"` is standard input.
        layout: how to read them.

    Raises:
        DataError: for what cannot be read, files of different lengths, or an empty sentence, by
            line.
    """
    if len(paths) == 2:
        return _parallel(paths[0], paths[1], layout)
    if len(paths) != 1:
        raise DataError(f"Expected one table or two files of sentences, got {len(paths)} files.")
    return _columns(paths[0], layout, needs_target=True)


def is_table(path: str, layout: Layout) -> bool:
    """Whether sentences to be translated are read from a table, and not one a line."""
    return (layout.format or _TABLES.get(Path(path).suffix.lower(), "txt")) != "txt"


def read_sources(path: str, layout: Layout = Layout()) -> Read:
    """Sentences to be translated: one a line, or a column of a table. Empty ones stay.

    Args:
        path: a file, or `"-"` for standard input.
        layout: how to read it.
    """
    if is_table(path, layout):
        return _columns(path, layout, needs_target=False)
    lines = _lines(path, layout.encoding)
    return Read(Pairs(lines, []), places=_places(path, len(lines)))


def _lines(path: str, encoding: str | None) -> list[str]:
    content = read_text(path, encoding)
    return content.removesuffix("\n").split("\n") if content else []


def _places(path: str, lines: int) -> list[str]:
    """Each line of a file, in words."""
    source = "standard input" if path == "-" else path
    return [f"{source}, line {number}" for number in range(1, lines + 1)]


def _parallel(first: str, second: str, layout: Layout) -> Read:
    if first == "-" == second:
        raise DataError("Standard input can be one of the two files, not both.")
    sides = [_lines(path, layout.encoding) for path in (first, second)]
    if len(sides[0]) != len(sides[1]):
        raise DataError(
            f"{first} has {len(sides[0]):,} lines and {second} {len(sides[1]):,}; expected one "
            "line in each for every pair."
        )
    places = [_places(path, len(sides[0])) for path in (first, second)]
    pairs, left_out = _kept(sides, places, layout.skip_empty)
    endings = [Path(path).suffix.lower().lstrip(".") for path in (first, second)]
    return Read(pairs, _told(pairs, left_out), {}, _codes(*endings))


def _columns(path: str, layout: Layout, needs_target: bool) -> Read:
    format = layout.format or _TABLES.get(Path(path).suffix.lower())
    if format == "txt" or format not in (None, *FORMATS):
        known = ", ".join(name for name in FORMATS if name not in ("txt", "folder"))
        raise DataError(f"{path}: pairs in one file expected one of {known}, got {format!r}.")
    said = []
    if format in ("jsonl", "parquet"):
        table = read_table(path, format)
    else:
        table = _rows(path, format, layout)
        first = [values[0] for values in table.columns.values()]
        header = layout.header
        if header is None:
            header = _looks_like_names(first, layout, format)
            what = "names of columns" if header else "the first row"
            said.append(f"first line: {what} (another: --header, --no-header)")
        table = _named(table, first if header else None)
    source = _column(table, layout.source, _SOURCE_NAMES, [layout.target])
    chosen = [source]
    said.append(source.announcement("source", "--source"))
    if needs_target:
        chosen.append(_column(table, layout.target, _TARGET_NAMES, [source.column]))
        said.append(chosen[1].announcement("target", "--target"))
    sides = [table.texts(guess.column) for guess in chosen]
    roles = dict(zip(("source", "target"), (guess.column for guess in chosen), strict=False))
    places = [[table.where(row, guess.column) for row in range(len(table))] for guess in chosen]
    if not needs_target:
        return Read(Pairs(sides[0], []), said, roles, places=places[0])
    pairs, left_out = _kept(sides, places, layout.skip_empty)
    codes = _codes(chosen[0].column.lower(), chosen[1].column.lower())
    return Read(pairs, [*said, *_told(pairs, left_out)], roles, codes)


def _looks_like_names(names: Sequence[str], layout: Layout, format: str | None) -> bool:
    """Whether the first line of a table has the names of columns."""
    asked = [name for name in (layout.source, layout.target) if name is not None]
    if asked and not all(name.isdecimal() for name in asked):
        return True
    lower = [name.lower() for name in names]
    known = sum(n in CODES or n in _SOURCE_NAMES or n in _TARGET_NAMES for n in lower)
    return known >= 2 or format != "tsv"


def _rows(path: str, format: str | None, layout: Layout) -> Table:
    """All rows of a table without names. A TSV knows no quotation marks, they are text."""
    if format != "tsv":
        return read_table(path, format, layout.encoding, layout.delimiter, header=False)
    lines = _lines(path, layout.encoding)
    kept = [number for number, line in enumerate(lines, 1) if line.strip()]
    if not kept:
        raise DataError(f"{path} is empty.")
    rows = [lines[number - 1].split("\t") for number in kept]
    for number, row in zip(kept, rows, strict=True):
        if len(row) != len(rows[0]):
            raise DataError(
                f"{path}, line {number}: expected {len(rows[0])} fields between tabs as in the "
                f"first line, got {len(row)}."
            )
    columns = {str(place): list(values) for place, values in enumerate(zip(*rows, strict=True))}
    return Table(columns, path, kept)


def _named(table: Table, names: Sequence[str] | None) -> Table:
    """The rows behind the names; without names all of them, and columns are numbered from 1.

    Raises:
        DataError: for two columns of one name, or no row.
    """
    columns = list(table.columns.values())
    if names is None:
        numbered = {str(number): values for number, values in enumerate(columns, 1)}
        return Table(numbered, table.source, table.lines)
    names = [name.strip() for name in names]
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise DataError(f"{table.source}, line 1: there are two columns {twice[0]!r}.")
    if len(table) < 2:
        raise DataError(f"{table.source} has the names of columns, but no rows.")
    named = {name: values[1:] for name, values in zip(names, columns, strict=True)}
    return Table(named, table.source, table.lines[1:])


def _column(
    table: Table, named: str | None, usual: Sequence[str], taken: Sequence[str | None]
) -> Guess:
    """The named column, or one with a usual name, or the first that is free."""
    if named is not None:
        table.column(named)
        return Guess(named)
    free = [name for name in table.names if name not in taken]
    lower = {name.lower(): name for name in free}
    for name in usual:
        if name in lower:
            return Guess(lower[name], "by its name")
    texts = [name for name in free if not table.is_numeric(name)] or free
    if not texts:
        raise DataError(
            f"{table.source} has one column, expected two: sentences to read and what to write "
            "(--delimiter says what is between them)."
        )
    return Guess(texts[0], "the first that is free")


def _kept(
    sides: Sequence[list[str]], places: Sequence[list[str]], skip_empty: bool
) -> tuple[Pairs, int]:
    """The pairs without an empty side, and how many others there are.

    Raises:
        DataError: for the first empty sentence, unless they are to be skipped.
    """
    empty = [row for row in range(len(sides[0])) if not all(side[row].strip() for side in sides)]
    if empty and not skip_empty:
        side = next(number for number in (0, 1) if not sides[number][empty[0]].strip())
        more = f" ({len(empty):,} pairs have an empty side)" if len(empty) > 1 else ""
        raise DataError(
            f"{places[side][empty[0]]}: the sentence is empty{more}; --skip-empty leaves such "
            "pairs out."
        )
    pairs = Pairs(list(sides[0]), list(sides[1]))
    if empty:
        gone = set(empty)
        pairs = pairs.take(row for row in range(len(sides[0])) if row not in gone)
    return pairs, len(empty)


def _told(pairs: Pairs, left_out: int) -> list[str]:
    skipped = f", {left_out:,} with an empty side left out" if left_out else ""
    return [f"pairs: {len(pairs.sources):,}{skipped}"]


def _codes(first: str, second: str) -> tuple[str | None, str | None]:
    """Two names as codes of languages, if both are."""
    if first in CODES and second in CODES and first != second:
        return check_language("language", first), check_language("language", second)
    return None, None
