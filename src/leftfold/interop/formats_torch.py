"""PyTorch's files of weights, for `leftfold inspect` and `leftfold convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leftfold.interop import torch
from leftfold.interop.torch.files import shapes_in
from leftfold.saving.description import Description, Part


def describe(path: Path) -> Description:
    """The tensors of a file, whose numbers are not read.

    Raises:
        SavingError: for a file that is damaged or hostile.
    """
    form = f"PyTorch weights, {path.suffix}"
    modules: dict[str, Part] = {}
    for name, shape in shapes_in(path).items():
        module = name.rpartition(".")[0]
        modules.setdefault(module, Part(module, "")).shapes.append(shape)
    return Description(form, size=path.stat().st_size, parts=list(modules.values()))


def read(path: str) -> Any:
    """A model made from the weights, where their names and shapes tell one."""
    return torch.model_from_state(path)


def fill(model: Any, path: str) -> None:
    """Give a model the weights."""
    torch.load_state(model, torch.read_state(path))


def write(model: Any, path: str) -> None:
    """Write the weights of a model under PyTorch's names."""
    torch.write_state(path, torch.state_dict(model))
