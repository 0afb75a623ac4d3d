"""HDF5 files of weights: groups `PATH/vars` with data sets `0`, `1`, ..., nothing else accepted.

HDF5 can point out of the file, declare arrays that are not there and build views of other
files. A file of weights needs none of that, so none of it is followed.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from leftfold.saving.errors import SavingError

_KINDS = "biuf"
_LEGACY_ROOT = "_layer_checkpoint_dependencies"
"""What Keras 2.13 called the group `layers`."""


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
        source: a path, or the content as bytes.
        name: what the file is called in messages.

    Raises:
        SavingError: when it is no HDF5 file.
    """

    def __init__(self, source: Any, name: str) -> None:
        import h5py

        self.name = name
        if isinstance(source, bytes):
            source = io.BytesIO(source)
        elif not os.path.exists(source):
            raise SavingError(f"{name} does not exist.")
        with _guarded(f"{name} is not a file of weights"):
            self._file = h5py.File(source, "r")

    def __enter__(self) -> WeightsReader:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def variables(self, path: str) -> Variables:
        """What is stored for the object at `path`; nothing where the file does not know it."""
        group = self._find(f"{path}/vars" if path else "vars")
        if group is None and path.startswith("layers"):
            group = self._find(f"{_LEGACY_ROOT}{path.removeprefix('layers')}/vars")
        return Variables(group, f"{path or 'the model'} in {self.name}")

    def _find(self, path: str) -> Any:
        """The group at `path`, reached over hard links alone; `None` where there is none."""
        import h5py

        current = self._file
        with _guarded(f"{self.name} is damaged at {path}"):
            for part in path.split("/"):
                link = current.get(part, getlink=True)
                if link is None:
                    return None
                if not isinstance(link, h5py.HardLink):
                    kind = type(link).__name__
                    raise SavingError(f"{self.name} was refused: {path} is a {kind}.")
                current = current[part]
                if not isinstance(current, h5py.Group):
                    raise SavingError(f"{self.name} is damaged: {path} is not a group.")
        return current


class Variables(Mapping[str, np.ndarray]):
    """The arrays of one object by key, each checked before it is read.

    Args:
        group: the HDF5 group, `None` for no arrays.
        where: which object of which file, for messages.
    """

    def __init__(self, group: Any, where: str) -> None:
        self._group = group
        self.where = where

    @property
    def name(self) -> str | None:
        """What the object was called when it was written."""
        if self._group is None:
            return None
        with _guarded(f"{self.where} is damaged"):
            name = self._group.attrs.get("name")
        return name if isinstance(name, str) else None

    def _keys(self) -> list[str]:
        if self._group is None:
            return []
        with _guarded(f"{self.where} is damaged"):
            return list(self._group)

    def __len__(self) -> int:
        return len(self._keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of an array, without reading it."""
        return tuple(self._dataset(key).shape)

    def __getitem__(self, key: str) -> np.ndarray:
        dataset = self._dataset(key)
        with _guarded(f"Variable {key} of {self.where} is damaged"):
            values = np.asarray(dataset[()])
            return _from_bfloat16(values) if dataset.dtype.kind == "V" else values

    def _dataset(self, key: str) -> Any:
        import h5py

        if key not in self._keys():
            raise KeyError(key)
        with _guarded(f"Variable {key} of {self.where} is damaged"):
            link = self._group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise self._refused(key, f"it is a {type(link).__name__}")
            dataset = self._group[key]
            if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
                raise self._refused(key, "it is not an array")
            if dataset.external:
                raise self._refused(key, "its values lie in another file")
            if dataset.is_virtual:
                raise self._refused(key, "it is put together from other arrays")
            if dataset.dtype.kind not in _KINDS and not _is_bfloat16(dataset):
                raise self._refused(key, f"it holds {dataset.dtype}, not numbers")
            declared = math.prod(dataset.shape) * dataset.dtype.itemsize
            stored = dataset.id.get_storage_size()
            if declared > max(1 << 20, 1000 * stored):
                raise self._refused(key, f"it claims {declared} bytes and stores {stored}")
            return dataset

    def _refused(self, key: str, why: str) -> SavingError:
        return SavingError(f"Variable {key} of {self.where} was refused: {why}.")


@contextlib.contextmanager
def _guarded(what: str) -> Iterator[None]:
    """Turn whatever h5py raises into an error that says what was the matter."""
    try:
        yield
    except (SavingError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        raise SavingError(f"{what}: {error}.") from error


def _is_bfloat16(dataset: Any) -> bool:
    return (
        dataset.dtype.kind == "V"
        and dataset.dtype.itemsize == 2
        and dataset.attrs.get("dtype") == "bfloat16"
    )


def _from_bfloat16(values: np.ndarray) -> np.ndarray:
    """Sixteen bits that are the upper half of a float32 each."""
    return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
