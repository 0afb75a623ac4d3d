"""`InputSpec`: what a layer expects of its inputs, checked before it computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import KerasTensor, Tensor
from leftfold.engine.symbolic import Shape, leaves


class InputSpec:
    """Rank, sizes and element type that an input must have.

    Args:
        dtype: element type, any by default.
        shape: the whole shape, with `None` for sizes that may vary.
        ndim: exact rank.
        max_ndim: highest rank.
        min_ndim: lowest rank.
        axes: required size by axis, `{-1: 8}`.
        allow_last_axis_squeeze: accept a last axis of size 1 more or less than in `shape`.
        name: key of this input when inputs come as a dictionary.
        optional: accept `None`.
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Shape | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else np.dtype(dtype).name
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if shape is None else len(shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self._sizes = [*enumerate(self.shape or ()), *self.axes.items()]
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        return cls(**config)

    def __repr__(self) -> str:
        set_values = {k: v for k, v in self.get_config().items() if v}
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in set_values.items())})"

    def problem(self, tensor: Any) -> str | None:
        """What is wrong with an input, as the end of a sentence; `None` if nothing is."""
        shape = tensor.shape
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim and not self._squeezes(shape):
            return f"expected an input of rank {self.ndim}, got rank {ndim}"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"expected an input of rank {self.max_ndim} at most, got rank {ndim}"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"expected an input of rank {self.min_ndim} at least, got rank {ndim}"
        if self.dtype is not None and tensor.dtype != self.dtype:
            return f"expected an input of dtype {self.dtype}, got {tensor.dtype}"
        for axis, size in self._sizes:
            if size is None or not -ndim <= axis < ndim or shape[axis] in (size, None):
                continue
            if axis in (-1, ndim - 1):
                return f"expected {size} input features, got {shape[axis]}"
            return f"expected size {size} along axis {axis}, got {shape[axis]}"
        return None

    def _squeezes(self, shape: Shape) -> bool:
        if not self.allow_last_axis_squeeze or self.shape is None:
            return False
        longer, shorter = sorted((shape, self.shape), key=len, reverse=True)
        return len(longer) == len(shorter) + 1 and longer[-1] == 1


def check_input(spec: Any, inputs: Any, layer: str) -> None:
    """Refuse inputs that do not fit.

    Args:
        spec: an `InputSpec`, or a nested structure with one for each input.
        inputs: tensors, symbolic or not, in the same structure.
        layer: how messages call the layer: `"Dense dense_1"`.

    Raises:
        ValueError: naming the layer, what it expected and the input's shape.
    """
    if isinstance(spec, InputSpec) and isinstance(inputs, Tensor | KerasTensor):
        problem = spec.problem(inputs)
        if problem is not None:
            raise ValueError(f"{layer} {problem} (input shape {inputs.shape}).")
        return
    if isinstance(spec, InputSpec) and isinstance(inputs, list | tuple | dict):
        raise ValueError(f"{layer} expected one tensor as input, got a {type(inputs).__name__}.")
    specs = [leaf for leaf in leaves(spec) if leaf is not None]
    if isinstance(inputs, dict) and all(each.name in inputs for each in specs):
        tensors = [inputs[each.name] for each in specs]
    else:
        tensors = list(leaves(inputs))
    if len(tensors) != len(specs):
        raise ValueError(f"{layer} expected {len(specs)} inputs, got {len(tensors)}.")
    for each, tensor in zip(specs, tensors, strict=True):
        if tensor is None and each.optional:
            continue
        if not isinstance(tensor, Tensor | KerasTensor):
            raise ValueError(f"{layer} expected tensors as inputs, got {tensor!r}.")
        check_input(each, tensor, layer)
