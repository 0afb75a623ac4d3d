"""What the commands of all tasks share: errors in one line, and results in three formats."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from leftfold.cli.errors import UserError
from leftfold.engine import config
from leftfold.saving import SavingError
from leftfold.saving.archive import replacing
from leftfold.tasks.errors import DataError, MissingExtraError

OUTPUTS = ("table", "csv", "jsonl")
_MOST_SHOWN = 50
_WIDTH = 120


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Inside the block, what the user can mend becomes a `UserError` of one line."""
    try:
        yield
    except (DataError, SavingError, MissingExtraError) as error:
        raise UserError(" ".join(str(error).split())) from error
    except (ValueError, FloatingPointError) as error:
        if type(error) not in (ValueError, FloatingPointError):
            raise
        raise UserError(" ".join(str(error).split())) from error


def say(line: str) -> None:
    """Tell the user something that is no result: it goes to stderr, results go to stdout."""
    print(line, file=sys.stderr, flush=True)


def check_writable(path: Path | None, option: str) -> None:
    """Complain before the work about a path that cannot be written after it.

    Raises:
        UserError: when its folder is missing or closed, or it is a folder itself.
    """
    if path is None:
        return
    folder = path.absolute().parent
    if path.is_dir():
        raise UserError(f"{option} expected a file, got the folder {path}.")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(f"{option} names a folder that cannot be written: {folder}.")


def begin_training(
    output: Path, report: Path | None, format: str | None, threads: int | None
) -> None:
    """Complain about what would only fail after the training, and set the threads.

    Raises:
        UserError: for a path that cannot be written, or a format that is not known.
    """
    check_writable(output, "--output")
    check_writable(report, "--report")
    output_format(format, None)
    if threads is not None:
        config.set_threads(threads)


@contextlib.contextmanager
def kept_on_interrupt(task: Any, output: Path, columns: dict[str, Any]) -> Iterator[None]:
    """Inside the block, Ctrl-C saves the best model so far before it is passed on.

    Args:
        task: learns from data; has `save`, and `columns_` for the next argument.
        output: where the model goes.
        columns: of the data.
    """
    try:
        yield
    except KeyboardInterrupt:
        if task.__sklearn_is_fitted__():
            task.columns_ = columns
            task.save(output)
            say(f"\nStopped. The best model so far is saved as {output}.")
        raise


def source_name(path: str) -> str:
    """A source of data in words, for reports."""
    return "standard input" if path == "-" else Path(path).name


def source_facts(path: str) -> dict[str, str]:
    """How the program was called, and on what: what a report says to do it again."""
    facts = {"Command": "leftfold " + shlex.join(sys.argv[1:])}
    if path != "-" and Path(path).is_file():
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        facts["Data"] = f"{path}\nsha256 {digest}"
    return facts


def output_format(format: str | None, output: Path | None) -> str:
    """The format of results: the named one, or by the file's ending, or a table.

    Raises:
        UserError: for a format that is not known.
    """
    if format is None:
        ending = output.suffix.lower().lstrip(".") if output else "table"
        format = {"json": "jsonl", "ndjson": "jsonl"}.get(ending, ending)
        format = format if format in OUTPUTS else "csv"
    if format not in OUTPUTS:
        raise UserError(f"--format expected one of {', '.join(OUTPUTS)}, got {format!r}.")
    return format


def emit(
    columns: Mapping[str, Sequence[Any]],
    format: str | None = None,
    output: Path | None = None,
    title: str = "",
) -> None:
    """Print results, or write them into a file, whole or not at all.

    Args:
        columns: values by name, one for each row.
        format: `"table"`, `"csv"` or `"jsonl"`; see `output_format`.
        output: the file; standard output by default.
        title: of a table.

    Raises:
        UserError: for a format that is not known, or a file that cannot be written.
    """
    format = output_format(format, output)
    if format == "table" and output is None:
        _print_table(columns, title)
        return
    text = {"csv": _csv, "jsonl": _jsonl, "table": _plain_table}[format](columns)
    if output is not None:
        with one_line_errors(), replacing(output) as file:
            file.write(text.encode("utf-8", "replace"))
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _told(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    text = " ".join(str(value).split())
    return text if len(text) <= 120 else text[:117] + "..."


def _table(columns: Mapping[str, Sequence[Any]], title: str, most: int | None) -> tuple[Table, int]:
    table = Table(title=escape(title) or None, title_justify="left")
    rows = list(zip(*columns.values(), strict=True))
    for name, values in columns.items():
        numeric = bool(len(values)) and all(isinstance(v, int | float) for v in values)
        table.add_column(escape(name), justify="right" if numeric else "left")
    for row in rows[:most]:
        table.add_row(*(escape(_told(value)) for value in row))
    return table, len(rows)


def _print_table(columns: Mapping[str, Sequence[Any]], title: str) -> None:
    table, rows = _table(columns, title, _MOST_SHOWN)
    width = None if sys.stdout.isatty() else _WIDTH
    Console(highlight=False, width=width).print(table)
    if rows > _MOST_SHOWN:
        say(f"{_MOST_SHOWN} of {rows:,} rows shown: --format csv or --output FILE gives all.")


def _plain_table(columns: Mapping[str, Sequence[Any]]) -> str:
    buffer = io.StringIO()
    Console(file=buffer, width=_WIDTH, highlight=False).print(_table(columns, "", None)[0])
    return buffer.getvalue()


def _csv(columns: Mapping[str, Sequence[Any]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return buffer.getvalue()


def _jsonl(columns: Mapping[str, Sequence[Any]]) -> str:
    rows = zip(*columns.values(), strict=True)
    lines = [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows]
    return "".join(f"{line}\n" for line in lines)
