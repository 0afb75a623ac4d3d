"""HDF5 files of weights: groups `PATH/vars` with data sets `0`, `1`, ..., nothing else accepted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5_safe import (
    attribute,
    close_file,
    find_array,
    find_group,
    guarded,
    names_in,
    open_file,
    read_array,
)

_MOST_GROUPS = 100_000
_DEEPEST = 64

_OLDER_PLACES = [
    (r"\blayers\b", "_layer_checkpoint_dependencies"),  # Keras 2.13
    (r"/(query|key|value|output)_dense$", r"/_\1_dense"),  # attention until Keras 2.15
]
"""What groups were called before, where they are called otherwise today."""


class WeightsWriter:
    """A new HDF5 file of weights in memory."""

    def __init__(self) -> None:
        import h5py

        self._memory = io.BytesIO()
        self._file = h5py.File(self._memory, "w")

    def group(self, path: str, name: str | None) -> dict[str, Any] | Any:
        """The place for the variables of the object at `path`: `group["0"] = values`."""
        group = self._file.create_group(f"{path}/vars" if path else "vars")
        if name is not None:
            group.attrs["name"] = name
        return _Writing(group)

    def finish(self) -> memoryview:
        """The complete file."""
        self._file.close()
        return self._memory.getbuffer()


class _Writing:
    """Takes variables and arrays by key."""

    def __init__(self, group: Any) -> None:
        self._group = group

    def __setitem__(self, key: str, value: Any) -> None:
        self._group[key] = np.asarray(value)


class WeightsReader:
    """An HDF5 file of weights.

    Args:
        source: a path, or the content as bytes or an open file.
        name: what the file is called in messages.

    Raises:
        SavingError: when it is no HDF5 file.
    """

    def __init__(self, source: Any, name: str) -> None:
        self.name = name
        self._file = open_file(source, name)

    def __enter__(self) -> WeightsReader:
        return self

    def __exit__(self, *error: object) -> None:
        close_file(self._file)

    def variables(self, path: str) -> Variables:
        """What is stored for the object at `path`; nothing where the file does not know it."""
        group = self._find(f"{path}/vars" if path else "vars")
        for new, old in _OLDER_PLACES:
            if group is None and re.search(new, path):
                group = self._find(f"{re.sub(new, old, path)}/vars")
        where = f"{path or 'the model'} in {self.name}"
        return Variables([] if group is None else [group], where)

    def objects(self) -> Iterator[tuple[str, Variables]]:
        """All places for which something is stored, with it.

        Raises:
            SavingError: where groups lie inside each other more than 64 deep, or in a circle.
        """
        stack = [("", self._file)]
        left = _MOST_GROUPS
        while stack:
            path, group = stack.pop()
            names = names_in(group, f"{self.name} at {path or 'its root'}")[::-1]
            left -= len(names)
            if left < 0 or path.count("/") > _DEEPEST:
                raise SavingError(f"{self.name} was refused: its groups have no end.")
            for name in names:
                place = f"{path}/{name}" if path else name
                if name == "vars":
                    inner = find_group(group, name, self.name)
                    yield path, Variables([inner], f"{path or 'the model'} in {self.name}")
                elif self._is_group(group, name):
                    stack.append((place, find_group(group, name, self.name)))

    def _is_group(self, group: Any, name: str) -> bool:
        import h5py

        with guarded(f"{self.name} is damaged at {name}"):
            return group.get(name, getclass=True, getlink=True) is not h5py.HardLink or (
                group.get(name, getclass=True) is h5py.Group
            )

    def _find(self, path: str) -> Any:
        return find_group(self._file, path, self.name)


class Variables(Mapping[str, np.ndarray]):
    """The arrays of one object by key, each checked before it is read.

    Args:
        groups: the HDF5 groups that hold them; several for an object in parts.
        where: which object of which file, for messages.
    """

    def __init__(self, groups: Sequence[Any], where: str) -> None:
        self.groups = groups
        self.where = where

    @property
    def name(self) -> str | None:
        """What the object was called when it was written."""
        name = attribute(self.groups[0], "name", self.where) if self.groups else None
        return name if isinstance(name, str) else None

    def _keys(self) -> list[str]:
        return [key for group in self.groups for key in names_in(group, self.where)]

    def __len__(self) -> int:
        return len(self._keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of an array, without reading it."""
        return tuple(self._dataset(key).shape)

    def __getitem__(self, key: str) -> np.ndarray:
        return read_array(self._dataset(key), f"Variable {key} of {self.where}")

    def _dataset(self, key: str) -> Any:
        for group in self.groups:
            if key in names_in(group, self.where):
                return find_array(group, key, self.where)
        raise KeyError(key)
