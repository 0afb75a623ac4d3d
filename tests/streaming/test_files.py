"""Sessions survive in files, and a hostile file does no harm."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import layers, streaming
from leftfold.streaming import Stepper


def compiled(units: int = 6) -> Stepper:
    leftfold.utils.set_random_seed(1)
    model = leftfold.Sequential([layers.Input((None, 3)), layers.LSTM(units), layers.Dense(2)])
    return streaming.compile(model)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    stepper = compiled()
    sessions = stepper.add(3)
    stepper.step(np.arange(9).reshape(3, 3), sessions)
    stepper.drop(sessions[1])
    stepper.save(tmp_path / "sessions.npz")
    return tmp_path / "sessions.npz"


def test_sessions_go_on_in_another_process(build: str, tmp_path: Path) -> None:
    path = tmp_path / "sessions"
    stepper = compiled()
    sessions = stepper.add(3)
    stepper.step(np.arange(9).reshape(3, 3), sessions)
    stepper.drop(sessions[1])
    stepper.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["sessions"]
    other = compiled()
    other.load(path)
    assert other.sessions == stepper.sessions
    left = sessions[[0, 2]]
    expected = stepper.step(ones(2, 3), left)
    np.testing.assert_array_equal(other.step(ones(2, 3), left), expected)
    assert other.add() == stepper.add() != sessions[1]


def test_numpy_reads_the_file_without_pickle(saved: Path) -> None:
    with np.load(saved, allow_pickle=False) as arrays:
        assert arrays["states"].shape == (4, 12)


def replaced(path: Path, **members: Any) -> None:
    """Write the archive anew, with other members."""
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    for name, value in members.items():
        kept.pop(f"{name}.npy", None)
        if value is not None:
            kept[f"{name}.npy"] = value
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array)
    return file.getvalue()


def header(text: str) -> bytes:
    padded = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded


class Payload:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("/tmp/leftfold-was-here"),))


def compressed(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in kept.items():
            archive.writestr(name, data)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-400] ^= 1
    path.write_bytes(data)


F8 = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }"

ATTACKS: dict[str, Callable[[Path], Any]] = {
    "empty": lambda p: p.write_bytes(b""),
    "no archive": lambda p: p.write_bytes(b"states" * 100),
    "cut off": lambda p: p.write_bytes(p.read_bytes()[:-50]),
    "one bit": flipped,
    "compressed": compressed,
    "a member too many": lambda p: replaced(p, other=npy(ones(3))),
    "a member missing": lambda p: replaced(p, states=None),
    "a path as a member": lambda p: replaced(p, **{"../states": npy(ones(3)), "states": None}),
    "pickle as a member": lambda p: replaced(p, states=pickle.dumps(Payload())),
    "objects": lambda p: replaced(p, states=npy(np.array([Payload()], object))),
    "states of a wrong shape": lambda p: replaced(p, states=npy(ones(4, 11))),
    "states of a wrong type": lambda p: replaced(p, states=npy(np.zeros((4, 12)))),
    "too few states": lambda p: replaced(p, states=npy(ones(3, 12))),
    "huge states": lambda p: replaced(p, states=header(F8 % "(99999999999, 12)")),
    "negative sizes": lambda p: replaced(p, states=header(F8 % "(-1, -12)")),
    "code in the header": lambda p: replaced(p, states=header("__import__('os')._exit(3)")),
    "sessions of other places": lambda p: replaced(p, numbers=npy(np.array([5, 1, 2, 3]))),
    "a session twice": lambda p: replaced(p, numbers=npy(np.array([0, 1, 1, 3]))),
    "impossible sessions": lambda p: replaced(p, numbers=npy(np.array([0, 1, 2, 3 + (1 << 62)]))),
    "the least number": lambda p: replaced(p, numbers=npy(np.array([0, 1, 2, -(1 << 63)]))),
    "no sessions": lambda p: replaced(
        p, numbers=npy(np.zeros(0, np.int64)), states=npy(ones(0, 12))
    ),
    "another layout": lambda p: replaced(p, layout=npy(np.zeros(9, np.uint8))),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_file_is_refused_and_changes_nothing(saved: Path, attack: str) -> None:
    stepper = compiled()
    stepper.step(ones(3))
    before = list(stepper.get_state().values())
    ATTACKS[attack](saved)
    with pytest.raises(ValueError, match="load expected"):
        stepper.load(saved)
    assert stepper.sessions == [0]
    np.testing.assert_array_equal(list(stepper.get_state().values()), before)
    assert not Path("/tmp/leftfold-was-here").exists()


def test_a_file_of_another_model_is_refused(saved: Path) -> None:
    with pytest.raises(ValueError, match=r'\["h", 7\].*got .*\["h", 6\]'):
        compiled(7).load(saved)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        compiled().load(tmp_path / "none")


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="full"):
        compiled().save(saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]
