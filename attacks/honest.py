"""A sound little model to spoil."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

Spoil = Callable[[Any], None]


@lru_cache(maxsize=1)
def model() -> Any:
    """An LSTM under a dense layer, compiled."""
    from leftfold import Input, Model, layers

    x = Input((4, 2), name="x")
    made = Model(x, layers.Dense(1, name="dense")(layers.LSTM(2, name="lstm")(x)))
    made.compile("adam", "mse")
    return made


@lru_cache(maxsize=1)
def members() -> dict[str, bytes]:
    """The members of its `.keras` file."""
    file = io.BytesIO()
    model().save(file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def config() -> Any:
    """Its `config.json`, to be changed at will."""
    return copy.deepcopy(json.loads(members()[CONFIG]))


def legacy(folder: Path) -> Path:
    """Its `.h5` file."""
    path = folder / "model.h5"
    model().save(path)
    return path


def weights(folder: Path) -> Path:
    """Its `.weights.h5` file."""
    path = folder / "model.weights.h5"
    path.write_bytes(members()[WEIGHTS])
    return path


def archive(folder: Path, contents: Iterable[tuple[Any, bytes]], compression: int = 0) -> Path:
    """A `.keras` file of members, given by name or `ZipInfo`."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in contents:
            file.writestr(name, content)
    return path


def with_member(folder: Path, name: Any, content: bytes) -> Path:
    """The sound file with one member more."""
    return archive(folder, [*members().items(), (name, content)])


def with_config(folder: Path, changed: Any) -> Path:
    """The sound file with another configuration, plain data or text."""
    text = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
    return archive(folder, [*(members() | {CONFIG: text}).items()])


def with_weights(folder: Path, spoil: Spoil) -> Path:
    """The sound file with its HDF5 part changed by a function that gets it open."""
    import h5py

    memory = io.BytesIO(members()[WEIGHTS])
    with h5py.File(memory, "r+") as file:
        spoil(file)
    return archive(folder, [*(members() | {WEIGHTS: memory.getvalue()}).items()])


def with_layers(folder: Path, *layers: dict[str, Any], shape: Any = (None, 4, 2)) -> Path:
    """A `Sequential` of layers given as class and arguments."""
    entries = [{"class_name": "InputLayer", "config": {"batch_shape": list(shape), "name": "x"}}]
    entries += [{"module": "keras.layers", "registered_name": None, **layer} for layer in layers]
    model = {"module": "keras", "class_name": "Sequential", "registered_name": None}
    return with_config(folder, {**model, "config": {"name": "m", "layers": entries}})


def layer(kind: str, **arguments: Any) -> dict[str, Any]:
    """One for `with_layers`."""
    return {"class_name": kind, "config": arguments}
