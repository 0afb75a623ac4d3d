"""`RematScope`: layers made inside it keep less for the backward pass and compute it again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.open: list[RematScope] = []


_scopes = _Scopes()


class RematScope:
    """A `with` block: which of the layers that are made inside it save memory for time.

    It concerns the recurrent layers, which then keep the states at the borders of chunks of
    steps instead of everything that a step computes, and read each chunk once more in the
    backward pass. Other layers keep what they need in any case; wrap a function in `remat` to
    have it computed again.

    Args:
        mode: `"full"` for all recurrent layers, `"larger_than"` for those whose output has more
            than `output_size_threshold` elements, `"list_of_layers"` for those named in
            `layer_names`; `"activations"` and `None` for none.
        output_size_threshold: for `"larger_than"`.
        layer_names: for `"list_of_layers"`.

    Raises:
        ValueError: for another mode.

    Example:
        >>> import leftfold
        >>> with leftfold.RematScope():
        ...     long_memory = leftfold.layers.LSTM(32)
    """

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: Sequence[str] | None = None,
    ) -> None:
        if mode not in MODES:
            known = ", ".join(map(repr, MODES))
            raise ValueError(f"RematScope expected mode to be one of {known}, got {mode!r}.")
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or [])

    def __enter__(self) -> RematScope:
        _scopes.open.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _scopes.open.remove(self)

    def covers(self, name: str, output_size: int) -> bool:
        """Whether a recurrent layer of that name, with so many elements in its output, is meant."""
        if self.mode == "larger_than":
            return output_size > self.output_size_threshold
        if self.mode == "list_of_layers":
            return name in self.layer_names
        return self.mode == "full"


def current_scope() -> Any:
    """The innermost scope that is open, or `None`."""
    return _scopes.open[-1] if _scopes.open else None
