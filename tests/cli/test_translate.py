"""`leftfold translate`: from files to a judged model and back, and every kind of bad input."""

from __future__ import annotations

import io
import itertools
import json
import sys
from pathlib import Path

import pytest

from leftfold.cli import main
from leftfold.tasks import Translator

WORDS = {"eins": "one", "zwei": "two", "rot": "red", "blau": "blue", "Hund": "dog", "Haus": "house"}
SMALL = (
    "--unit", "word", "--units", 32, "--epochs", 12, "--dropout", 0, "--seed", 1, "--quiet",
)  # fmt: skip


def run(
    capsys: pytest.CaptureFixture[str], *arguments: object, command: str = "translate"
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `leftfold translate ARGUMENTS`."""
    with pytest.raises(SystemExit) as exit_:
        main([command, *map(str, arguments)])
    captured = capsys.readouterr()
    assert isinstance(exit_.value.code, int)
    return exit_.value.code, captured.out, captured.err


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pairs")
    rows = list(itertools.product(WORDS, repeat=3)) * 2
    source, target = folder / "train.de", folder / "train.en"
    source.write_text("".join(f"{' '.join(row)}\n" for row in rows), "utf-8")
    target.write_text("".join(f"{' '.join(WORDS[w] for w in row)}\n" for row in rows), "utf-8")
    return source, target


@pytest.fixture(scope="module")
def trained(files: tuple[Path, Path]) -> Path:
    model = files[0].parent / "m.leftfold"
    with pytest.raises(SystemExit) as exit_:
        main(["translate", "train", *map(str, files), "-o", str(model), *map(str, SMALL)])
    assert exit_.value.code == 0
    return model


def test_help_shows_what_pairs_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 0 and all(name in out for name in ("train", "predict", "evaluate"))
    _, out, _ = run(capsys, "train", "--help")
    assert all(f"leftfold translate train {name}" in out for name in ("train.de", "chat", "typos"))
    assert "dates.csv" in out and "names.tsv" in out
    for command in ("predict", "evaluate"):
        _, out, _ = run(capsys, command, "--help")
        assert f"leftfold translate {command} " in out


def test_train_announces_judges_saves_and_reports(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    code, out, err = run(
        capsys, "train", *files, "-o", tmp_path / "m.leftfold", "--report", report,
        "--format", "jsonl", *SMALL,
    )  # fmt: skip
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["model"].split()[0] for row in rows] == ["network", "copy", "word-for-word"]
    assert rows[0]["exact match"] > rows[1]["exact match"]
    assert "source language: de, by its name" in err and "pairs: 432" in err
    page = report.read_text("utf-8")
    assert "leftfold" in page and "sha256" in page and "Translation report" in page
    assert Translator.load(tmp_path / "m.leftfold").source_language == "de"


def test_predict_reads_lines_and_writes_as_many(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, "Hund rot eins\n\neins Katze\n")
    code, out, err = run(capsys, "predict", trained)
    assert code == 0 and len(out.splitlines()) == 3
    assert out.splitlines()[0] == "dog red one" and out.splitlines()[1] == ""
    assert "1 of 3 lines are empty" in err
    assert "1 of 5 words are not in the vocabulary, first 'Katze' in line 3" in err


def test_predict_draws_as_told(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.de"
    path.write_text("Hund rot eins\n" * 3, "utf-8")
    likeliest = run(capsys, "predict", trained, path, "--beams", 1)[1]
    first = "--temperature", 5, "--top-k", 1
    assert run(capsys, "predict", trained, path, *first)[1] == likeliest
    drawn = "--temperature", 5, "--top-p", 0.99, "--seed", 1
    wild = run(capsys, "predict", trained, path, *drawn)[1]
    assert wild != likeliest and wild == run(capsys, "predict", trained, path, *drawn)[1]


@pytest.mark.parametrize("option", [("--top-k", 3), ("--top-p", 0.5), ("--seed", 1)])
def test_what_only_draws_heed_is_refused_without(
    option: tuple[str, float], trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.de"
    path.write_text("Hund rot eins\n", "utf-8")
    code, _, err = run(capsys, "predict", trained, path, *option)
    assert code == 2 and f"{option[0]} expected a --temperature above 0" in err


def test_long_lines_are_named_or_cut_as_asked(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "long.de"
    path.write_text("Hund rot eins\n" + "Hund " * 101 + "\n", "utf-8")
    code, out, err = run(capsys, "predict", trained, path)
    assert (code, out) == (2, "")
    assert f"{path}, line 2: 101 words, more than the 100" in err and "--too-long" in err
    code, out, _ = run(capsys, "predict", trained, path, "--too-long", "truncate")
    assert code == 0 and out.splitlines()[0] == "dog red one" and len(out.splitlines()) == 2
    code, _, err = run(capsys, "evaluate", trained, path, path, "--format", "csv")
    assert code == 0 and "too long: 1 of 2 test sources" in err
    code, _, err = run(capsys, "evaluate", trained, path, path, "--too-long", "keep")
    assert code == 0 and "too long" not in err


def test_predict_writes_tables(
    trained: Path, files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, _ = run(capsys, "predict", trained, files[0], "-o", tmp_path / "x.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text("utf-8").splitlines()]
    assert code == 0 and len(rows) == 432
    assert set(rows[0]) == {"source", "translation", "log_probability"}
    (tmp_path / "in.csv").write_text("id,source\n1,Hund rot eins\n", "utf-8")
    code, out, _ = run(capsys, "predict", trained, tmp_path / "in.csv", "--format", "csv")
    assert code == 0 and out.startswith("source,translation,log_probability\nHund rot eins,dog red")


def test_evaluate_judges_beside_references(
    trained: Path, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(
        capsys, "evaluate", trained, *files, "--train", files[0], "--train", files[1],
        "--format", "csv", "--beams", 1,
    )  # fmt: skip
    assert code == 0 and len(out.splitlines()) == 4, err
    assert "near duplicates: 432" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "{short}", "{target}"], "has 2 lines and"),
        (["train", "{empty}", "{short}"], "line 2: the sentence is empty"),
        (["train", "{source}", "{target}", "--beams", "0"], "greater than or equal to 1"),
        (["train", "{source}", "{target}", "--source-language", "xx"], "two-letter code"),
        (["train", "{source}", "{target}", "--unit", "sentence"], "unit expected one of"),
        (["train", "{source}", "{target}", "--too-long", "drop"], "too_long expected one of"),
        (["train", "{source}", "{target}", "--test", "{short}"], "expected two"),
        (["train", "{source}", "{target}", "--source", "said"], "--source is about a table"),
        (["train", "{source}", "{target}", "--minutes", "0"], "'--minutes'"),
        (["train", "nowhere.tsv"], "nowhere.tsv does not exist"),
        (["train", "-", "-"], "Standard input can be one of the two"),
        (["predict", "{model}", "{blank}"], "has no sentences"),
        (["predict", "{model}", "{source}", "--no-header"], "--header is about a table"),
        (["predict", "{model}", "{source}", "--too-long", "drop"], "too_long expected one of"),
        (["evaluate", "{model}", "{source}", "{target}", "--target", "x"], "--target is about"),
        (["predict", "{model}", "{source}", "--beams", "0"], "greater than or equal to 1"),
        (["predict", "{model}", "{source}", "--format", "xml"], "--format expected one of"),
        (["predict", "{source}", "{source}"], "train.de"),
        (["predict", "{model}", "{source}", "-o", "/nowhere/x"], "--output names a folder"),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    arguments: list[str],
    message: str,
    trained: Path,
    files: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in (("short", "a b\nc d\n"), ("empty", "a\n\n"), ("blank", "\n\n")):
        (tmp_path / name).write_text(text, "utf-8")
    places = {
        "source": files[0], "target": files[1], "model": trained,
        "short": tmp_path / "short", "empty": tmp_path / "empty", "blank": tmp_path / "blank",
    }  # fmt: skip
    code, _, err = run(capsys, *(one.format(**places) for one in arguments))
    (line,) = [one for one in err.splitlines() if one.startswith("leftfold:")]
    assert code == 2 and message in line and "Traceback" not in err


def test_the_demo_reads_dates_and_ends_with_its_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    type_in(monkeypatch, f"May 1, 2030\n{'May ' * 20}\n")
    code, out, _ = run(capsys, "translate", "--pairs", 60, "--seconds", 2, command="demo")
    assert code == 0 and "  May 1, 2030  ->  " in out and "exact match" in out
    assert out.count("(read to 60 characters)") == 1
    assert (tmp_path / "dates.leftfold").is_file()
    code, out, _ = run(
        capsys, "translate", "1.2.1934", "--pairs", 60, "--seconds", 2, command="demo"
    )
    assert code == 0 and "  1.2.1934  ->  " in out and "July 20" not in out
