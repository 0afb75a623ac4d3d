"""`DTypePolicy`: the element types in which a layer keeps its weights and computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import config, kernels
from leftfold.engine.changes import Settings
from leftfold.engine.legacy import tell_once

MIXED = "mixed_bfloat16"

_global: list[DTypePolicy] = []
"""The policy of layers that are made without one, if it is not that of `floatx()`."""


class DTypePolicy(Settings):
    """An element type for weights, and one for computation.

    Args:
        name: such as `"float32"`; the global policy's by default. `"mixed_bfloat16"` keeps weights
            and arrays in float32 and lets recurrences and dense layers round the operands of
            their products, and what they keep for the gradient, to bfloat16, 16 bits with the
            range of float32; where the processor has no fast products of such numbers, which is
            told once, they compute in float32. `"mixed_float16"`, which is for graphics cards, is
            told once to mean float32.

    Raises:
        ValueError: for what is not the name of a type or of a policy.

    Example:
        >>> DTypePolicy("float64").compute_dtype
        'float64'
        >>> DTypePolicy("mixed_float32")
        Traceback (most recent call last):
        ...
        ValueError: dtype expected a name such as 'float32', got 'mixed_float32'.
    """

    _keras_module = "keras"

    def __init__(self, name: str | None = None) -> None:
        self.name: str
        if name is None and _global:
            name = _global[0].name
        if name == MIXED:
            self.name = MIXED
            _tell_where_it_is_float32()
            return
        if name == "mixed_float16":
            tell_once(f"Leftfold has no float16 products: layers compute in float32, not {name}.")
            name = "float32"
        try:
            self.name = np.dtype(name or config.floatx()).name
        except TypeError:
            raise ValueError(f"dtype expected a name such as 'float32', got {name!r}.") from None

    @property
    def compute_dtype(self) -> str:
        """Element type of products."""
        return "bfloat16" if self.name == MIXED else self.name

    @property
    def variable_dtype(self) -> str:
        """Element type of weights, and of the arrays between layers."""
        return "float32" if self.name == MIXED else self.name

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


def _tell_where_it_is_float32() -> None:
    if kernels.bfloat16_products() is None:
        tell_once(
            "This processor, or this build of Leftfold, has no fast products of bfloat16: layers "
            f"of {MIXED} compute in float32."
        )


def get(dtype: Any) -> DTypePolicy:
    """The policy meant by a name, a NumPy type, a policy, its configuration, or `None`."""
    if isinstance(dtype, DTypePolicy):
        return dtype
    if isinstance(dtype, dict):
        if dtype.get("class_name") == "QuantizedDTypePolicy":
            mode = dtype.get("config", {}).get("mode")
            raise ValueError(
                f"dtype expected one element type, got {mode!r} weights as Keras's quantize makes "
                "them, which round inputs as well: save the model in Keras before, and quantize it "
                "here."
            )
        return DTypePolicy(dtype["config"]["name"])
    return DTypePolicy(dtype)


def set_global(policy: DTypePolicy) -> None:
    """Let layers that are made from now on without a policy have this one."""
    _global[:] = [policy] if policy.name == MIXED else []
    if not _global:
        config.set_floatx(policy.name)
