"""What `leftfold forecast` does."""

from __future__ import annotations

import hashlib
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.callbacks import Callback
from leftfold.cli.tasks import (
    begin_training,
    check_writable,
    emit,
    one_line_errors,
    output_format,
    say,
)
from leftfold.tasks.extras import require
from leftfold.tasks.forecasting import Forecaster, Panel
from leftfold.tasks.forecasting.backtest import Backtest, split_begins
from leftfold.tasks.forecasting.choosing import describe_candidates
from leftfold.tasks.forecasting.series import find_roles, read_panel
from leftfold.tasks.forecasting.times import told
from leftfold.tasks.report.forecast import cautions, forecast_page
from leftfold.tasks.tables import read_table


@dataclass(frozen=True)
class Source:
    """Where series come from, and which column is what."""

    path: str
    time: str | None
    value: Sequence[str]
    series: str | None
    past: Sequence[str]
    future: Sequence[str]
    missing: str
    sort: bool
    format: str | None
    encoding: str | None
    delimiter: str | None

    def panel(self, trained: Panel | None = None) -> Panel:
        """The series, with what was guessed and found said on stderr.

        Args:
            trained: that of training, whose columns are taken where none are named.
        """
        table = read_table(self.path, self.format, self.encoding, self.delimiter)
        value, past, future = self.value, self.past, self.future
        if trained is not None:
            past, future = past or trained.past_names, future or trained.future_names
            columns = [trained.value_name], [one.name for one in trained.series]
            value = value or next((c for c in columns if set(c) <= set(table.names)), [])
        roles, guesses = find_roles(table, self.time, value, self.series, past, future)
        for guess in guesses:
            say(guess)
        panel = read_panel(table, roles, self.missing, self.sort)
        for note in panel.notes:
            say(note)
        panel.notes[:0] = guesses
        return panel

    @property
    def facts(self) -> dict[str, str]:
        """How it was called, and on what."""
        facts = {"Command": shlex.join(["leftfold", *sys.argv[1:]]), "Source": self.path}
        if self.path != "-":
            facts["SHA-256"] = hashlib.sha256(Path(self.path).read_bytes()).hexdigest()
        return facts


class Progress(Callback):
    """Says how training goes and how long it will take at most, live on a terminal.

    Args:
        member: the network's number in the ensemble, from 0.
        members: how many there are.
        epochs: of each at most.
        limit: seconds for all of them at most, or `None`.
        started: when the first one began.
    """

    def __init__(
        self, member: int, members: int, epochs: int, limit: float | None, started: float
    ) -> None:
        super().__init__()
        self.member, self.members, self.epochs = member, members, epochs
        self.limit, self.started = limit, started
        self.live = sys.stderr.isatty()
        self.told = started if member else 0.0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now = time.monotonic()
        if now - self.told < (0.1 if self.live else 5):
            return
        self.told = now
        used = now - self.started
        done = (self.member + (epoch + 1) / self.epochs) / self.members
        left = used * (1 - done) / done
        if self.limit is not None:
            left = min(left, max(0.0, self.limit - used))
        line = (
            f"network {self.member + 1} of {self.members}, epoch {epoch + 1}, validation loss "
            f"{(logs or {}).get('val_loss', float('nan')):.4f}, {left:.0f} s left at most"
        )
        end = "" if self.live else "\n"
        print(f"\r\033[K{line}" if self.live else line, end=end, file=sys.stderr, flush=True)

    def on_train_end(self, logs: Any = None) -> None:
        if self.live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def train(
    source: Source,
    settings: dict[str, Any],
    output: Path,
    report: Path | None,
    test: float | None,
    format: str | None,
    threads: int | None,
    quiet: bool,
) -> None:
    """Train, save, judge, report.

    Raises:
        UserError: for what the user can mend.
        KeyboardInterrupt: after saving the best so far.
    """
    begin_training(output, report, format, threads)
    with one_line_errors():
        _check_drawing(report)
        forecaster = Forecaster(**settings)
        panel = source.panel()
        begins = split_begins(panel, forecaster.horizon, _size(test))
        started = time.monotonic()

        def watch(member: int) -> Sequence[Callback]:
            if quiet:
                return ()
            members, epochs = forecaster.ensemble, forecaster.epochs
            return (Progress(member, members, epochs, forecaster.time_limit, started),)

        notes = len(panel.notes)
        forecaster.fit(panel.until(begins), callbacks=watch)
        for note in forecaster.notes_[notes:]:
            say(note)
        seconds = time.monotonic() - started
        kept = {one.name: one for one in forecaster.panel_.series}
        chosen = [i for i, one in enumerate(panel.series) if one.name in kept]
        whole = panel.with_series([panel.series[i] for i in chosen])
        stopped = any(t.ended_by == "interrupt" for t in forecaster.trainings_)
        found = None if stopped else forecaster.backtest(whole, test=_size(test))
        forecaster.update(whole)
        forecaster.save(output)
        if report is not None and found is not None:
            forecast_page(forecaster, found, source.facts).save(report)
    done = f"{seconds:.1f} s, {forecaster.model.count_params():,} parameters"
    if found is None:
        say(f"Stopped after {done}. The best so far is saved as {output}.")
        raise KeyboardInterrupt
    say(f"Trained in {done}. Saved as {output}." + (f" Report: {report}." if report else ""))
    if forecaster.cell == "auto":
        emit(describe_candidates(forecaster.candidates_), format, title="Networks tried")
    if forecaster.share_ == 0:
        say(
            "The network did not help on the validation part and is not used: the forecasts are "
            "those of what it started from."
        )
    _show(found, format)


