"""How streaming says no."""

from __future__ import annotations

from typing import Any, NoReturn


def refuse(layer: Any, reason: str) -> NoReturn:
    """Say which layer cannot be stepped, and why.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        f"streaming.compile cannot step {type(layer).__name__} {layer.name!r}: {reason}."
    )
