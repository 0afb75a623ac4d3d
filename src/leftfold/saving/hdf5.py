"""HDF5 files of weights: groups `PATH/vars` with data sets `0`, `1`, ..., nothing else accepted.

A weight of fewer bits lies there as Keras stores bfloat16 (16 bits, with an attribute that says
so), or as two data sets `0.int8` and `0.scale`: a reader that does not know them finds none for
`0` and one too many, and cannot take the codes for the numbers.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from leftfold.engine.quantization import Quantization, bfloat16_bits, int8_codes, rounded
from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5_safe import (
    attribute,
    close_file,
    find_array,
    find_group,
    guarded,
    is_bfloat16,
    names_in,
    open_file,
    read_array,
)

CODES, SCALES = ".int8", ".scale"

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
        quantization = getattr(value, "quantization", None)
        array = np.asarray(value)
        if quantization is not None and not np.array_equal(rounded(array, quantization), array):
            warnings.warn(
                f"{value.path} has changed since it was quantized and is saved as it is: call "
                f"quantize({quantization.mode!r}) again.",
                stacklevel=6,
            )
            quantization = None
        if quantization is None:
            self._group[key] = array
        elif quantization.mode == "bfloat16":
            dataset = self._group.create_dataset(key, data=bfloat16_bits(array).view("V2"))
            dataset.attrs["dtype"] = "bfloat16"
        else:
            codes, scales = int8_codes(array, quantization.axis)
            shape = [1] * array.ndim
            shape[quantization.axis] = -1
            self._group[key + CODES] = codes
            self._group[key + SCALES] = scales.reshape(shape)


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
        stored = [key for group in self.groups for key in names_in(group, self.where)]
        return [key.removesuffix(CODES) for key in stored if not key.endswith(SCALES)]

    def __len__(self) -> int:
        return len(self._keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of an array, without reading it."""
        return tuple(self._dataset(key).shape)

    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of all arrays, in the order of their numbers."""
        return [self.shape(key) for key in sorted(self, key=lambda key: (len(key), key))]

    def quantization(self, key: str) -> Quantization | None:
        """How an array is stored in fewer bits, without reading its numbers."""
        dataset = self._dataset(key)
        if is_bfloat16(dataset):
            return Quantization("bfloat16", -1)
        return Quantization("int8", self._axis(key)) if self._is_coded(key) else None

    def mode(self) -> str:
        """Which fewer bits some of the arrays are stored in; empty for none."""
        found = filter(None, map(self.quantization, self))
        return next((each.mode for each in found), "")

    def __getitem__(self, key: str) -> np.ndarray:
        what = f"Variable {key} of {self.where}"
        if not self._is_coded(key):
            return read_array(self._dataset(key), what)
        scales = read_array(self._stored(key + SCALES), what)
        codes = read_array(self._dataset(key), what)
        return codes.astype(np.float32) * scales.astype(np.float32)

    def _axis(self, key: str) -> int:
        """The axis on which each place has a scale of its own; checks codes and scales."""
        codes, scales = self._dataset(key), self._stored(key + SCALES)
        places = [
            axis
            for axis in range(len(codes.shape))
            if scales.shape == tuple(n if a == axis else 1 for a, n in enumerate(codes.shape))
        ]
        if codes.dtype != np.int8 or scales.dtype.kind != "f" or not places:
            raise SavingError(
                f"Variable {key} of {self.where} was refused: {codes.dtype} codes of shape "
                f"{codes.shape} do not go with {scales.dtype} scales of shape {scales.shape}."
            )
        return places[-1]

    def _is_coded(self, key: str) -> bool:
        coded = any(key + CODES in names_in(group, self.where) for group in self.groups)
        if coded:
            self._axis(key)
        return coded

    def _dataset(self, key: str) -> Any:
        """The data set with an array, or with the codes that stand for it."""
        try:
            return self._stored(key)
        except KeyError:
            return self._stored(key + CODES)

    def _stored(self, name: str) -> Any:
        for group in self.groups:
            if name in names_in(group, self.where):
                return find_array(group, name, self.where)
        raise KeyError(name)
