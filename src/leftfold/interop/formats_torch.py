"""PyTorch's files of weights, for `leftfold inspect` and `leftfold convert`."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from leftfold.interop import torch
from leftfold.saving import SavingError
from leftfold.saving.archive import parse_json
from leftfold.saving.description import Description, Part

_LENGTH = struct.Struct("<Q")


def describe(path: Path) -> Description:
    """The tensors of a file; of safetensors only the header is read.

    Raises:
        SavingError: for a file that is damaged or hostile.
    """
    form = f"PyTorch weights, {path.suffix}"
    shapes = (
        _header(path)
        if path.suffix == ".safetensors"
        else {name: list(array.shape) for name, array in torch.read_state(path).items()}
    )
    modules: dict[str, Part] = {}
    for name, shape in shapes.items():
        module = name.rpartition(".")[0]
        modules.setdefault(module, Part(module, "")).shapes.append(tuple(shape))
    return Description(form, size=path.stat().st_size, parts=list(modules.values()))


def _header(path: Path) -> dict[str, list[int]]:
    size = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(_LENGTH.size)
        length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else size
        if length > size - len(start):
            raise SavingError(f"{path} is no sound safetensors file: it ends within its header.")
        header = parse_json(file.read(length), f"The header of {path}")
    found = {}
    for name, entry in header.items() if isinstance(header, dict) else ():
        if name == "__metadata__":
            continue
        shape = entry.get("shape") if isinstance(entry, dict) else None
        if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
            raise SavingError(
                f"{path} is no sound safetensors file: {json.dumps(name)} has no shape."
            )
        found[name] = shape
    return found


def read(path: str) -> Any:
    """A model made from the weights, where their names and shapes tell one."""
    return torch.model_from_state(path)


def fill(model: Any, path: str) -> None:
    """Give a model the weights."""
    torch.load_state(model, torch.read_state(path))


def write(model: Any, path: str) -> None:
    """Write the weights of a model under PyTorch's names."""
    torch.write_state(path, torch.state_dict(model))
