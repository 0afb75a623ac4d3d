"""Labelled steps out of files: columns with blank lines between sentences, or tables.

The first are what the CoNLL shared tasks use: one token a line, its label in another column. In
tables a column tells the sequences apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.tasks.columns import label_column, series_column, time_column
from leftfold.tasks.errors import DataError
from leftfold.tasks.sequences import rows_by_sequence
from leftfold.tasks.tables import FORMATS, Table, read_table, read_text, to_number
from leftfold.tasks.tagging.inputs import Labels, Rows

COLUMNS = "conll"
_COLUMN_ENDINGS = (".conll", ".conllu", ".iob", ".iob2", ".bio", ".iobes", ".tags", ".txt")
_TOKEN_NAMES = ("token", "word", "form", "text")
_TREEBANK = re.compile(r"\d+(?:[-.]\d+)?")
_PART_OF_NONE = re.compile(r"\d+[-.]\d+")
_DOCUMENT = "-DOCSTART-"


@dataclass
class Tagged:
    """Sequences out of a file.

    Attributes:
        rows: sentences as lists of tokens, or arrays `(steps, features)`.
        labels: of their steps; `None` where none were asked for.
        names: what the sequences are called: ids, or their numbers.
        columns: which column is what, by the names of `read_tagged`'s arguments.
        said: what was found and guessed, to be announced.
    """

    rows: Rows
    labels: Labels | None
    names: list[str]
    columns: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def read_tagged(
    path: str,
    text: str | None = None,
    label: str | None = None,
    id_column: str | None = None,
    time: str | None = None,
    features: Sequence[str] | None = None,
    needs_label: bool = True,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Tagged:
    """Read sentences with a label for each token, or series with a label for each step.

    Args:
        path: a file, or `"-"` for standard input.
        text: the column with the tokens: a name in a table, a number from 1 in columns.
        label: the column with the labels, likewise.
        id_column: tells the sequences of a table apart.
        time: orders their steps.
        features: the columns with numbers; by default all others that hold nothing else.
        needs_label: whether labels are wanted.
        format: `"conll"` for columns, or one of a table's; by default by the file's ending.
        encoding: of text files.
        delimiter: between the fields of CSV.

    Raises:
        DataError: for what cannot be read, by line.
    """
    if format not in (None, COLUMNS, *FORMATS):
        known = ", ".join((COLUMNS, *FORMATS))
        raise DataError(f"format expected one of {known}, got {format!r}.")
    if is_columns(path, format):
        source = "standard input" if path == "-" else path
        content = read_text(path, encoding)
        return read_columns(content, source, text, label, needs_label)
    table = read_table(path, format, encoding, delimiter)
    return _from_table(table, text, label, id_column, time, features, needs_label)


def is_columns(path: str, format: str | None = None) -> bool:
    """Whether a file is read as columns with blank lines between sentences, not as a table."""
    return format == COLUMNS or (format is None and Path(path).suffix.lower() in _COLUMN_ENDINGS)


def read_columns(
    content: str,
    source: str = "data",
    text: str | None = None,
    label: str | None = None,
    needs_label: bool = True,
) -> Tagged:
    r"""Sentences of one token a line, with a blank line between them.

    Args:
        content: the lines. Columns are separated by tabs, or by spaces where there are none.
        source: the file's name, for messages.
        text: the number of the column with the tokens; by default the first, or the second of
            CoNLL-U.
        label: likewise of the labels; by default the last, or the fourth of CoNLL-U. `"-1"` is the
            last of each line, and lines may then have different numbers of columns.
        needs_label: whether labels are wanted.

    Raises:
        DataError: for lines with too few columns, by number.

    Example:
        >>> found = read_columns("in O\nRome S-LOC\n\nSleep O\n")
        >>> found.rows, found.labels
        ([['in', 'Rome'], ['Sleep']], [['O', 'S-LOC'], ['O']])
    """
    separator = "\t" if "\t" in content else None
    sentences: list[list[tuple[int, list[str]]]] = [[]]
    width, ragged = 0, (label or "").startswith("-")
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            sentences.append([])
            continue
        fields = [part.strip(" \r") for part in line.split(separator)]
        if fields[0] == _DOCUMENT or _is_comment(fields, width, bool(sentences[-1])):
            continue
        width = width or len(fields)
        if len(fields) != width and not (ragged and len(fields) > 1):
            raise DataError(
                f"{source}, line {number}: expected {width} columns as before, got {len(fields)} "
                "(--label -1 takes the last of each line, however many there are)."
            )
        sentences[-1].append((number, fields))
    sentences = [sentence for sentence in sentences if sentence]
    if not sentences:
        raise DataError(f"{source} has no tokens.")
    treebank = width == 10 and all(_TREEBANK.fullmatch(fields[0]) for _, fields in sentences[0])
    if treebank:
        sentences = [
            [one for one in s if not _PART_OF_NONE.fullmatch(one[1][0])] for s in sentences
        ]
    if needs_label and width < 2:
        raise DataError(
            f"{source}, line {sentences[0][0][0]}: expected a token and its label, got one column."
        )
    token_at = _position(source, text, 2 if treebank else 1, width) if width > 1 else 0
    said = [f"tokens: column {token_at + 1} of {width}"]
    columns = {"text": str(token_at + 1)}
    labels = None
    if needs_label:
        label_at = _position(source, label, 4 if treebank else width, width)
        if token_at in (label_at, label_at + width):
            raise DataError(f"{source}: column {token_at + 1} is both the token and the label.")
        columns["label"] = label or str(label_at + 1)
        said.append(f"labels: column {columns['label']} (another: --label NUMBER)")
        labels = _column(source, sentences, label_at, "label")
    rows = _column(source, sentences, token_at, "token")
    return Tagged(rows, labels, [str(n) for n in range(1, len(rows) + 1)], columns, said)


def _is_comment(fields: list[str], width: int, within: bool) -> bool:
    """Whether a line that begins with `#` is a comment: before a sentence, in other columns."""
    return fields[0].startswith("#") and not within and (len(fields) == 1 or len(fields) != width)


def _position(source: str, named: str | None, usual: int, width: int) -> int:
    if named is None:
        return usual - 1
    number = int(named) if named.removeprefix("-").isdecimal() else 0
    if not 1 <= abs(number) <= width:
        raise DataError(f"{source}: expected a column from 1 to {width}, got {named!r}.")
    return number - 1 if number > 0 else number


def _column(
    source: str, sentences: list[list[tuple[int, list[str]]]], at: int, kind: str
) -> list[list[str]]:
    for sentence in sentences:
        for number, fields in sentence:
            if not fields[at]:
                raise DataError(f"{source}, line {number}: the {kind} is missing.")
    return [[fields[at] for _, fields in sentence] for sentence in sentences]


def _from_table(
    table: Table,
    text: str | None,
    label: str | None,
    id_column: str | None,
    time: str | None,
    features: Sequence[str] | None,
    needs_label: bool,
) -> Tagged:
    taken = [name for name in (text, label, time, *(features or [])) if name]
    series = series_column(table, id_column, taken)
    if series is None:
        raise DataError(
            f"{table.source}: no column tells sequences apart among {', '.join(table.names)}; name "
            "it (--id), or say --input-format conll where blank lines do."
        )
    said = [series.announcement("sequences", "--id")]
    columns: dict[str, Any] = {"id_column": series.column}
    when = time_column(table, time, [*taken, series.column])
    said.append(when.announcement("time", "--time") if when else "time: the order of the rows")
    if when is not None:
        columns["time"] = when.column
    token = _token_column(table, text, [*columns.values(), *taken]) if not features else None
    if needs_label:
        guess = label_column(table, label, [*columns.values(), *([token] if token else [])])
        said.append(guess.announcement("label", "--label"))
        columns["label"] = guess.column
    rows, unsorted = rows_by_sequence(table, series.column, columns.get("time"))
    if unsorted:
        said.append(f"unsorted: {unsorted:,} sequences were put in the order of time")
    labels = _steps(table, columns["label"], rows, "label") if needs_label else None
    found: Rows
    if token is not None:
        columns["text"] = token
        said.append(f"tokens: column {token!r}")
        found = list(_steps(table, token, rows, "token"))
    else:
        used = list(features or _numeric(table, list(columns.values())))
        columns["features"] = used
        said.append(f"features: {', '.join(map(repr, used))}")
        if not features:
            said += _left_out(table, [*columns.values(), *used])
        values = np.stack([table.numbers(name) for name in used], axis=1)
        found = [values[mine] for mine in rows.values()]
    return Tagged(found, labels, list(rows), columns, said)


def _token_column(table: Table, named: str | None, taken: Sequence[str]) -> str | None:
    """The column with the tokens: the named one, or by its name; `None` in tables of numbers."""
    if named is not None:
        table.column(named)
        return named
    lower = {name.lower(): name for name in table.names if name not in taken}
    return next((lower[name] for name in _TOKEN_NAMES if name in lower), None)


def _left_out(table: Table, taken: Sequence[Any]) -> list[str]:
    """A line about each column that is no feature, for a value that is no number."""
    said = []
    for name in table.names:
        if name in taken:
            continue
        numbers = map(to_number, table.column(name))
        row = next((row for row, number in enumerate(numbers) if number is None), None)
        why = "which is empty"
        if row is not None:
            why = f"for {table.column(name)[row]!r:.40} in {table.where(row)} is no number"
        said.append(f"left out: {name!r}, {why}")
    return said


def _numeric(table: Table, taken: Sequence[str]) -> list[str]:
    found = [name for name in table.names if name not in taken and table.is_numeric(name)]
    if not found:
        raise DataError(
            f"{table.source} has no column of tokens or numbers besides "
            f"{', '.join(map(repr, taken))}; name one (--text)."
        )
    return found


def _steps(table: Table, name: str, rows: dict[str, list[int]], kind: str) -> list[list[str]]:
    values = table.texts(name)
    for row, value in enumerate(values):
        if not value.strip():
            raise DataError(f"{table.where(row, name)}: the {kind} is missing.")
    return [[values[row] for row in mine] for mine in rows.values()]
