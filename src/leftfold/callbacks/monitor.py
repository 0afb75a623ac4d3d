"""Watching one figure for improvement."""

from __future__ import annotations

import warnings
from typing import Any

from leftfold.callbacks.callback import Callback, Logs


class MonitorCallback(Callback):
    """Base of callbacks that ask whether a figure has become better.

    Args:
        monitor: the figure's name in the logs.
        mode: `"min"` where less is better, `"max"` where more is, `"auto"` to ask the metric.
        baseline: what the first value has to beat; `None` for nothing.
        min_delta: by how much a value must be better to count as better.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__} expected mode to be 'auto', 'min' or 'max', "
                f"got {mode!r}; 'auto' is used.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self._sign = 0

    def _is_improvement(self, value: Any, reference: Any) -> bool:
        """Whether `value` is better than `reference` by `min_delta` at least."""
        if reference is None or reference != reference:  # nothing yet, or NaN
            return True
        self._find_direction()
        return bool(self._sign * value - self.min_delta > self._sign * reference)

    def _find_direction(self) -> None:
        """Set `_sign`: 1 where more is better, -1 where less is."""
        if self._sign:
            return
        direction = {"min": "down", "max": "up"}.get(self.mode) or self._ask_metrics()
        if direction is None:
            raise ValueError(
                f"{type(self).__name__} cannot tell whether more or less of {self.monitor!r} is "
                "better. Pass mode='max' or mode='min'."
            )
        self._sign = 1 if direction == "up" else -1

    def _ask_metrics(self) -> str | None:
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return "down"
        metrics = _flat(getattr(self.model, "metrics", ()))
        exact = [metric for metric in metrics if metric.name == name]
        of_outputs = [metric for metric in metrics if name.endswith(f"_{metric.name}")]
        for metric in exact + of_outputs:
            return getattr(metric, "_direction", None)
        return None

    def _current(self, logs: Logs, doing: str) -> Any:
        """The figure in the logs; `None` with a warning where it is missing."""
        current = (logs or {}).get(self.monitor)
        if current is None:
            warnings.warn(
                f"{doing} depends on {self.monitor!r}, which is not available. "
                f"Available: {', '.join(logs or {})}.",
                stacklevel=3,
            )
        return current


def _flat(metrics: Any) -> list[Any]:
    """Single metrics out of metrics and collections of them."""
    flat: list[Any] = []
    for metric in metrics or ():
        inner = getattr(metric, "metrics", None)
        flat += [metric] if inner is None else _flat(inner)
    return flat
