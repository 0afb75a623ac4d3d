"""What `fit`, `evaluate` and `predict` say while they run: a live bar, or plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from leftfold.callbacks import Callback
from leftfold.engine import config

_REFRESH_SECONDS = 0.1


def make_progress(verbose: int | str, rows: int | None = None) -> Progress | None:
    """The reporter for `verbose`.

    Args:
        verbose: 0 for silence, 2 for one plain line an epoch, 1 for a live bar where the output
            is a terminal or a notebook and its last state elsewhere; `"auto"` means 1.
        rows: rows in an epoch, if known, for the rate.
    """
    if isinstance(verbose, bool):
        verbose = int(verbose)
    if verbose not in (0, 1, 2, "auto"):
        raise ValueError(f"verbose expected 0, 1, 2 or 'auto', got {verbose!r}.")
    if verbose == 0 or not config.is_interactive_logging_enabled():
        return None
    if verbose == 2:
        return Progress(rows)
    return LiveProgress(rows) if _is_interactive() else Progress(rows, with_bar=True)


def _is_interactive() -> bool:
    return sys.stdout.isatty() or "ipykernel" in sys.modules


def full_bar() -> str:
    """The bar of a run that is over, in signs that the output can show."""
    sign = "━"
    try:
        sign.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        sign = "="
    return sign * 20


def format_value(value: float) -> str:
    """Four digits behind the point, or in scientific notation what would then vanish."""
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def format_logs(logs: Mapping[str, Any]) -> str:
    """`" - accuracy: 0.5000 - loss: 0.6931"`."""
    return "".join(f" - {name}: {format_value(float(value))}" for name, value in logs.items())


def format_step_time(seconds: float) -> str:
    """`"40ms/step"`."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def format_duration(seconds: float) -> str:
    """`"0:07"`, `"12:40"`, `"1:02:09"`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


class Progress(Callback):
    """One plain line for each epoch, evaluation or prediction, in the words of Keras.

    Args:
        rows: rows in an epoch, if known.
        with_bar: whether the line begins as the bar of `verbose=1` ends.
    """

    def __init__(self, rows: int | None = None, with_bar: bool = False) -> None:
        super().__init__()
        self.rows = rows
        self.with_bar = with_bar
        self.epoch = 0
        self.seen = 0
        self.started = 0.0
        self.in_fit = False

    @property
    def target(self) -> int | None:
        """How many steps there will be, if known."""
        return (self.params or {}).get("steps")

    @property
    def epochs(self) -> int:
        """How many epochs there will be."""
        return (self.params or {}).get("epochs") or 1

    def close(self) -> None:
        """Leave the terminal in order, whatever happened."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch
        if self.epochs > 1:
            self.say(f"Epoch {epoch + 1}/{self.epochs}")
        self.begin()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.advance(batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.finish(logs)

    def on_test_begin(self, logs: Any = None) -> None:
        if not self.in_fit:
            self.begin()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self.in_fit:
            self.advance(batch + 1, logs)

    def on_test_end(self, logs: Any = None) -> None:
        if not self.in_fit:
            self.finish(logs)

    def on_predict_begin(self, logs: Any = None) -> None:
        self.begin()

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self.advance(batch + 1, None)

    def on_predict_end(self, logs: Any = None) -> None:
        self.finish(None)

    def begin(self) -> None:
        """A run of batches starts."""
        self.seen = 0
        self.started = time.perf_counter()

    def advance(self, seen: int, logs: Mapping[str, Any] | None) -> None:
        """So many batches are done."""
        self.seen = seen

    def finish(self, logs: Mapping[str, Any] | None) -> None:
        """The run is over."""
        self.say(self.summary(logs or {}))

    def summary(self, logs: Mapping[str, Any]) -> str:
        """`"25/25 - 1s - 40ms/step - accuracy: 0.5000 - loss: 0.6931"`."""
        elapsed = time.perf_counter() - self.started
        per_step = format_step_time(elapsed / max(self.seen, 1))
        steps = f"{self.seen}/{self.target or self.seen}"
        if self.with_bar:
            return f"{steps} {full_bar()} {elapsed:.0f}s {per_step}" + format_logs(logs)
        return f"{steps} - {elapsed:.0f}s - {per_step}" + format_logs(logs)

    def say(self, line: str) -> None:
        """Print one line at once, even into a pipe."""
        print(line, flush=True)


class LiveProgress(Progress):
    """A bar that moves, with metrics, rows per second and the time left; then the plain line."""

    def __init__(self, rows: int | None = None) -> None:
        super().__init__(rows, with_bar=True)
        self.bar: Any = None
        self.task: Any = None
        self.shown = 0.0
        self.steps_before = 0
        self.train_began = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        self.steps_before = 0
        self.train_began = time.perf_counter()

    def on_test_begin(self, logs: Any = None) -> None:
        super().on_test_begin(logs)
        if self.in_fit and self.bar is not None:
            self.bar.update(self.task, remaining="validating")
            self.bar.refresh()

    def begin(self) -> None:
        super().begin()
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        self.close()
        self.bar = Bar(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[remaining]}"),
            TextColumn("{task.fields[metrics]}"),
            auto_refresh=False,
            transient=True,
        )
        self.task = self.bar.add_task("", total=self.target, rate="", remaining="", metrics="")
        self.bar.start()
        self.shown = 0.0

    def advance(self, seen: int, logs: Mapping[str, Any] | None) -> None:
        self.seen = seen
        now = time.perf_counter()
        if now - self.shown < _REFRESH_SECONDS or self.bar is None:
            return
        self.shown = now
        metrics = format_logs(logs or {}).removeprefix(" - ").replace(" - ", "  ")
        self.bar.update(
            self.task,
            completed=seen,
            rate=self._rate(now),
            remaining=self._remaining(now),
            metrics=metrics,
        )
        self.bar.refresh()

    def finish(self, logs: Mapping[str, Any] | None) -> None:
        self.close()
        self.steps_before += self.seen
        self.say(self.summary(logs or {}))

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def _rate(self, now: float) -> str:
        steps = self.target or self.seen
        if self.rows is None or not self.seen:
            return ""
        rows = min(self.rows, self.rows * self.seen / steps)
        return f"{rows / max(now - self.started, 1e-9):,.0f} rows/s"

    def _remaining(self, now: float) -> str:
        """The time left of this run, or of the whole training; at the pace until now."""
        if self.target is None:
            return ""
        if not self.in_fit:
            left = (now - self.started) / self.seen * (self.target - self.seen)
        else:
            done = self.steps_before + self.seen
            left_steps = self.target * (self.epochs - self.epoch) - self.seen
            left = (now - self.train_began) / done * left_steps
        return f"{format_duration(left)} left"
