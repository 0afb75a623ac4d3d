"""`leftfold tag`: from a file to a judged model and back, and every kind of bad input."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from leftfold.cli import main
from leftfold.tasks import SequenceTagger
from tests.tasks.tagging.test_tagger import sentences, series

SMALL = ("--units", 8, "--epochs", 15, "--cell", "gru", "--quiet")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `leftfold tag ARGUMENTS`."""
    with pytest.raises(SystemExit) as exit_:
        main(["tag", *map(str, arguments)])
    captured = capsys.readouterr()
    assert isinstance(exit_.value.code, int)
    return exit_.value.code, captured.out, captured.err


def write_columns(path: Path, seed: int = 0, count: int = 60) -> Path:
    rows, labels = sentences(seed, count)
    blocks = [
        "\n".join(f"{token}\tX\t{label}" for token, label in zip(row, one, strict=True))
        for row, one in zip(rows, labels, strict=True)
    ]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return path


def write_series(path: Path) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "hour", "level", "direction"])
        for number, (row, labels) in enumerate(zip(*series(), strict=True)):
            for hour, (value, label) in enumerate(zip(row[:, 0], labels, strict=True)):
                writer.writerow([f"s{number}", hour, value, label])
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tagged")
    data = write_columns(folder / "train.conll")
    with pytest.raises(SystemExit) as exit_:
        main(["tag", "train", str(data), "-o", str(folder / "m.leftfold"), *map(str, SMALL)])
    assert exit_.value.code == 0
    return folder / "m.leftfold"


def test_help_shows_the_commands_and_examples(capsys):
    code, out, _ = run(capsys)
    assert code == 0 and all(name in out for name in ("train", "predict", "evaluate"))
    for command in ("train", "predict", "evaluate"):
        code, out, _ = run(capsys, command, "--help")
        assert code == 0 and f"leftfold tag {command} " in out and "Examples:" in out


def test_train_announces_judges_saves_and_reports(tmp_path, capsys):
    data, other = write_columns(tmp_path / "a.conll"), write_columns(tmp_path / "b.conll", 1, 20)
    model, report = tmp_path / "m.leftfold", tmp_path / "r.html"
    code, out, err = run(
        capsys, "train", data, "--test", other, "-o", model, "--report", report, *SMALL
    )
    assert code == 0
    assert "tokens: column 1 of 3" in err and "labels: column 3 (another: --label NUMBER)" in err
    assert "60 sequences, labels: 'O'" in err and "leakage" in err
    assert "span F1" in out and "most frequent label of each word" in out and "PER" in out
    assert f"saved: {model}, report: {report}" in err
    page = report.read_text(encoding="utf-8")
    assert "sha256" in page and "://" not in page.replace("http://www.w3.org/", "")
    assert SequenceTagger.load(model).scheme_ == "IOB2"


def test_predict_labels_tokens_from_a_file_and_from_stdin(trained, tmp_path, capsys, monkeypatch):
    data = tmp_path / "new.conll"
    data.write_text("Ann\nwent\nto\nDenton\n\nBob\nwent\n", encoding="utf-8")
    out = tmp_path / "found.csv"
    assert run(capsys, "predict", trained, data, "-o", out)[0] == 0
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert [row["token"] for row in rows] == ["Ann", "went", "to", "Denton", "Bob", "went"]
    assert [row["sentence"] for row in rows] == ["1"] * 4 + ["2"] * 2
    assert rows[3]["label"] == "B-LOC" and 0 < float(rows[3]["probability"]) <= 1
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.read_bytes())))
    code, printed, _ = run(
        capsys, "predict", trained, "-", "--input-format", "conll", "--format", "jsonl"
    )
    assert code == 0
    assert [json.loads(line)["label"] for line in printed.splitlines()] == [
        row["label"] for row in rows
    ]


