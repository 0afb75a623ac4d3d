"""`leftfold generate` from text to text, and its refusals in one line."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from leftfold.cli import main
from leftfold.tasks import TextGenerator
from leftfold.tasks.text import training
from tests.tasks.test_text_generator import story

SMALL = ["--units", "24", "--epochs", "8", "--window", "40"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(["generate", *arguments])
    captured = capsys.readouterr()
    code = exit_.value.code
    assert isinstance(code, int)
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a text and a network that learnt from its first part."""
    folder = tmp_path_factory.mktemp("generate")
    (folder / "story.txt").write_text(story(1500), encoding="utf-8")
    text = story(1500)
    writer = TextGenerator(units=24, epochs=8, window=40).fit(text)
    writer.save(folder / "writer.leftfold")
    return folder


def test_train_judges_reports_and_saves(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, report = tmp_path / "new.leftfold", tmp_path / "report.html"
    options = ["--model", str(model), "--report", str(report), "--format", "csv", *SMALL]
    code, out, err = run(capsys, "train", str(folder / "story.txt"), *options)
    assert code == 0
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(out))}
    assert list(rows)[:2] == ["frequencies", "pairs"]
    text = story(1500)
    cut = round(len(text) * 0.9)
    judged = TextGenerator.load(model).evaluate(text[cut:], text[:cut])
    assert float(rows["network"]["nats_per_char"]) == pytest.approx(judged.model.nats)
    assert judged.verdict() in err
    assert "characters per second" in err
    assert f"{cut:,} characters to learn from" in err
    page = report.read_text(encoding="utf-8")
    assert (
        "The network" in page
        and "Kneser" in page
        and judged.verdict() in page.replace("&#x27;", "'")
    )
    assert not re.search(r"(src|href)=.?https?:", page)


def test_sample_writes_as_the_network_does(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(folder / "writer.leftfold")
    writer = TextGenerator.load(model)
    code, out, _ = run(capsys, "sample", model, "the cat", "--length", "40", "--seed", "3")
    assert code == 0
    assert out == "the cat" + writer.sample("the cat", 40, 0.8, seed=3) + "\n"
    _, again, _ = run(capsys, "predict", model, "the cat", "--length", "40", "--seed", "3")
    assert again == out


def test_many_samples_come_as_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(folder / "writer.leftfold")
    options = ["--count", "2", "--length", "9", "--format", "jsonl"]
    _, out, _ = run(capsys, "sample", model, "the ", "a ", *options)
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["prompt"] for row in rows] == ["the ", "the ", "a ", "a "]
    assert all(len(row["text"]) == 9 for row in rows)
    _, out, _ = run(capsys, "sample", model, "the cat", "--beams", "3", "--length", "9")
    assert "the cat" + TextGenerator.load(model).sample("the cat", 9, beams=3) in out


def test_evaluate_gives_figures(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unseen = tmp_path / "unseen.txt"
    unseen.write_text(story(200, seed=8), encoding="utf-8")
    model, train = str(folder / "writer.leftfold"), str(folder / "story.txt")
    output = tmp_path / "result.jsonl"
    options = ["--train", train, "--output", str(output)]
    code, _, err = run(capsys, "evaluate", model, str(unseen), *options)
    assert code == 0
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    expected = -TextGenerator.load(model).score(story(200, seed=8))
    assert rows[-1]["nats_per_char"] == pytest.approx(expected)
    assert rows[-1]["bits_per_char"] == pytest.approx(expected / 0.6931472, rel=1e-5)
    assert "network" in err


def test_tables_and_folders_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f'{n},"{story(90, n)}"\n' for n in range(12))
    (tmp_path / "rows.csv").write_text(f"id,review\n{rows}", encoding="utf-8")
    model = ["--model", str(tmp_path / "m.leftfold"), "--units", "8", "--epochs", "1"]
    code, _, err = run(capsys, "train", str(tmp_path / "rows.csv"), *model)
    assert code == 0
    assert "column 'review', by its name (another: --text NAME); 12 rows" in err
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text(story(300), encoding="utf-8")
    (tmp_path / "texts" / "b.txt").write_text(story(300, 1), encoding="utf-8")
    code, _, err = run(capsys, "train", str(tmp_path / "texts"), *model)
    assert code == 0
    assert "2 files" in err


def test_ctrl_c_saves_the_best_so_far(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end = training.Pace.on_epoch_end

    def interrupt(pace: training.Pace, epoch: int, logs: dict[str, float] | None = None) -> None:
        end(pace, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.Pace, "on_epoch_end", interrupt)
    model = tmp_path / "stopped.leftfold"
    code, _, err = run(capsys, "train", str(folder / "story.txt"), "--model", str(model), *SMALL)
    assert code == 130
    assert f"The best so far is saved as {model}" in err
    assert TextGenerator.load(model).training_.ended_by == "interrupt"


def test_what_is_wrong_is_said_in_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    (tmp_path / "short.txt").write_text("too short a text", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(("caf\xe9 " * 99).encode("latin-1"))
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "broken.leftfold").write_bytes(b"PK\x03\x04 but no more")
    model, text = str(folder / "writer.leftfold"), str(folder / "story.txt")
    calls = {
        ("train", str(tmp_path / "none.txt")): "none.txt does not exist",
        ("train", str(tmp_path / "empty.txt")): "holds no text",
        ("train", str(tmp_path / "short.txt")): "at least 100 characters",
        ("train", str(tmp_path / "latin.txt")): "line 1: not valid utf-8",
        ("train", str(tmp_path / "table.csv")): "no column of texts",
        ("train", text, "--unit", "letter"): "unit to be one of",
        ("train", text, "--cell", "Transformer"): "cell to be one of",
        ("train", text, "--minutes", "0"): "time_limit",
        ("train", text, "--model", str(tmp_path / "no" / "x")): "--output names a folder",
        ("train", text, "--format", "xml"): "--format expected one of",
        ("sample", str(tmp_path / "none.leftfold")): "does not exist",
        ("sample", str(tmp_path / "broken.leftfold")): "not a",
        ("sample", text): "not a",
        ("sample", model, "--temperature", "-1"): "temperature",
        ("sample", model, "--top-k", "100000"): "top_k",
        ("sample", model, "--beams", "0"): "beams",
        ("evaluate", model, str(tmp_path / "none.txt")): "none.txt does not exist",
        ("evaluate", model, text, "--report", str(tmp_path / "r.html")): "--report expected",
    }
    before = sorted(tmp_path.iterdir())
    for arguments, message in calls.items():
        code, _, err = run(capsys, *arguments)
        last = err.strip().splitlines()[-1]
        assert (code, message in last) == (2, True), (arguments, err)
        assert last.startswith("leftfold: ")
        assert "Traceback" not in err
    assert sorted(tmp_path.iterdir()) == before


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("train", "sample", "evaluate"):
        code, out, _ = run(capsys, command, "--help")
        assert code == 0
        assert f"leftfold generate {command} " in out
