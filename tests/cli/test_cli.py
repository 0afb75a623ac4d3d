"""The command line: help at once, one line for what the user can mend, exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import leftfold
from leftfold.cli import main

TREE = {
    "train/pos/0_9.txt": "good film",
    "train/neg/0_1.txt": "bad film",
    "test/pos/0_9.txt": "good",
    "test/neg/0_1.txt": "bad",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEFTFOLD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        (tmp_path / "aclImdb" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "aclImdb" / name).write_text(text)
    return tmp_path / "aclImdb"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `leftfold ARGUMENTS`."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    captured = capsys.readouterr()
    code = exit_.value.code
    assert isinstance(code, int)
    return code, captured.out, captured.err


def test_alone_it_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 0
    assert "demo" in out and "data" in out and "info" in out
    assert run(capsys, "-h")[1] == run(capsys, "--help")[1] == out


@pytest.mark.parametrize("command", ["demo", "data", "data add"])
def test_help_of_a_command_shows_its_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, *command.split(), "--help")
    assert code == 0
    assert f"Usage: leftfold {command}" in out


def test_help_shows_examples_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\n    leftfold demo --time-limit 20" in run(capsys, "demo", "--help")[1]
    assert "\n    leftfold data add imdb aclImdb_v1.tar.gz" in run(capsys, "data", "add", "-h")[1]


def test_version_and_info(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert run(capsys, "--version") == (0, f"{leftfold.__version__}\n", "")
    code, out, _ = run(capsys, "info")
    assert code == 0
    assert f"leftfold:  {leftfold.__version__}\n" in out
    assert f"data:      {home / 'datasets'}\n" in out
    assert "kernels:" in out and "threads:" in out


def test_the_module_is_the_command_and_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, runpy; sys.argv = ['leftfold', '--help']\n"
        "try: runpy.run_module('leftfold', run_name='__main__')\n"
        "except SystemExit: print([m for m in ('numpy', 'rich', 'sklearn') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.startswith("Usage: leftfold "), result.stderr
    assert result.stdout.endswith("[]\n")


def test_data_is_added_listed_and_kept(
    capsys: pytest.CaptureFixture[str], archive: Path, home: Path
) -> None:
    assert run(capsys, "data", "path") == (0, f"{home / 'datasets'}\n", "")
    assert "leftfold data add imdb PATH" in run(capsys, "data", "list")[1]
    code, out, _ = run(capsys, "data", "add", "imdb", str(archive))
    assert (code, out.split()) == (
        0,
        [str(home / "datasets" / name) for name in ("imdb.npz", "imdb_word_index.json")],
    )
    assert str(home / "datasets" / "imdb.npz") in run(capsys, "data", "list")[1]
    code, _, err = run(capsys, "data", "add", "imdb", str(archive))
    assert code == 2
    assert "is there already; --force builds it again" in err
    assert run(capsys, "data", "add", "imdb", str(archive), "--force")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("dmeo", "No such command 'dmeo'"),
        ("info --frobnicate", "--frobnicate"),
        ("data add imdb", "Missing argument"),
        ("data add imbd x", "no data set 'imbd' to add. Did you mean imdb?"),
        ("data add xyz x", "Known: imdb."),
        ("data add imdb nowhere", "There is no file or folder nowhere."),
        ("demo --epochs none", "--epochs"),
        ("demo --epochs 0", "--epochs"),
        ("demo --save model.h5", "--save expected a file that ends in .leftfold, got model.h5"),
        ("demo --save nowhere/model.leftfold", "cannot be written"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *arguments.split())
    assert code == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("leftfold: ")


def test_a_broken_archive_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"\x1f\x8bbroken")
    code, _, err = run(capsys, "data", "add", "imdb", str(tmp_path / "a.tar.gz"))
    assert (code, err.count("\n")) == (2, 1)


def test_faults_of_leftfold_itself_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("leftfold.cli.info.report", fail)
    with pytest.raises(ZeroDivisionError):
        main(["info"])


def test_ctrl_c_is_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("leftfold.cli.info.report", interrupt)
    assert run(capsys, "info")[0] == 130


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_tab_completes_commands(shell: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "leftfold"],
        env={
            "PATH": "/usr/bin",
            "PYTHONPATH": str(Path(leftfold.__file__).parents[1]),
            "_LEFTFOLD_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": "leftfold de",
            "COMP_CWORD": "1",
            "_TYPER_COMPLETE_ARGS": "leftfold de",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        },
        capture_output=True,
        text=True,
    )
    assert "demo" in result.stdout
