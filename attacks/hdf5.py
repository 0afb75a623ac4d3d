"""HDF5: links and arrays that lead elsewhere, shapes without data, circles, wrong types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from attacks import attack, honest

DENSE = "layers/dense/vars"


def _replace(file: Any, value: Any, **options: Any) -> None:
    """Another array in the place of the kernel of the last layer."""
    del file[f"{DENSE}/0"]
    file[DENSE].create_dataset("0", data=value, **options)


@attack
def soft_link(folder: Path) -> Path:
    """A name that stands for another."""

    def spoil(file: Any) -> None:
        del file[f"{DENSE}/0"]
        file[f"{DENSE}/0"] = h5py.SoftLink("/layers/lstm/cell/vars/0")

    return honest.with_weights(folder, spoil)


@attack
def external_link(folder: Path) -> Path:
    """A name that stands for something in another file."""

    def spoil(file: Any) -> None:
        del file["layers/dense"]
        file["layers/dense"] = h5py.ExternalLink("/etc/passwd", "/")

    return honest.with_weights(folder, spoil)


@attack
def external_storage(folder: Path) -> Path:
    """An array whose numbers lie in a file of the victim's."""

    def spoil(file: Any) -> None:
        del file[f"{DENSE}/0"]
        elsewhere = [("/etc/passwd", 0, 8)]
        file[DENSE].create_dataset("0", (2, 1), "f4", external=elsewhere)

    return honest.with_weights(folder, spoil)


@attack
def virtual_array(folder: Path) -> Path:
    """An array put together from another file."""

    def spoil(file: Any) -> None:
        del file[f"{DENSE}/0"]
        layout = h5py.VirtualLayout((2, 1), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", (2, 1))
        file[DENSE].create_virtual_dataset("0", layout)

    return honest.with_weights(folder, spoil)


@attack
def shape_without_data(folder: Path) -> Path:
    """Four terabytes in a few bytes."""

    def spoil(file: Any) -> None:
        del file[f"{DENSE}/0"]
        file[DENSE].create_dataset("0", (1 << 20, 1 << 20), "f4", chunks=(1024, 1024))

    return honest.with_weights(folder, spoil)


@attack
def compressed_array(folder: Path) -> Path:
    """A gigabyte of zeros, compressed."""

    def spoil(file: Any) -> None:
        del file[f"{DENSE}/0"]
        made = file[DENSE].create_dataset(
            "0", (1 << 28,), "f4", chunks=(1 << 20,), compression="gzip"
        )
        made[: 1 << 20] = 1.0

    return honest.with_weights(folder, spoil)


@attack
def array_of_strings(folder: Path) -> Path:
    """Objects where numbers are expected."""
    text = h5py.string_dtype()
    return honest.with_weights(folder, lambda file: _replace(file, [["a"], ["b"]], dtype=text))


@attack
def array_of_references(folder: Path) -> Path:
    """Pointers into the file."""

    def spoil(file: Any) -> None:
        kind = h5py.special_dtype(ref=h5py.Reference)
        _replace(file, np.asarray([[file.ref], [file.ref]], dtype=kind))

    return honest.with_weights(folder, spoil)


@attack
def array_of_records(folder: Path) -> Path:
    """A type made of types."""
    record = np.zeros((2, 1), [("a", "f4"), ("b", "i8")])
    return honest.with_weights(folder, lambda file: _replace(file, record))


@attack
def array_of_another_shape(folder: Path) -> Path:
    """Weights of another model."""
    return honest.with_weights(folder, lambda file: _replace(file, np.ones((3, 1), "f4")))


@attack
def one_array_too_few(folder: Path) -> Path:
    """A layer without its bias."""
    return honest.with_weights(folder, lambda file: file.__delitem__(f"{DENSE}/1"))


@attack
def group_in_a_circle(folder: Path) -> Path:
    """A group that is inside itself, without any link that could be told apart."""
    path = honest.weights(folder)
    with h5py.File(path, "r+") as file:
        del file["layers/dense/vars"]
        file["layers/dense/again"] = file["layers"]
    return path


@attack
def group_in_the_place_of_an_array(folder: Path) -> Path:
    """A folder where numbers are expected."""

    def spoil(file: Any) -> None:
        del file[f"{DENSE}/0"]
        file.create_group(f"{DENSE}/0")

    return honest.with_weights(folder, spoil)


@attack
def truncated_hdf5(folder: Path) -> Path:
    """The first half of a file of weights."""
    path = honest.weights(folder)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@attack
def legacy_file_with_a_million_names(folder: Path) -> Path:
    """A list of layers as long as an attribute can be."""
    path = folder / "model.h5"
    with (
        h5py.File(honest.legacy(folder), "r") as sound,
        h5py.File(path.with_name("a.h5"), "w", libver="latest") as file,
    ):
        file.attrs.update(sound.attrs)
        file.create_group("model_weights").attrs["layer_names"] = np.full(1_000_000, b"x" * 8)
    return path.with_name("a.h5")


@attack
def legacy_file_with_a_soft_link(folder: Path) -> Path:
    """The weights of a layer behind a link."""
    path = honest.legacy(folder)
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense"]
        file["model_weights/dense"] = h5py.SoftLink("/model_weights/lstm")
    return path


@attack
def legacy_file_that_lists_what_it_lacks(folder: Path) -> Path:
    """A layer by name alone."""
    path = honest.legacy(folder)
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense"]
    return path


@attack
def legacy_file_with_code(folder: Path) -> Path:
    """A Lambda of Keras 2: Python code as text."""
    path = honest.legacy(folder)
    code = ["4wEAAAAAAAAAAAAAAAEAAAACAAAA\n", None, None]
    settings = {"name": "l", "function": code, "function_type": "lambda"}
    layers = [{"class_name": "Lambda", "config": settings, "name": "l", "inbound_nodes": []}]
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": layers}}
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = "2.4.0"
        file.attrs["model_config"] = json.dumps(config)
    return path


@attack
def parts_above_the_folder(folder: Path) -> Path:
    """Weights in several files, one of them elsewhere."""
    path = folder / "model.weights.json"
    path.write_text(json.dumps({"weight_map": {"/layers/dense/vars": "../x.weights.h5"}}))
    return path
