"""A table of all epochs on disk."""

from __future__ import annotations

import csv
import os
from typing import IO, Any

import numpy as np

from leftfold.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Writes the figures of every epoch into a CSV file, a line each.

    Args:
        filename: the file.
        separator: between the elements of a line.
        append: whether to go on with an existing file instead of replacing it.
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._file: IO[str] | None = None
        self._writer: Any = None
        self._header = True

    def on_train_begin(self, logs: Logs = None) -> None:
        self._close()
        going_on = self.append and os.path.exists(self.filename)
        self._header = not (going_on and os.path.getsize(self.filename))
        mode = "a" if self.append else "w"
        file = open(self.filename, mode, newline="", encoding="utf-8")  # noqa: SIM115
        self._file, self._writer = file, csv.writer(file, delimiter=self.sep)
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        if self._file is None:
            self.on_train_begin()
        if self.keys is None:
            self.keys = sorted(logs)
            if self.keys and not any(key.startswith("val_") for key in self.keys):
                # Validation may begin only in a later epoch.
                self.keys += [f"val_{key}" for key in self.keys]
            if self._header:
                self._writer.writerow(["epoch", *self.keys])
        self._writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        assert self._file is not None
        self._file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _cell(value: Any) -> Any:
    """A value as it is written: several numbers as `"[1, 2]"`."""
    if isinstance(value, str) or np.ndim(value) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
