"""One file for a fitted estimator: model, vocabulary, settings and arrays, without pickle."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leftfold._version import __version__
from leftfold.models import load_model
from leftfold.saving import SavingError
from leftfold.saving.archive import Archive, write_archive

_FORMAT = "leftfold task"
_VERSION = 1
_SETTINGS = "settings.json"
_VOCABULARY = "vocabulary.json"
_MODEL = "model.keras"
_ARRAYS = "arrays/"
_MOST_DIMENSIONS = 8


@dataclass
class TaskFile:
    """What a fitted estimator consists of.

    Attributes:
        task: the estimator's class.
        params: its constructor arguments, as plain data.
        state: what fitting found out, as plain data.
        model: the Leftfold model.
        vocabulary: words, characters or the like, as plain data.
        arrays: numbers by name, such as the means of a scaler.
    """

    task: str
    params: dict[str, Any]
    state: dict[str, Any]
    model: Any
    vocabulary: Any = None
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def write_task_file(path: Path | str, content: TaskFile) -> None:
    """Write an estimator into a file, whole or not at all.

    Raises:
        SavingError: when the file cannot be written, or a setting is no plain data.
    """
    settings = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "leftfold": __version__,
        "task": content.task,
        "params": {name: _plain(value, name) for name, value in content.params.items()},
        "state": {name: _plain(value, name) for name, value in content.state.items()},
    }
    model = io.BytesIO()
    content.model.save(model)
    members = {_SETTINGS: _json(settings), _MODEL: model.getvalue()}
    if content.vocabulary is not None:
        members[_VOCABULARY] = _json(content.vocabulary)
    for name, array in content.arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        members[f"{_ARRAYS}{name}.npy"] = buffer.getvalue()
    write_archive(path, members)


def read_task_file(path: Path | str) -> TaskFile:
    """Read what `write_task_file` wrote. Nothing in the file is run, and sizes are bounded.

    Raises:
        SavingError: for a file that is missing, damaged, hostile or something else.
    """
    with Archive(path, "Leftfold task file") as archive:
        settings = archive.read_json(_SETTINGS)
        _check_settings(settings, archive.name)
        vocabulary = archive.read_json(_VOCABULARY) if _VOCABULARY in archive else None
        arrays = {
            member.removeprefix(_ARRAYS).removesuffix(".npy"): _array(archive, member)
            for member in archive.zip.namelist()
            if member.startswith(_ARRAYS) and member.endswith(".npy")
        }
        content = io.BytesIO(archive.read(_MODEL))
        content.name = f"{_MODEL} of {archive.name}"
        model = load_model(content)
    return TaskFile(
        settings["task"], settings["params"], settings["state"], model, vocabulary, arrays
    )


def _check_settings(settings: Any, name: str) -> None:
    if not isinstance(settings, dict) or settings.get("format") != _FORMAT:
        raise SavingError(f"{name} is not a Leftfold task file: its {_SETTINGS} does not say so.")
    if settings.get("format_version") != _VERSION:
        raise SavingError(
            f"{name} was written by Leftfold {settings.get('leftfold')} in another version of the "
            f"format: expected {_VERSION}, got {settings.get('format_version')!r}."
        )
    kinds = {"task": str, "params": dict, "state": dict}
    for key, kind in kinds.items():
        if not isinstance(settings.get(key), kind):
            raise SavingError(f"{name} is damaged: its {_SETTINGS} has no {key}.")


def _array(archive: Archive, member: str) -> np.ndarray:
    """An `.npy` member whose header agrees with its size."""
    content = io.BytesIO(archive.read(member))
    size = len(content.getvalue())
    try:
        version = np.lib.format.read_magic(content)
        if version != (1, 0):
            raise ValueError(f"its version is {version}")
        shape, _, dtype = np.lib.format.read_array_header_1_0(content)
        if dtype.kind not in "biuf" or len(shape) > _MOST_DIMENSIONS:
            raise ValueError(f"it holds {dtype} of shape {shape}")
        count = 1
        for length in shape:
            count *= length
        if count < 0 or count * dtype.itemsize != size - content.tell():
            raise ValueError("its size is not that of its shape")
        content.seek(0)
        array: np.ndarray = np.load(content, allow_pickle=False)
    except Exception as error:  # NumPy's parser has many
        raise SavingError(f"{archive.name} is damaged: {member}: {error}.") from error
    return array


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")


def _plain(value: Any, name: str) -> Any:
    """NumPy's numbers and small arrays, tuples and paths as plain data.

    Raises:
        SavingError: for anything else.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item, name) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(item, name) for key, item in value.items()}
    raise SavingError(f"{name} cannot be saved: expected plain data, got {type(value).__name__}.")
