"""Sessions in files: `.npz` archives of plain arrays, read as if an enemy had written them."""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.streaming.sessions import Sessions

_PLACES = 0xFFFFFFFF
_MEMBERS = {"layout.npy", "numbers.npy", "states.npy"}


def _layout(sessions: Sessions) -> bytes:
    """What must agree for states to mean the same."""
    described = [[state.name.split("/", 1)[-1], state.size] for state in sessions.layout]
    return json.dumps([sessions.states.dtype.name, described]).encode()


def write_sessions(path: str | os.PathLike[str], sessions: Sessions) -> None:
    """Write a table of sessions; the file appears whole or not at all."""
    target = Path(path)
    layout = np.frombuffer(_layout(sessions), np.uint8)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, layout=layout, numbers=sessions.numbers, states=sessions.states)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def read_sessions(
    path: str | os.PathLike[str], sessions: Sessions
) -> tuple[np.ndarray, np.ndarray]:
    """The numbers and states in a file, for a stepper with the layout of `sessions`.

    Raises:
        ValueError: for anything but what `write_sessions` writes for this layout.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {entry.filename: entry for entry in archive.infolist()}
            if set(members) != _MEMBERS or len(archive.infolist()) != len(_MEMBERS):
                raise _damaged(path, f"it holds {', '.join(sorted(members)) or 'nothing'}")
            # Stored as they are, no member can be larger than the file.
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in members.values()):
                raise _damaged(path, "its arrays are compressed")
            arrays = {name: _array(archive, members[name]) for name in _MEMBERS}
    except (
        zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
    ) as error:
        raise _damaged(path, str(error)) from error
    numbers, states = arrays["numbers.npy"], arrays["states.npy"]
    layout = arrays["layout.npy"]
    if layout.dtype != np.uint8 or layout.tobytes() != _layout(sessions):
        raise ValueError(
            f"load expected {os.fspath(path)!r} to hold the states {_layout(sessions).decode()}, "
            f"got {layout.tobytes()[:200]!r}."
        )
    _check_table(path, numbers, states, sessions)
    return numbers, states


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """An array of the archive; nothing is allocated that its bytes do not fill."""
    data = archive.read(entry)
    file = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("its version is not 1.0")
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
        if (
            by_columns
            or dtype.hasobject
            or math.prod(shape) * dtype.itemsize != len(data) - file.tell()
        ):
            raise ValueError("its header does not describe it")
        return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape).copy()
    except (ValueError, TypeError, SyntaxError) as error:
        raise _damaged(entry.filename, str(error)) from error


def _check_table(path: Any, numbers: np.ndarray, states: np.ndarray, sessions: Sessions) -> None:
    width = sessions.states.shape[1]
    if numbers.dtype != np.int64 or numbers.ndim != 1 or not len(numbers):
        raise _damaged(path, "its sessions have no numbers")
    if states.dtype != sessions.states.dtype or states.shape != (len(numbers), width):
        raise _damaged(path, f"its states have shape {states.shape} and dtype {states.dtype}")
    if (np.abs(numbers) >= 1 << 62).any():
        raise _damaged(path, "its sessions have no possible numbers")
    places = np.where(numbers < 0, ~numbers, numbers) & _PLACES
    if not np.array_equal(places, np.arange(len(numbers))):
        raise _damaged(path, "its sessions are not in their places")


def _damaged(path: Any, reason: str) -> ValueError:
    return ValueError(
        f"load expected {os.fspath(path)!r} to be a file that Stepper.save wrote: {reason}."
    )
