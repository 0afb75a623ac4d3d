"""Tables from files of all kinds, and what is said of those that cannot be read."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.tasks.columns import label_column, series_column, text_column, time_column
from leftfold.tasks.errors import DataError
from leftfold.tasks.tables import Table, read_table, read_text, to_number


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_guessed(write, delimiter: str) -> None:
    rows = [["text", "label"], ["one, two; three", "a"], ["four | five", "b"]]
    quoted = "\n".join(delimiter.join(f'"{v}"' for v in row) for row in rows)
    table = read_table(write("x.csv", quoted))
    assert table.columns == {"text": ["one, two; three", "four | five"], "label": ["a", "b"]}


def test_commas_in_texts_do_not_make_a_column_of_texts_into_many(write) -> None:
    table = read_table(write("x.csv", "text\nwell done\nno\nyes\n"))
    assert table.names == ["text"]


def test_quoted_fields_may_have_lines_and_quotes_and_rows_know_their_lines(write) -> None:
    table = read_table(write("x.csv", 'text,label\n"two\nlines ""so""",a\n\nplain,b\n'))
    assert table.columns["text"] == ['two\nlines "so"', "plain"]
    assert list(table.lines) == [2, 5]
    assert table.where(1, "label").endswith("x.csv, line 5, column 'label'")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_encodings_are_understood(write, encoding: str) -> None:
    table = read_table(write("x.csv", "text,label\nnaïve œuvre,a\n".encode(encoding)))
    assert table.columns == {"text": ["naïve œuvre"], "label": ["a"]}


def test_windows_ends_of_lines_are_ends_of_lines(write) -> None:
    assert read_table(write("x.csv", "a,b\r\n1,2\r\n3,4\r\n")).columns["b"] == ["2", "4"]


def test_an_encoding_that_does_not_fit_is_named_with_file_and_line(write) -> None:
    path = write("x.csv", "text,label\nfine,a\nna\xefve,b\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"x\.csv, line 3: not valid utf-8 \(byte 0xef\)"):
        read_table(path)
    assert read_table(path, encoding="latin-1").columns["text"][1] == "naïve"
    with pytest.raises(DataError, match="encoding expected a name that Python knows"):
        read_table(path, encoding="klingon")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n", r"line 3: expected 2 fields as in the first line, got 1"),
        ("a,b\n1,2\n3,4,5\n", r"line 3: expected 2 fields as in the first line, got 3"),
        ("a,a\n1,2\n", r"line 1: there are two columns 'a'"),
        ("a,\n1,2\n", r"line 1: column 2 has no name"),
        ("a,b\n", r"has the names of columns, but no rows"),
        ("", r"is empty"),
        ("  \n\n", r"is empty"),
        ('a,b\n1,2\n"open,4\n', r"line 3: unexpected end of data"),
        (b"a,b\n1,\0\n", r"line 2: a null character"),
    ],
)
def test_damaged_csv_is_named_by_line(write, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(write("x.csv", content))


def test_csv_without_a_header_gets_numbered_columns(write) -> None:
    table = read_table(write("x.csv", "1,2\n3,4\n"), header=False)
    assert table.columns == {"column1": ["1", "3"], "column2": ["2", "4"]}


def test_json_lines_keep_numbers_and_fill_what_is_missing(write) -> None:
    table = read_table(write("x.jsonl", '{"a": 1.5, "b": "x"}\n\n{"b": "y", "c": [1, 2]}\n'))
    assert table.columns == {"a": [1.5, None], "b": ["x", "y"], "c": [None, [1, 2]]}
    assert read_table(write("x.json", '[{"a": 1}, {"a": 2}]')).columns == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}\n{"a": \n', r"line 2: not valid JSON"),
        ('{"a": 1}\n[1]\n', r"line 2: expected an object"),
        ('{"a": 1}\n{"a":' + "[" * 100_000, r"line 2: not valid JSON"),
        ('[{"a": 1}, 2]', r"row 2: expected an object"),
    ],
)
def test_damaged_json_is_named_by_line(write, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(write("x.jsonl", content))


def test_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    parquet.write_table(arrow.table({"t": ["x", "y"], "n": [1.5, None]}), tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").columns == {"t": ["x", "y"], "n": [1.5, None]}
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + b"x" * 40)
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_table(tmp_path / "bad.parquet")


def test_a_folder_of_texts_by_class(write, tmp_path: Path) -> None:
    write("data/pos/1.txt", "good")
    write("data/neg/2.txt", "bad")
    write("data/neg/deep/3.txt", "poor")
    table = read_table(tmp_path / "data")
    assert table.columns["label"] == ["neg", "neg", "pos"]
    assert table.columns["text"] == ["bad", "poor", "good"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has no texts"):
        read_table(tmp_path / "empty")
    write("data/neg/2.txt", b"\xff\xfa bad")
    with pytest.raises(DataError, match=r"neg.2\.txt, line 1: not valid"):
        read_table(tmp_path / "data", encoding="utf-8")


def test_plain_text_is_one_text_a_line(write) -> None:
    assert read_table(write("x.txt", "one\n\n two, three\n")).columns["text"] == [
        "one",
        " two, three",
    ]
    assert read_text(write("y.txt", "whole\ntext")) == "whole\ntext"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for content, expected in [(b"a;b\n1;2\n", {"a": ["1"], "b": ["2"]}), (b'{"a": 1}', {"a": [1]})]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert read_table("-").columns == expected


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_table(tmp_path / "no.csv")
    with pytest.raises(DataError, match=r"has no column 'c'; it has 'a', 'b'"):
        Table({"a": [1], "b": [2]}).column("c")


def test_numbers_name_the_cell_that_is_none() -> None:
    table = Table(
        {"n": ["1", "NA", "", "2e3"], "m": ["1", "2", "three", "4"]}, "x.csv", [2, 3, 4, 6]
    )
    np.testing.assert_array_equal(table.numbers("n"), [1, math.nan, math.nan, 2000])
    with pytest.raises(
        DataError, match=r"x\.csv, line 4, column 'm': expected a number, got 'three'"
    ):
        table.numbers("m")
    assert table.is_numeric("n") and not table.is_numeric("m")
    assert to_number("1_000") is None


@given(
    st.lists(
        st.lists(st.text(alphabet='ab,;|\t"\n é', max_size=6), min_size=2, max_size=2), min_size=1
    )
)
def test_what_is_written_as_csv_is_read_again(rows: list[list[str]]) -> None:
    import csv
    import tempfile

    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerows([["first", "second"], *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(buffer.getvalue().encode())
        table = read_table(path, delimiter=",")
    assert list(zip(*table.columns.values(), strict=True)) == [tuple(row) for row in rows]


def test_columns_are_guessed_by_name_and_by_content() -> None:
    table = Table(
        {
            "id": ["1", "2", "3", "4"],
            "when": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"],
            "words": ["a long text", "b long text", "c long text", "d"],
            "Sentiment": ["x", "y", "x", "y"],
        }
    )
    assert text_column(table).column == "words"
    assert "longest" in text_column(table).why
    assert label_column(table).column == "Sentiment"
    assert "name" in label_column(table).why
    assert time_column(table).column == "when"  # type: ignore[union-attr]
    assert series_column(table).column == "id"  # type: ignore[union-attr]
    assert text_column(table, "when").why == ""
    with pytest.raises(DataError, match="has no column 'nothing'"):
        label_column(table, "nothing")


def test_tables_can_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(json.dumps({"n": n}) for n in range(5)))
    part = read_table(path).rows([4, 0])
    assert part.columns == {"n": [4, 0]} and list(part.lines) == [5, 1]
