"""Files of tensors by name: safetensors, and PyTorch's own through its weights-only loader."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.engine.quantization import from_bfloat16
from leftfold.interop.torch.safetensors_header import read_header
from leftfold.saving import SavingError
from leftfold.saving.archive import Archive, replacing

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_NAMES = {np.dtype(code).name for code in _TYPES.values()}
_PICKLED = (".pt", ".pth", ".bin")


def read_state(path: Any) -> dict[str, np.ndarray]:
    """The tensors of a file by name, those of bfloat16 as float32.

    A safetensors file keeps no order: its names are sorted.

    Args:
        path: `.safetensors`; or `.pt`, `.pth`, `.bin`, for which PyTorch must be installed and
            from which only tensors are read: code in the file does not run.

    Raises:
        SavingError: when the file is missing, not what its name says, damaged, or holds anything
            but tensors by name.
        ImportError: when the package that reads it is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise SavingError(f"{path} does not exist or is not a file.")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix in _PICKLED:
        return _read_pickled(path)
    raise SavingError(
        f"read_state expected a file that ends in .safetensors, {', '.join(_PICKLED)}, got {path}."
    )


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors that `read_state` would read; their numbers are left alone.

    Raises:
        SavingError: as `read_state`.
        ImportError: when PyTorch's own format is to be read without it.
    """
    if path.suffix == ".safetensors":
        return {name: entry.shape for name, entry in read_header(path).items()}
    return {name: tuple(tensor.shape) for name, tensor in _pickled(path, "meta").items()}


def write_state(
    path: Any, state: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors by name. The file replaces an older one in one go, once it is complete.

    Args:
        path: ends in `.safetensors`, or in `.pt`, `.pth` or `.bin` if PyTorch is installed.
        state: arrays by name.
        metadata: strings by name, for a safetensors file.

    Raises:
        SavingError: when the file cannot be written.
        ImportError: when the package that writes it is not installed.
    """
    path = Path(path)
    arrays = {name: np.ascontiguousarray(as_numpy(value, name)) for name, value in state.items()}
    if path.suffix == ".safetensors":
        content = _safetensors_bytes(arrays, metadata)
        with replacing(path) as file:
            file.write(content)
    elif path.suffix in _PICKLED:
        torch = _torch(path)
        # PyTorch has no unsigned types beyond 8 bits, and our copies must be writable for it.
        tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
        with replacing(path) as file:
            torch.save(tensors, file)
    else:
        raise SavingError(
            f"write_state expected a path that ends in .safetensors, {', '.join(_PICKLED)}, "
            f"got {path}."
        )


def as_numpy(value: Any, name: str) -> np.ndarray:
    """A tensor of any framework as an array; PyTorch's own types are understood if they come."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype.name not in _NAMES:
        raise ValueError(f"{name} expected to be an array of numbers, got dtype {array.dtype}.")
    return array


def _safetensors(path: Path) -> Any:
    try:
        import safetensors
    except ImportError as error:
        raise ImportError(
            f"{path.name} needs the package safetensors: pip install leftfold[torch]."
        ) from error
    return safetensors


def _read_safetensors(path: Path) -> dict[str, np.ndarray]:
    read_header(path)
    safetensors = _safetensors(path)
    try:
        entries = safetensors.deserialize(path.read_bytes())
    except OSError as error:
        raise SavingError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (safetensors.SafetensorError, ValueError, OverflowError) as error:
        raise SavingError(f"{path} is no sound safetensors file: {error}.") from error
    state = {}
    for name, entry in sorted(entries, key=lambda pair: pair[0]):  # they come in any order
        kind, shape, data = entry["dtype"], tuple(entry["shape"]), entry["data"]
        if kind == "BF16":
            state[name] = from_bfloat16(np.frombuffer(data, "<u2")).reshape(shape)
        elif kind in _TYPES:
            state[name] = np.frombuffer(data, _TYPES[kind]).reshape(shape)
        else:
            raise SavingError(f"{path}: {name} is of type {kind}, which is not supported.")
    return state


def _safetensors_bytes(
    arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None
) -> bytes:
    _safetensors(Path("file.safetensors"))
    from safetensors.numpy import save

    content: bytes = save(dict(arrays), metadata=dict(metadata or {"format": "pt"}))
    return content


def _torch(path: Path) -> Any:
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            f"{path.name} is PyTorch's own format, which runs code from a file unless PyTorch "
            "itself reads only the weights: install PyTorch, or save with safetensors."
        ) from error
    return torch


def _read_pickled(path: Path) -> dict[str, np.ndarray]:
    return {name: as_numpy(value, name) for name, value in _pickled(path, "cpu").items()}


def _pickled(path: Path, device: str) -> Mapping[str, Any]:
    """Tensors by name; on the device `"meta"` they have shapes but no numbers."""
    if zipfile.is_zipfile(path):
        with Archive(path) as archive:
            archive.check_sizes()
    torch = _torch(path)
    try:
        loaded = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # its unpickler has errors of every kind
        reason = _reason(str(error))
        raise SavingError(f"{path} was refused by PyTorch's weights-only loader: {reason}") from (
            error
        )
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not all(
        isinstance(name, str) and hasattr(value, "detach") for name, value in loaded.items()
    ):
        raise SavingError(f"{path} holds no state dict: tensors by name were expected.")
    return loaded


def _reason(text: str) -> str:
    """The one sentence of PyTorch's advice on how to run such a file that says what is wrong."""
    found = re.search(r"WeightsUnpickler error: (.*?)(\. Please|, but|$)", text, re.MULTILINE)
    return found[1] if found else text.strip().split("\n")[0]
