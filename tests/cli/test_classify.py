"""`leftfold classify`: from a file to a judged model and back, and every kind of bad input."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from leftfold.cli import main
from leftfold.tasks import SequenceClassifier


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `leftfold classify ARGUMENTS`."""
    with pytest.raises(SystemExit) as exit_:
        main(["classify", *map(str, arguments)])
    captured = capsys.readouterr()
    assert isinstance(exit_.value.code, int)
    return exit_.value.code, captured.out, captured.err


def write_reviews(path: Path, rows: int = 120, seed: int = 0) -> Path:
    generator = np.random.default_rng(seed)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "sentiment"])
        for row in range(rows):
            word = ("good", "fine")[row // 2 % 2] if row % 2 else ("bad", "poor")[row // 2 % 2]
            filler = " ".join(generator.choice(["the", "film", "plot", "scene"], 4))
            writer.writerow([f"{filler} is {word}, really", "pos" if row % 2 else "neg"])
    return path


SMALL = ("--units", 4, "--epochs", 12, "--quiet")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    data = write_reviews(folder / "reviews.csv")
    with pytest.raises(SystemExit) as exit_:
        main(["classify", "train", str(data), "-o", str(folder / "m.leftfold"), *map(str, SMALL)])
    assert exit_.value.code == 0
    return folder / "m.leftfold"


def test_help_shows_the_commands_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 0 and all(name in out for name in ("train", "predict", "evaluate", "explain"))
    for command in ("train", "predict", "evaluate", "explain"):
        code, out, _ = run(capsys, command, "--help")
        assert code == 0 and f"leftfold classify {command} " in out and "Examples:" in out


def test_train_announces_guesses_judges_saves_and_reports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_reviews(tmp_path / "reviews.csv")
    model, report = tmp_path / "m.leftfold", tmp_path / "r.html"
    code, out, err = run(capsys, "train", data, "-o", model, "--report", report, *SMALL)
    assert code == 0
    assert "text: column 'review', by its name (another: --text NAME)" in err
    assert "label: column 'sentiment', by its name (another: --label NAME)" in err
    assert "length: cut at" in err and "warning: tiny data: 96 rows" in err
    assert "network (bidirectional)" in out and "TF-IDF, logistic regression" in out
    assert f"saved: {model}, report: {report}" in err
    assert SequenceClassifier.load(model).predict(["is good"]).tolist() == ["pos"]
    html = report.read_text(encoding="utf-8")
    for part in ("test accuracy", "Confusion matrix", "calibration error", "sha256", "Most wrong"):
        assert part in html
    assert "://" not in html.replace("http://www.w3.org/", "")


def test_the_report_shows_choice_and_sequences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["who,hour,pulse,state"]
    for who in range(60):
        for hour in range(5 + who % 3):
            lines.append(
                f"{who},{hour},{80 + (hour * 5 if who % 2 else -hour * 5)},{'ab'[who % 2]}"
            )
    data = tmp_path / "steps.csv"
    data.write_text("\n".join(lines), encoding="utf-8")
    model, report = tmp_path / "m.leftfold", tmp_path / "r.html"
    code, out, err = run(
        capsys, "train", data, "--id", "who", "--time", "hour", "--label", "state", "--cell",
        "auto", "-o", model, "--report", report, "--units", 4, "--epochs", 2, "--quiet",
    )  # fmt: skip
    assert code == 0 and "Networks tried" in out and "features: 'pulse'" in err
    html = report.read_text(encoding="utf-8")
    assert "Choice of the network" in html and "summary statistics" in html
    data.write_text("\n".join(f"{line},{len(line)}" for line in lines), encoding="utf-8")
    code, out, err = run(capsys, "predict", model, data, "--format", "jsonl")
    assert code == 0 and len(out.splitlines()) == 60
    assert "sequences: one for each 'who'" in err and "features: 'pulse'" in err
    assert set(json.loads(out.splitlines()[0])) == {"who", "class", "p(a)", "p(b)"}


def test_predict_reads_stdin_and_writes_every_format(
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = io.BytesIO(b"the plot is good\nthe plot is bad\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))
    code, out, _ = run(capsys, "predict", trained, "-", "--input-format", "txt", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and [row["class"] for row in rows] == ["pos", "neg"]
    assert float(rows[0]["p(pos)"]) + float(rows[0]["p(neg)"]) == pytest.approx(1, abs=1e-5)
    data = write_reviews(tmp_path / "new.csv", 6)
    code, out, _ = run(capsys, "predict", trained, data, "-o", tmp_path / "x.jsonl")
    assert code == 0 and out == ""
    lines = (tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["class"] for line in lines] == ["neg", "pos"] * 3
    code, out, _ = run(capsys, "predict", trained, data)
    assert code == 0 and "p(pos)" in out


def test_evaluate_tells_figures_and_confusion(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_reviews(tmp_path / "new.csv", 40, seed=3)
    code, out, _ = run(capsys, "evaluate", trained, data)
    assert code == 0 and "macro F1" in out and "true \\ predicted" in out
    code, out, _ = run(capsys, "evaluate", trained, data, "--format", "jsonl")
    figures = {row["figure"]: row["value"] for row in map(json.loads, out.splitlines())}
    assert figures["accuracy"] > 0.95 and figures["most frequent class, accuracy"] == 0.5


def test_explain_tells_words(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain", trained, "the plot is good", "--class", "pos")
    assert code == 0 and "pos " in out and "the plot is good" in out
    code, out, _ = run(capsys, "explain", trained, "the plot is good", "--format", "csv")
    words = {row["word"]: float(row["contribution"]) for row in csv.DictReader(io.StringIO(out))}
    assert max(words, key=lambda word: abs(words[word])) == "good"
    code, _, err = run(capsys, "explain", trained, "good", "--class", "maybe")
    assert code == 2 and "'maybe' is none of the classes" in err


def test_an_interrupt_saves_the_best_and_ends_with_130(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from leftfold.tasks import training

    class Interrupts(training.KeepBest):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            super().on_epoch_end(epoch, logs)
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "KeepBest", Interrupts)
    data, model = write_reviews(tmp_path / "reviews.csv"), tmp_path / "m.leftfold"
    code, _, err = run(capsys, "train", data, "-o", model, *SMALL)
    assert code == 130 and f"The best model so far is saved as {model}" in err
    assert SequenceClassifier.load(model).predict(["good"]).shape == (1,)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", (), r"x.csv is empty"),
        (b"review,sentiment\ngood,a\nbad,b\n", ("--text", "txt"), "has no column 'txt'; it has"),
        (b"review,sentiment\ngood,a\nbad,b\n", ("--label", "lbl"), "has no column 'lbl'; it has"),
        (b"review,sentiment\ngood,a\n ,b\n", (), "line 3, column 'review': the text is empty"),
        (b"review,sentiment\ngood,a\nbad,\n", (), "column 'sentiment': the label is missing"),
        (b"review,sentiment\ngood,a\nbad,a\n", (), "at least two classes, got only 'a'"),
        (b"review,sentiment\nna\xefve,a\nbad,b\n", (), "x.csv, line 2: not valid utf-8"),
        (b"review,sentiment\ngood,a\nbad\n", (), "x.csv, line 3: expected 2 fields"),
        (b"review,sentiment\ngood,a\nbad,b\n", (), "2 rows are too few to set a test part"),
        (b"review,sentiment\ngood,a\nbad,b\n", ("--cell", "gpt"), "cell expected one of"),
        (b"review,sentiment\ngood,a\nbad,b\n", ("--report", "no/r.html"), "--report names"),
        (b"review,sentiment\ngood,a\nbad,b\n", ("--vectors", "no.txt"), "no.txt is no file"),
        (b"id,t,v,label\n1,1,2,a\n1,1,3,a\n", ("--id", "id"), "'t': '1' has this time twice"),
        (b"id,t,v,label\n1,1,2,a\n1,2,3,b\n", ("--id", "id"), "'1' has the label 'b'"),
        (b"id,t,label\n1,1,a\n1,2,a\n", ("--id", "id"), "has no column of numbers besides 'id'"),
        (b"id,t,v,label\n1,x,2,a\n1,2,3,a\n", ("--id", "id"), "'t': expected a time"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_with_its_place_and_writes_nothing(
    content: bytes,
    options: tuple[str, ...],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.csv").write_bytes(content)
    if b"good,a\nbad,b" in content and "too few" not in message:
        rows = b"".join(b"good %d,a\nbad %d,b\n" % (n, n) for n in range(10))
        Path("x.csv").write_bytes(b"review,sentiment\n" + rows)
    code, out, err = run(capsys, "train", "x.csv", *options, *SMALL)
    assert code == 2 and out == ""
    assert message in err.splitlines()[-1] and err.splitlines()[-1].startswith("leftfold: ")
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_damaged_model_and_a_missing_file_are_named(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.leftfold"
    broken.write_bytes(trained.read_bytes()[:-100])
    for model in (broken, tmp_path / "missing.leftfold"):
        code, _, err = run(capsys, "predict", model, write_reviews(tmp_path / "x.csv", 4))
        assert code == 2 and str(model) in err and len(err.splitlines()) == 1
    code, _, err = run(capsys, "predict", trained, tmp_path / "missing.csv")
    assert code == 2 and "missing.csv does not exist" in err


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import os

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    data = write_reviews(tmp_path / "x.csv", 40)
    monkeypatch.setattr(os, "fsync", full)
    code, _, err = run(capsys, "train", data, "-o", tmp_path / "m.leftfold", *SMALL)
    assert code == 2 and "No space left on device" in err.splitlines()[-1]
    code, _, err = run(capsys, "predict", trained, data, "-o", tmp_path / "out.csv")
    assert code == 2 and "No space left on device" in err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_suspects_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_reviews(tmp_path / "x.csv", 60)
    lines = data.read_text(encoding="utf-8").splitlines()
    copied = [f"{line},{'1' if line.endswith('pos') else '0'}" for line in lines[1:]]
    data.write_text("\n".join([lines[0] + ",code", *copied]), encoding="utf-8")
    (tmp_path / "test.csv").write_text("\n".join([lines[0] + ",code", *copied[:10]]))
    code, _, err = run(
        capsys, "train", data, "--test", tmp_path / "test.csv", "-o", tmp_path / "m", *SMALL
    )
    assert code == 0
    assert "leakage suspect: column 'code' equals 'sentiment' up to names (unused)" in err
    assert "leakage: 10 of 10 test rows are in the training part as well" in err


def test_classes_are_announced_and_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in range(60):
        kind = ("pos", "neg", "unsup")[row % 3]
        path = tmp_path / "texts" / kind / f"{row}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{('good', 'bad', 'what')[row % 3]} film {row}", encoding="utf-8")
    data, model = tmp_path / "texts", tmp_path / "m"
    code, _, err = run(capsys, "train", data, "-o", model, "--classes", "pos,neg", *SMALL)
    assert code == 0 and "classes: 'neg' 20, 'pos' 20" in err
    assert SequenceClassifier.load(model).classes_.tolist() == ["neg", "pos"]
    code, _, err = run(capsys, "train", data, "-o", model, "--classes", "pos,none", *SMALL)
    assert code == 2 and "classes expected some of neg, pos, unsup, got 'none'" in err


def test_json_lines_may_hold_sequences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(0)
    lines = []
    for row in range(80):
        values = generator.normal(3 * (row % 2), 1, int(generator.integers(4, 9)))
        lines.append(json.dumps({"values": values.tolist(), "label": row % 2}))
    data, model = tmp_path / "x.jsonl", tmp_path / "m"
    data.write_text("\n".join(lines), encoding="utf-8")
    code, out, _ = run(capsys, "train", data, "-o", model, *SMALL)
    assert code == 0 and "summary statistics" in out
    code, out, _ = run(capsys, "predict", model, data, "--format", "jsonl")
    assert code == 0 and {json.loads(line)["class"] for line in out.splitlines()} == {0, 1}


def test_empty_rows_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_reviews(tmp_path / "x.csv", 40)
    data.write_text(data.read_text(encoding="utf-8") + ",pos\nno label,\n", encoding="utf-8")
    code, _, err = run(capsys, "train", data, "--skip-empty", "-o", tmp_path / "m", *SMALL)
    assert code == 0 and "left out: 2 rows without text or label" in err
