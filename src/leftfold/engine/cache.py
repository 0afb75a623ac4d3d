"""What a primitive may keep from one call to the next."""

from __future__ import annotations

from typing import Any


class Cache:
    """Base of what makes a primitive faster, but never decides what it gives.

    A trace may therefore hand it over again. Copies of whatever has one begin with an empty one.
    """

    def __reduce__(self) -> Any:
        return type(self), ()
