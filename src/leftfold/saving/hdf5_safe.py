"""HDF5 from strangers: what of it is looked at, and how.

HDF5 can point out of the file, declare arrays that are not there and build views of other
files. A model needs none of that, so none of it is followed.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5_headers import claimed_lengths
from leftfold.saving.hdf5_heaps import check_heaps

_KINDS = "biuf"
_LARGEST_ATTRIBUTE = 64 << 20
_MOST_STRINGS = 100_000

_raw: dict[int, tuple[IO[bytes], int]] = {}
"""Each open file as bytes, and the bytes in its heaps, by the number the HDF5 library gave it."""


def open_file(source: Any, name: str) -> Any:
    """An HDF5 file for reading.

    Args:
        source: a path, or the content as bytes or an open file.
        name: what the file is called in messages.

    Raises:
        SavingError: when it is missing or no HDF5 file.
    """
    import h5py

    if isinstance(source, bytes | memoryview):
        source = io.BytesIO(source)
    elif not hasattr(source, "read") and not os.path.isfile(source):
        kind = "is not a file" if os.path.exists(source) else "does not exist"
        raise SavingError(f"{name} {kind}.")
    with guarded(f"{name} is not a file of weights"):
        raw = source if hasattr(source, "read") else open(source, "rb")  # noqa: SIM115
        try:
            heaps = check_heaps(raw, name)
            file = h5py.File(source, "r")
            _raw[h5py.h5o.get_info(file.id).fileno] = (raw, heaps)
        except BaseException:
            raw.close()
            raise
    return file


def close_file(file: Any) -> None:
    """Close what `open_file` opened."""
    import h5py

    raw, _ = _raw.pop(h5py.h5o.get_info(file.id).fileno)
    file.close()
    raw.close()


def find_group(root: Any, path: str, name: str) -> Any:
    """The group at `path`, reached over hard links alone; `None` where there is none.

    Raises:
        SavingError: for a link out of the tree, or an array where a group is expected.
    """
    import h5py

    found = _follow(root, path, name, path)
    if found is not None and not isinstance(found, h5py.Group):
        raise SavingError(f"{name} is damaged: {path} is not a group.")
    return found


def find_array(root: Any, path: str, where: str) -> Any:
    """The data set at `path`, checked but not read.

    Args:
        root: a group.
        path: names from there on, separated by slashes.
        where: which object of which file, for messages.

    Raises:
        SavingError: when it is missing, lies in another file, holds no numbers or claims to be
            far larger than what is stored.
    """
    import h5py

    found = _follow(root, path, f"Variable {path} of {where}", "it")
    if found is None:
        raise SavingError(f"Variable {path} of {where} is missing.")
    with guarded(f"Variable {path} of {where} is damaged"):
        reason = _why_not(found) if isinstance(found, h5py.Dataset) else "it is not an array"
    if reason:
        raise SavingError(f"Variable {path} of {where} was refused: {reason}.")
    return found


def _why_not(dataset: Any) -> str:
    """What is wrong with a data set; empty if nothing is."""
    if dataset.shape is None:
        return "it is not an array"
    if dataset.external:
        return "its values lie in another file"
    if dataset.is_virtual:
        return "it is put together from other arrays"
    if dataset.dtype.kind not in _KINDS and not is_bfloat16(dataset):
        return f"it holds {dataset.dtype}, not numbers"
    declared = math.prod(dataset.shape) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    if declared > max(1 << 20, 1000 * stored):
        return f"it claims {declared} bytes and stores {stored}"
    return ""


def _follow(root: Any, path: str, name: str, what: str) -> Any:
    import h5py

    current = root
    for part in path.split("/"):
        with guarded(f"{name} is damaged at {path}"):
            if not isinstance(current, h5py.Group):
                raise SavingError(f"{name} is damaged: {path} is not a group.")
            link = current.get(part, getlink=True) if part else None
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise SavingError(f"{name} was refused: {what} is a {type(link).__name__}.")
            current = current[part]
    return current


def names_in(group: Any, where: str) -> list[str]:
    """The names of what is in a group, sorted.

    Raises:
        SavingError: when they cannot be read or are no text.
    """
    with guarded(f"{where} is damaged"):
        names = list(group)
        if all(isinstance(name, str) for name in names):
            return sorted(names)
    raise SavingError(f"{where} is damaged: its names are no text.")


def read_array(dataset: Any, where: str) -> np.ndarray:
    """The numbers of a data set that `find_array` gave."""
    with guarded(f"{where} is damaged"):
        if not is_bfloat16(dataset):
            return np.asarray(dataset[()])
        # Sixteen bits that are the upper half of a float32 each.
        bits = np.asarray(dataset[()]).view(np.uint16).astype(np.uint32)
        return (bits << 16).view(np.float32)


def is_bfloat16(dataset: Any) -> bool:
    """Whether a data set holds the upper halves of float32 numbers."""
    return bool(
        dataset.dtype.kind == "V"
        and dataset.dtype.itemsize == 2
        and attribute(dataset, "dtype", "") == "bfloat16"
    )


def attribute(item: Any, name: str, where: str) -> Any:
    """A text, or a list of texts, that a group or data set carries; `None` where it does not.

    Raises:
        SavingError: when it is no text, or too long.
    """
    with guarded(f"{where} is damaged at its attribute {name}"):
        if name not in item.attrs:
            return None
        identifier = item.attrs.get_id(name)
        count = math.prod(identifier.shape)
        size = count * identifier.dtype.itemsize
        if count > _MOST_STRINGS or size > _LARGEST_ATTRIBUTE:
            raise SavingError(f"{where} was refused: its attribute {name} has {count} elements.")
        _check_lengths(item, name)
        value = item.attrs[name]
        if isinstance(value, str | bytes | np.bytes_):
            return _text(value)
        if isinstance(value, np.ndarray) and value.ndim == 1:
            return [_text(each) for each in value.tolist()]
        raise ValueError(f"it expected text, got {type(value).__name__}")


def _check_lengths(item: Any, name: str) -> None:
    """Refuse texts that claim to be longer than all texts in the file."""
    import h5py

    info = h5py.h5o.get_info(item.id)
    raw, heaps = _raw[info.fileno]
    lengths = claimed_lengths(raw, info.addr, name)
    if lengths is None:
        raise ValueError("it does not lie in its object's header")
    if max(lengths, default=0) > heaps or sum(lengths) > _LARGEST_ATTRIBUTE:
        raise ValueError(f"it claims {sum(lengths)} bytes of text")


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {type(value).__name__}")
    value.encode("utf-8")  # h5py lets bytes pass that are no text
    return value


@contextlib.contextmanager
def guarded(what: str) -> Iterator[None]:
    """Turn whatever h5py raises into an error that says what was the matter."""
    try:
        yield
    except (SavingError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SavingError(f"{what}: {reason}.") from error
