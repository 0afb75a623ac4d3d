"""Element types of layers, under the names of `keras.dtype_policies`.

Weights and computation share one type, except under `mixed_bfloat16`.
"""

from __future__ import annotations

from typing import Any

from leftfold.engine import registry
from leftfold.layers.dtype_policy import DTypePolicy, get, set_global

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
    return DTypePolicy()


def set_dtype_policy(policy: Any) -> None:
    """Let layers that are made from now on have another policy.

    Args:
        policy: a name, or a `DTypePolicy`, which says what names there are.

    Example:
        >>> set_dtype_policy("float32")
        >>> dtype_policy().name
        'float32'
    """
    set_global(get(policy))


global_policy, set_global_policy = dtype_policy, set_dtype_policy