def test_evaluate_judges_by_other_data(trained, tmp_path, capsys):
    data = write_columns(tmp_path / "test.conll", 7, 20)
    code, out, _ = run(capsys, "evaluate", trained, data, "--format", "csv")
    figures = {row["figure"]: float(row["value"]) for row in csv.DictReader(io.StringIO(out))}
    assert code == 0 and set(figures) == {"span F1", "accuracy", "macro F1"}
    tagger, (rows, labels) = SequenceTagger.load(trained), sentences(7, 20)
    assert figures["accuracy"] == pytest.approx(tagger.score(rows, labels))


def test_evaluate_says_when_the_labels_are_others(trained, tmp_path, capsys):
    data = write_columns(tmp_path / "test.conll", 7, 20)
    code, _, err = run(capsys, "evaluate", trained, data, "--label", 2, "--format", "csv")
    assert code == 0 and "new labels: 'X' of the test part are not in the training part" in err


def test_series_are_tagged_from_a_table(tmp_path, capsys):
    data, model = write_series(tmp_path / "s.csv"), tmp_path / "m.leftfold"
    options = ("--label", "direction", "--time", "hour", "-o", model)
    code, out, err = run(capsys, "train", data, *options, *SMALL)
    assert code == 0 and "features: 'level'" in err and "time: column 'hour'" in err
    assert "accuracy" in out and "span F1" not in out
    code, out, _ = run(capsys, "predict", model, data, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and rows[0]["id"] == "s0" and {row["label"] for row in rows} == {"up", "down"}


def test_ctrl_c_keeps_the_best_so_far(tmp_path, capsys, monkeypatch):
    calls = []

    def stop(self, epoch, logs=None):
        calls.append(epoch)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("leftfold.tasks.training.KeepBest.on_epoch_begin", stop, raising=False)
    data, model = write_columns(tmp_path / "a.conll"), tmp_path / "m.leftfold"
    code, _, err = run(capsys, "train", data, "-o", model, *SMALL)
    assert code == 130 and "The best model so far is saved" in err
    assert len(SequenceTagger.load(model).predict([["Ann", "went"]])[0]) == 2


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a O\nb\n", (), "line 2: expected 2 columns as before, got 1"),
        ("a O\nb O\n", (), "y expected at least two labels, got only 'O'"),
        ("", (), "has no tokens"),
        ("a O\nb P\n", (), "too few to set a test part of 20% aside"),
        ("a O\nb P\n", ("--label", "9"), "expected a column from 1 to 2, got '9'"),
        ("a O\nb P\n", ("--cell", "cnn"), "cell expected one of simple_rnn, gru, lstm"),
        ("a O\nb P\n", ("--format", "xml"), "--format expected one of"),
        ("a O\nb P\n", ("--input-format", "csv"), "no column tells sequences apart"),
        ("a O\nb P\n", ("--test", "missing.conll"), "missing.conll"),
        ("a O\nb P\n", ("--id", "sentence"), "--id is about a table"),
        ("a O\nb P\n", ("--time-limit", "0"), "time_limit expected seconds above 0"),
        ("a O\nb P\n", ("-o", "/nowhere/m.leftfold"), "--output names a folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys, content, options, message):
    data = tmp_path / "data.conll"
    data.write_text(content, encoding="utf-8")
    output = () if "-o" in options else ("-o", tmp_path / "m.leftfold")
    code, out, err = run(capsys, "train", data, *output, "--quiet", *options)
    assert code == 2 and out == "" and message in err
    assert err.strip().splitlines()[-1].startswith("leftfold: ")
    assert not (tmp_path / "m.leftfold").exists()


def test_a_model_of_tokens_refuses_numbers(trained, tmp_path, capsys):
    data = tmp_path / "s.csv"
    data.write_text("id,x\n1,2\n1,3\n", encoding="utf-8")
    code, _, err = run(capsys, "predict", trained, data)
    assert code == 2 and "expected a sentence as a list of tokens" in err


def test_numbers_and_labels_of_numpy_are_texts_in_the_file():
    tagger = SequenceTagger("gru", units=2, epochs=1)
    tagger.fit([np.zeros((4, 1)), np.ones((3, 1))] * 4, [np.array([0, 1, 0, 1]), [1, 0, 1]] * 4)
    assert tagger.classes_.tolist() == ["0", "1"]
