"""`DTypePolicy`: the element type in which a layer keeps its weights and computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.engine.legacy import tell_once


class DTypePolicy:
    """One element type for weights and computation.

    Args:
        name: such as `"float32"`; `floatx()` by default. Mixed precision, which is for graphics
            cards, is told once not to be there: `"mixed_float16"` means float32.

    Example:
        >>> DTypePolicy("float64").compute_dtype
        'float64'
    """

    _keras_module = "keras"

    def __init__(self, name: str | None = None) -> None:
        if isinstance(name, str) and name.startswith("mixed_"):
            tell_once(f"Leftfold has no mixed precision: layers compute in float32, not {name}.")
            name = "float32"
        try:
            self.name = np.dtype(name or config.floatx()).name
        except TypeError:
            raise ValueError(f"dtype expected a name such as 'float32', got {name!r}.") from None

    @property
    def compute_dtype(self) -> str:
        return self.name

    @property
    def variable_dtype(self) -> str:
        return self.name

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