def _check_drawing(report: Path | None) -> None:
    """Complain before the work where a report could not be drawn after it."""
    if report is not None:
        require("matplotlib", "tasks", "The report")


def _size(test: float | None) -> int | float | None:
    return int(test) if test is not None and test >= 1 and test == int(test) else test


def _show(found: Backtest, format: str | None, output: Path | None = None) -> None:
    title = f"From {found.test_begins} on, which nothing was fitted to"
    table = found.table
    if output_format(format, output) == "table":
        table = {_short(name): list(map(_told, values)) for name, values in table.items()}
    emit(table, format, output, title)
    for sentence in [*found.verdicts, found.one_step_warning]:
        if sentence:
            say(sentence)
    for warning in cautions(found):
        say(f"Warning: {warning}")


def _short(name: str) -> str:
    """`coverage 80%` takes too much of a terminal's width."""
    return name.replace("coverage ", "in ")


def _told(value: Any) -> str:
    if not isinstance(value, float):
        return value or ""
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"


def predict(
    model: Path,
    source: Source | None,
    horizon: int | None,
    format: str | None,
    output: Path | None,
) -> None:
    """Forecast from the end of the series.

    Raises:
        UserError: for what the user can mend.
    """
    check_writable(output, "--output")
    output_format(format, output)
    with one_line_errors():
        forecaster = Forecaster.load(model)
        if source is not None:
            forecaster.update(source.panel(forecaster.panel_))
        steps = horizon or forecaster.horizon
        levels = forecaster.levels_
        found = forecaster.predict_quantiles(steps, levels)
        found = found.reshape(-1, steps, len(levels))
        emit(_columns(forecaster, found, steps), format, output, "Forecast")


def _columns(forecaster: Forecaster, found: np.ndarray, steps: int) -> dict[str, list[Any]]:
    panel = forecaster.panel_
    times = [told(time) for at in forecaster.future_times(steps) for time in at]
    columns: dict[str, list[Any]] = {
        "series": [one.name for one in panel.series for _ in range(steps)],
        "step": list(range(1, steps + 1)) * len(panel),
    }
    if any(times):
        columns["time"] = times
    middle = len(forecaster.levels_) // 2
    columns["forecast"] = found[..., middle].ravel().tolist()
    for number, level in enumerate(forecaster.levels_):
        if number != middle:
            columns[f"{100 * level:g}%"] = found[..., number].ravel().tolist()
    return columns


def evaluate(
    model: Path,
    source: Source,
    report: Path | None,
    test: float | None,
    format: str | None,
    output: Path | None,
) -> None:
    """Judge on values that were not trained on.

    Raises:
        UserError: for what the user can mend.
    """
    check_writable(output, "--output")
    check_writable(report, "--report")
    output_format(format, output)
    with one_line_errors():
        _check_drawing(report)
        forecaster = Forecaster.load(model)
        found = forecaster.backtest(source.panel(forecaster.panel_), test=_size(test))
        if report is not None:
            forecast_page(forecaster, found, source.facts).save(report)
            say(f"Report: {report}.")
    _show(found, format, output)
