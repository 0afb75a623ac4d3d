"""`keras.name_scope` and `keras.device`: blocks that change nothing here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

__all__ = ["device", "name_scope"]


@contextlib.contextmanager
def name_scope(name: str, *args: Any, **kwargs: Any) -> Iterator[str]:
    """A block without effect: names follow from layers."""
    yield name


@contextlib.contextmanager
def device(device_name: Any, *args: Any, **kwargs: Any) -> Iterator[None]:
    """A block without effect: everything runs on the processor."""
    yield
