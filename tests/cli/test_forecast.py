"""`leftfold forecast`: from a file to a forecast, and what it says when it cannot."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold.cli import main

QUICK = ["--ensemble", "1", "--epochs", "3", "--units", "4", "--quiet"]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["forecast", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """Seven years of months with a season."""
    months = np.arange(84)
    chance = np.random.default_rng(0).normal(size=84)
    values = 100 + months + 10 * np.sin(months * np.pi / 6) + chance
    return write(
        tmp_path / "sales.csv", [f"{m},{v:.2f}" for m, v in zip(dates(84), values, strict=True)]
    )


def dates(n: int) -> list[str]:
    return [f"{2015 + i // 12}-{i % 12 + 1:02}-01" for i in range(n)]


def write(path: Path, lines: list[str], header: str = "month,sold") -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_from_a_file_to_a_forecast(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    model, report = tmp_path / "m.leftfold", tmp_path / "report.html"
    options = ["--horizon", "6", "-o", str(model), "--report", str(report), "--format", "csv"]
    assert run("train", str(sales), *options, *QUICK) == 0
    told = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert [row["model"] for row in rows][:3] == ["network", "without the network", "persistence"]
    for part in ("time: column 'month'", "value: column 'sold'", "1 series of 84 values, monthly",
                 "The network ", "persistence"):  # fmt: skip
        assert part in told.err, part
    assert "Forecast report" in report.read_text(encoding="utf-8")
    assert run("predict", str(model), "--format", "jsonl") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["time"] for line in lines[:2]] == ["2022-01-01", "2022-02-01"]
    assert lines[0]["2.5%"] < lines[0]["forecast"] < lines[0]["97.5%"]
    assert len(lines) == 6


def test_evaluation_looks_only_at_what_is_new(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = sales.read_text(encoding="utf-8").splitlines()
    early = tmp_path / "early.csv"
    early.write_text("\n".join(lines[:61]) + "\n", encoding="utf-8")
    model = str(tmp_path / "m.leftfold")
    assert run("train", str(early), "--horizon", "3", "-o", model, *QUICK) == 0
    capsys.readouterr()
    assert run("evaluate", model, str(sales), "--format", "jsonl", "--test", "80") == 0
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[0])["model"] == "network"


def test_a_forecast_of_other_series_from_standard_input(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = str(tmp_path / "m.leftfold")
    assert run("train", str(sales), "--horizon", "3", "-o", model, *QUICK) == 0
    content = write(
        tmp_path / "o.csv", [f"{d},{i % 7}" for i, d in enumerate(dates(40))]
    ).read_bytes()

    class Input:
        buffer = io.BytesIO(content)

    monkeypatch.setattr("sys.stdin", Input())
    capsys.readouterr()
    assert run("predict", model, "-", "--horizon", "2", "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["time"] for row in rows] == ["2018-05-01", "2018-06-01"]
    assert all(-10 < float(row["forecast"]) < 20 for row in rows)


def test_the_columns_of_training_are_remembered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = np.random.default_rng(0).normal(size=50)
    lines = [
        f"{d},{i % 5 + c:.2f},{i % 5},{i}"
        for i, (d, c) in enumerate(zip(dates(50), chance, strict=True))
    ]
    path = write(
        tmp_path / "s.csv", [*lines, "2019-03-01,,2,51", "2019-04-01,,3,52"], "day,sold,sale,n"
    )
    model = str(tmp_path / "m.leftfold")
    named = ["--value", "sold", "--future", "sale", "--horizon", "2", "--test", "6"]
    assert run("train", str(path), "-o", model, *named, *QUICK) == 0
    capsys.readouterr()
    assert run("predict", model, str(path), "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["series"] for row in rows] == ["sold", "sold"]
    assert [row["time"] for row in rows] == ["2019-03-01", "2019-04-01"]


def months(values: list[Any]) -> list[str]:
    return [f"{d},{v}" for d, v in zip(dates(len(values)), values, strict=True)]


BAD: list[tuple[str, list[str], list[str], str]] = [
    ("a missing column", months(list(range(40))), ["--value", "price"],
     "bad.csv has no column 'price'; it has 'month', 'sold'."),
    ("a covariate that is missing", months(list(range(40))), ["--future", "rain"],
     "bad.csv has no column 'rain'"),
    ("rows out of order", [*months(list(range(40)))[::-1]], [],
     "bad.csv, line 3, column 'month': the times are not in order: 2018-03-01 after 2018-04-01."),
    ("a time twice", [*months(list(range(40))), "2018-04-01,7"], [],
     "bad.csv, line 42, column 'month': a second value for 2018-04-01, which line 41 has already."),
    ("a constant series", months([5] * 40), [], "'sold' is constant: all its values are 5"),
    ("a gap", months([*range(20), "", *range(20)]), [],
     "bad.csv, line 22, column 'sold': no value (NaN)."),
    ("no number", months([*range(20), "many", *range(20)]), ["--value", "sold"],
     "bad.csv, line 22, column 'sold': expected a number, got 'many'."),
    ("an infinite value", months([*range(20), "inf", *range(20)]), [],
     "bad.csv, line 22, column 'sold': expected a finite number, got inf."),
    ("no time", [*months(list(range(40))), "soon,3"], ["--time", "month"],
     "bad.csv, line 42, column 'month': expected a time like '2015-01-01', got 'soon'."),
    ("a horizon longer than the data", months(list(range(40))), ["--horizon", "50"],
     "the horizon of 50 steps is longer than the data: 'sold' has"),
    ("a field too many", [*months(list(range(40))), "2019-01-01,1,2"], [],
     "bad.csv, line 42: expected 2 fields as in the first line, got 3"),
    ("logarithms of what is below 0", months(list(range(-20, 20))), ["--log"],
     "log=True expected values above 0"),
    ("a setting", months(list(range(40))), ["--cell", "transformer"], "cell expected one of"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "options", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_input_ends_in_one_line_and_exit_code_2(
    lines: list[str],
    options: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path / "bad.csv", lines)
    model = tmp_path / "m.leftfold"
    assert run("train", str(path), "-o", str(model), *QUICK, *options) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("leftfold: ")
    assert message in last
    assert not model.exists()


def test_an_unreadable_encoding_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes("month,größe\n2020-01,1\n".encode("latin-1"))
    assert run("train", str(path), *QUICK) == 2
    assert "line 1: not valid utf-8" in capsys.readouterr().err


def test_a_missing_file_and_a_corrupted_model_are_refused(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", str(tmp_path / "no.csv"), *QUICK) == 2
    assert "no.csv does not exist" in capsys.readouterr().err
    model = tmp_path / "m.leftfold"
    model.write_bytes(b"PK\x03\x04 nonsense")
    for command in (["predict", str(model)], ["evaluate", str(model), str(sales)]):
        assert run(*command) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and "m.leftfold" in lines[0]


def test_a_full_disk_is_one_line_and_leaves_nothing_half(
    sales: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.replace", full)
    monkeypatch.setattr("pathlib.Path.replace", full)
    model = tmp_path / "m.leftfold"
    assert run("train", str(sales), "-o", str(model), *QUICK) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("leftfold: ") and os.strerror(errno.ENOSPC) in last
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sales.csv"]


def test_ctrl_c_saves_what_was_learnt(
    sales: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from leftfold.cli import forecasting

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(forecasting.Progress, "on_epoch_end", interrupt)
    model = tmp_path / "m.leftfold"
    assert run("train", str(sales), "-o", str(model), "--horizon", "3") == 130
    assert "The best so far is saved" in capsys.readouterr().err
    monkeypatch.undo()
    assert run("predict", str(model)) == 0


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("train", "predict", "evaluate"):
        assert run(command, "--help") == 0
        assert f"leftfold forecast {command} " in capsys.readouterr().out
