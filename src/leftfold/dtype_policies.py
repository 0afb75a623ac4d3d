"""Element types of layers, under the names of `keras.dtype_policies`.

Weights and computation share one type; mixed precision has no use on a processor.
"""

from __future__ import annotations

from typing import Any

from leftfold.engine import registry
from leftfold.engine.config import floatx, set_floatx
from leftfold.engine.legacy import tell_once
from leftfold.layers.dtype_policy import DTypePolicy, get

__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Policy",
    "deserialize",
    "dtype_policy",
    "get",
    "global_policy",
    "serialize",
    "set_dtype_policy",
    "set_global_policy",
]

FloatDTypePolicy = Policy = DTypePolicy


def serialize(dtype_policy: DTypePolicy) -> Any:
    """A policy as plain data."""
    return registry.serialize(dtype_policy)


def deserialize(config: Any, custom_objects: Any = None) -> DTypePolicy:
    """The policy that plain data describes."""
    return get(config)


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are made without one."""
    return DTypePolicy(floatx())


def set_dtype_policy(policy: Any) -> None:
    """Let layers that are made from now on have another element type.

    Mixed precision, which is for graphics cards, is told once not to be there: `floatx()` stays.

    Example:
        >>> set_dtype_policy("float32")
        >>> dtype_policy().name
        'float32'
    """
    name = getattr(policy, "name", policy)
    if isinstance(name, str) and name.startswith("mixed_"):
        tell_once(f"Leftfold has no mixed precision: layers compute in {floatx()}, not {name}.")
        return
    set_floatx(DTypePolicy(name).name)


global_policy, set_global_policy = dtype_policy, set_dtype_policy
