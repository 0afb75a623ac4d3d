"""Results of tasks: a table, CSV or JSON lines, and files written whole."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from leftfold.cli.errors import UserError
from leftfold.cli.tasks import check_writable, emit, one_line_errors, output_format
from leftfold.tasks.errors import DataError

COLUMNS = {"text": ["a, b", "[red]c[/red]\nd"], "probability": [0.25, 1.0]}


def test_csv_and_json_lines_can_be_read_again(capsys: pytest.CaptureFixture[str]) -> None:
    emit(COLUMNS, "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert [row["text"] for row in rows] == COLUMNS["text"]
    emit(COLUMNS, "jsonl")
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["probability"] for line in lines] == [0.25, 1.0]


def test_tables_show_markup_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    emit(COLUMNS, "table")
    out = capsys.readouterr().out
    assert "[red]c[/red] d" in out and "0.2500" in out


def test_the_format_follows_the_name_of_the_file(tmp_path: Path) -> None:
    assert output_format(None, None) == "table"
    assert output_format(None, Path("x.jsonl")) == "jsonl"
    assert output_format(None, Path("x.csv")) == output_format(None, Path("x")) == "csv"
    with pytest.raises(UserError, match="--format expected one of"):
        output_format("xml", None)
    emit(COLUMNS, None, tmp_path / "x.jsonl")
    assert len((tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_paths_are_checked_before_the_work(tmp_path: Path) -> None:
    check_writable(None, "--output")
    check_writable(tmp_path / "x", "--output")
    with pytest.raises(UserError, match="--report names a folder that cannot be written"):
        check_writable(tmp_path / "no" / "x", "--report")
    with pytest.raises(UserError, match="expected a file, got the folder"):
        check_writable(tmp_path, "--report")


def test_mistakes_become_one_line_and_faults_do_not() -> None:
    with pytest.raises(UserError, match=r"^two lines$"), one_line_errors():
        raise DataError("two\nlines")
    with pytest.raises(KeyError), one_line_errors():
        raise KeyError("fault")
