"""`Model.quantize`: matrices rounded to numbers that take fewer bits in files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from leftfold.engine.quantization import MODES, Quantization, rounded
from leftfold.layers import Dense, Embedding, Layer
from leftfold.layers.recurrent.cell import GatedCell

_MATRICES: dict[type, dict[str, int]] = {
    Dense: {"kernel": -1},
    Embedding: {"embeddings": 0},
    GatedCell: {"kernel": -1, "recurrent_kernel": -1},
}
"""The matrices of each kind of layer, with the axis of what has a scale of its own."""

Filters = str | Sequence[str] | Callable[[Layer], bool] | None


def quantize(model: Any, mode: str, filters: Filters) -> None:
    """Round the matrices inside a model; see `Model.quantize`."""
    if mode not in MODES:
        raise ValueError(
            f"quantize expected mode to be {' or '.join(map(repr, MODES))}, got {mode!r}: "
            "activations stay float32, and there are no kernels for other types."
        )
    if not model.built:
        raise ValueError(f"quantize expected a built model, got {model.name} without weights.")
    chosen = [layer for layer in model._flatten_layers() if _is_chosen(layer, filters)]
    matrices = [pair for layer in chosen for pair in _matrices_of(layer)]
    if not matrices:
        raise ValueError(
            f"quantize expected a model with dense, recurrent or embedding layers, found none in "
            f"{model.name}{'' if filters is None else ' that the filters choose'}."
        )
    for variable, _ in matrices:
        if variable.dtype != "float32" or not np.isfinite(variable.data).all():
            raise ValueError(
                f"quantize expected finite float32 weights, got others in {variable.path}."
            )
    for variable, axis in matrices:
        variable.quantization = Quantization(mode, axis)
        variable.assign(rounded(variable.data, variable.quantization))
    if getattr(model, "optimizer", None) is not None:
        # What it remembers of the exact weights is larger than they are, and of no more use.
        model.optimizer = type(model.optimizer).from_config(model.optimizer.get_config())


def _matrices_of(layer: Any) -> list[tuple[Any, int]]:
    for cls, matrices in _MATRICES.items():
        if isinstance(layer, cls):
            return [(getattr(layer, name), axis) for name, axis in matrices.items()]
    return []


def _is_chosen(layer: Any, filters: Filters) -> bool:
    if filters is None:
        return True
    if callable(filters):
        return bool(filters(layer))
    patterns = [filters] if isinstance(filters, str) else filters
    return any(re.search(pattern, layer.path or layer.name) for pattern in patterns)
