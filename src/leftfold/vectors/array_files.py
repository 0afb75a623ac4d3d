"""Vectors as arrays, which can be mapped into memory: `.npz` (without pickle) and `.safetensors`.

Both hold `matrix`, `tokens` (all of them, UTF-8, one behind the other) and `token_ends`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.interop.torch import write_state
from leftfold.interop.torch.safetensors_header import read_header
from leftfold.saving.archive import Archive, replacing

_FLOATS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
_MATRIX, TOKENS, ENDS = "matrix", "tokens", "token_ends"


def read_safetensors(path: Path, mmap: bool) -> tuple[list[str], np.ndarray]:
    """Read what `write_safetensors` wrote.

    Args:
        path: the file.
        mmap: whether the numbers stay in the file until they are used.

    Raises:
        DataError: when it holds anything else.
        SavingError: when it is no sound safetensors file.
    """
    entries = read_header(path)
    with open(path, "rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
    arrays = {}
    for name, kinds in ((_MATRIX, _FLOATS), (TOKENS, {"U8": "|u1"}), (ENDS, {"I64": "<i8"})):
        if name not in entries or entries[name].dtype not in kinds:
            raise DataError(f"{path} has no tensor {name!r} of type {' or '.join(kinds)}.")
        entry = entries[name]
        arrays[name] = _mapped(path, kinds[entry.dtype], start + entry.begin, entry.shape)
    return _checked(path, arrays, mmap)


def read_npz(path: Path, mmap: bool) -> tuple[list[str], np.ndarray]:
    """Read what `write_npz` wrote; arguments and errors are those of `read_safetensors`."""
    names = (_MATRIX, TOKENS, ENDS)
    return _checked(path, read_arrays(path, names, (_MATRIX,) if mmap else ()), mmap)


def read_arrays(
    path: Path, names: Sequence[str], mapped: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Arrays of numbers in an `.npz` file, none larger than the file says and holds.

    Args:
        path: the file.
        names: of the arrays.
        mapped: those of them that stay in the file until they are used.

    Raises:
        SavingError: for what is no such file.
        DataError: for an array that is missing or not what its header says.
    """
    arrays: dict[str, np.ndarray] = {}
    with Archive(path, "file of NumPy arrays") as archive:
        for name in names:
            if f"{name}.npy" not in archive:
                raise DataError(f"{path} has no array {name!r}.")
            file, size = archive.open(f"{name}.npy")
            with file:
                shape, dtype = _npy_header(file, f"{path}: {name}")
                begin = file.tell()
                needed = math.prod(shape) * dtype.itemsize
                if size - begin != needed:
                    raise DataError(
                        f"{path}: {name} of shape {shape} needs {needed} bytes, it has "
                        f"{size - begin}."
                    )
                if name in mapped:
                    place = archive.place(f"{name}.npy")[0] + begin
                    arrays[name] = _mapped(path, dtype, place, shape)
                else:
                    arrays[name] = np.frombuffer(file.read(), dtype).reshape(shape)
    return arrays


def _npy_header(file: Any, what: str) -> tuple[tuple[int, ...], np.dtype]:
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, by_columns, dtype = read(file)
    except Exception as error:  # NumPy evaluates the header, which fails in many ways
        reason = " ".join(str(error).split())[:100]
        raise DataError(f"{what} is no sound array: {reason}.") from error
    if (
        (by_columns and len(shape) > 1)
        or dtype.hasobject
        or dtype.kind not in "fiu"
        or min(shape, default=0) < 0
    ):
        raise DataError(f"{what} is no array of numbers by rows.")
    return shape, dtype


def _mapped(path: Path, dtype: Any, at: int, shape: tuple[int, ...]) -> np.ndarray:
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, "r", at, shape)


def _checked(path: Path, arrays: dict[str, np.ndarray], mmap: bool) -> tuple[list[str], np.ndarray]:
    matrix, ends = arrays[_MATRIX], arrays[ENDS]
    names = names_in(path, arrays)
    if matrix.ndim != 2:
        raise DataError(f"{path}: its arrays have the wrong number of axes or type.")
    if len(ends) != len(matrix):
        raise DataError(f"{path} has {len(ends):,} tokens, but {len(matrix):,} vectors.")
    if not len(ends):
        raise DataError(f"{path} holds no vectors.")
    if matrix.dtype.kind != "f":
        raise DataError(f"{path}: its matrix is of type {matrix.dtype}, not of floating numbers.")
    if not mmap or matrix.dtype != np.float32:
        matrix = np.array(matrix, np.float32)
    return names, matrix


def names_in(path: Path, arrays: dict[str, np.ndarray]) -> list[str]:
    """The tokens that `packed_names` made two arrays of.

    Raises:
        DataError: for arrays that hold no tokens.
    """
    tokens, ends = arrays[TOKENS], arrays[ENDS]
    if tokens.ndim != 1 or ends.ndim != 1 or tokens.dtype != np.uint8:
        raise DataError(f"{path}: its arrays have the wrong number of axes or type.")
    steps = np.diff(ends, prepend=0)
    if ends.dtype.kind not in "iu" or (steps < 0).any() or (len(ends) and ends[-1] != len(tokens)):
        raise DataError(f"{path}: its token_ends do not fit its tokens.")
    text = tokens.tobytes()
    try:
        return [
            text[end - step : end].decode()
            for end, step in zip(ends.tolist(), steps.tolist(), strict=True)
        ]
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: its tokens are not UTF-8.") from error


def packed_names(tokens: list[str]) -> dict[str, np.ndarray]:
    """Tokens as two arrays, `tokens` and `token_ends`."""
    encoded = [token.encode() for token in tokens]
    return {
        TOKENS: np.frombuffer(b"".join(encoded), np.uint8),
        ENDS: np.cumsum([len(token) for token in encoded], dtype=np.int64),
    }


def _packed(tokens: list[str], matrix: np.ndarray) -> dict[str, np.ndarray]:
    return {_MATRIX: np.ascontiguousarray(matrix, np.float32), **packed_names(tokens)}


def write_safetensors(path: Path, tokens: list[str], matrix: np.ndarray) -> None:
    """Write tokens and vectors.

    Raises:
        SavingError: when the file cannot be written.
        ImportError: when the package safetensors is not installed.
    """
    write_state(path, _packed(tokens, matrix), {"format": "leftfold.vectors"})


def write_npz(path: Path, tokens: list[str], matrix: np.ndarray) -> None:
    """Write tokens and vectors, uncompressed, so that they can be mapped into memory.

    Raises:
        SavingError: when the file cannot be written.
    """
    with replacing(path) as file:
        np.savez(file, **_packed(tokens, matrix))  # type: ignore[arg-type]
