"""Files of word lists (`imdb.npz`), read without letting them run code.

Lists of unequal length are stored by NumPy as a pickle, and a pickle can call any function
of any module when it is loaded. Here it can call none: every name that it mentions is
replaced by an inert record of what it asked for, and the records are read afterwards.
"""

from __future__ import annotations

import io
import itertools
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.datasets.files import DatasetError

_LARGEST_MEMBER = 1 << 30
_MOST_NUMBERS = 100_000_000

_ARRAY_PARTS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


class _Record:
    """Stands for an object of the pickle: what it was made of, and the state it was given."""

    __slots__ = ("made_of", "state")

    def __init__(self, made_of: tuple[Any, ...]) -> None:
        self.made_of = made_of
        self.state: Any = None

    def __call__(self, *arguments: Any) -> _Record:
        return _Record(arguments)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAY_PARTS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no list needs")
        return _Record((module, name))


def read_npz(path: Path) -> dict[str, Any]:
    """The members of an `.npz` file: integer arrays, and lists of lists of integers.

    Raises:
        DatasetError: for a file that is broken, too large or asks to run code.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {}
            for info in archive.infolist():
                if info.file_size > _LARGEST_MEMBER:
                    raise ValueError(f"{info.filename} is {info.file_size} bytes long")
                if info.filename.endswith(".npy"):
                    content = io.BytesIO(archive.read(info))
                    members[info.filename.removesuffix(".npy")] = _read_member(content)
            return members
    except FileNotFoundError:
        raise
    except Exception as error:  # a broken pickle may raise anything
        raise DatasetError(
            f"{path} cannot be read as a data set: {error or type(error).__name__}. "
            "Delete it and load the data again."
        ) from error


def _read_member(content: io.BytesIO) -> Any:
    version = np.lib.format.read_magic(content)
    if version == (1, 0):
        header = np.lib.format.read_array_header_1_0(content)
    else:
        header = np.lib.format.read_array_header_2_0(content)
    if header[2].kind != "O":
        content.seek(0)
        return np.lib.format.read_array(content, allow_pickle=False)
    return _sequences(_Unpickler(content).load())


def _sequences(array: Any) -> list[list[int]]:
    """The lists in the record of a one-dimensional array of objects."""
    elements = array.state[4]
    if not isinstance(elements, list):
        raise ValueError("an array of lists was expected")
    sequences = [_integers(element) for element in elements]
    if sum(map(len, sequences)) > _MOST_NUMBERS:
        raise ValueError(f"it holds more than {_MOST_NUMBERS} numbers")
    if not set(map(type, itertools.chain.from_iterable(sequences))) <= {int}:
        raise ValueError("its lists hold something else than integers")
    return sequences


def _integers(element: Any) -> list[int]:
    """A list as it is; the record of an integer array as a list."""
    if isinstance(element, list):
        return element
    if isinstance(element, _Record) and element.state is not None:
        _, shape, dtype, _, content = element.state
        name = dtype.made_of[0]
        order = dtype.state[1] if dtype.state else "|"
        if name in ("i4", "i8", "u2", "u4", "i2", "u1") and order in "<>|":
            values = np.frombuffer(content, np.dtype(name).newbyteorder(order))
            if (values.size,) == shape:
                return values.tolist()
    raise ValueError("its elements are not lists of integers")


def write_npz(path: Path, members: dict[str, Any]) -> None:
    """Write arrays and lists of lists as NumPy and Keras read them; `path` appears complete."""
    arrays: dict[str, Any] = {name: _as_array(value) for name, value in members.items()}
    unfinished = path.with_name(path.name + ".part")
    with open(unfinished, "wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(unfinished, path)


def _as_array(value: Any) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else object_array(value)


def object_array(sequences: list[list[int]]) -> np.ndarray:
    """A one-dimensional array of lists, whatever their lengths."""
    array = np.empty(len(sequences), dtype=object)
    for position, sequence in enumerate(sequences):
        array[position] = sequence
    return array
