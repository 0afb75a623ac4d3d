"""`Progbar`: the line of a training loop of one's own."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.models.progress import format_duration, format_logs, format_step_time, full_bar


class Progbar:
    """Says how far a loop has come, and the means of what it computes.

    Args:
        target: how many steps there will be, `None` if that is not known.
        width: of the bar, in characters.
        verbose: 0 for silence, 1 for a bar, 2 for one line at the end.
        interval: the least number of seconds between two states of the bar.
        stateful_metrics: names of values that are shown as they are, not as means.
        unit_name: what a step is called.

    Example:
        >>> bar = Progbar(2, verbose=0)
        >>> bar.add(1, values=[("loss", 0.5)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Sequence[str] | None = None,
        stateless_metrics: Sequence[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Progbar expected stateful_metrics or stateless_metrics, got both.")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._as_they_are = set(stateful_metrics or ())
        self._means = None if stateless_metrics is None else set(stateless_metrics)
        self._sums: dict[str, tuple[float, float]] = {}
        self._seen = 0
        self._started = time.monotonic()
        self._shown = 0.0
        self._length = 0

    def _averaged(self, name: str) -> bool:
        return name in self._means if self._means is not None else name not in self._as_they_are

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Show that `current` steps are done.

        Args:
            current: number of steps done.
            values: names and values of these steps; a mean counts a value once for each step.
            finalize: whether this is the end; by default when `target` is reached. What is given
                then replaces the means.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            number = float(np.mean(np.asarray(value)))
            if not self._averaged(name) or finalize:
                self._sums[name] = (number, 1)
            else:
                steps = max(current - self._seen, 1)
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = (total + number * steps, count + steps)
        self._seen = current
        self._show(finalize)

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that `n` more steps are done, see `update`."""
        self.update(self._seen + n, values)

    def _show(self, finalize: bool) -> None:
        now = time.monotonic()
        wanted = finalize or (self.verbose == 1 and now - self._shown >= self.interval)
        if self.verbose not in (1, 2) or not wanted or not config.is_interactive_logging_enabled():
            return
        self._shown = now
        spent = now - self._started
        step = format_step_time(spent / self._seen if self._seen else 0).replace(
            "step", self.unit_name
        )
        logs = format_logs({name: total / count for name, (total, count) in self._sums.items()})
        done = self._done()
        if self.verbose == 2:
            sys.stdout.write(f"{done} - {spent:.0f}s - {step}{logs}\n")
            return
        left = f"{spent:.0f}s"
        if self.target and not finalize and self._seen:
            left = format_duration(spent / self._seen * (self.target - self._seen))
        line = f"{done} {self._bar()}{left} {step}{logs}"
        blank = " " * max(0, self._length - len(line))
        sys.stdout.write("\r" + line + blank + ("\n" if finalize else ""))
        sys.stdout.flush()
        self._length = len(line)

    def _done(self) -> str:
        if not self.target:
            return f"{self._seen:7d}/Unknown"
        return f"{self._seen:{len(str(self.target))}d}/{self.target}"

    def _bar(self) -> str:
        if not self.target:
            return ""
        full = int(self.width * min(1.0, self._seen / self.target))
        return full_bar()[0] * full + "·" * (self.width - full) + " "
