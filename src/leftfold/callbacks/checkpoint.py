"""Saving the model while it trains."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from leftfold.callbacks.callback import Callback, Logs
from leftfold.callbacks.monitor import MonitorCallback


class BatchCounter:
    """Counts batches over epochs, to do something after every so many.

    Args:
        every: after how many batches; `"epoch"` for never.
    """

    def __init__(self, every: int | str) -> None:
        self.every = every
        self.seen = 0
        self.last = -1

    def due(self, batch: int) -> bool:
        """Whether `every` batches have passed with this one."""
        if self.every == "epoch":
            return False
        self.seen += batch - self.last if batch > self.last else batch + 1
        self.last = batch
        if self.seen < int(self.every):
            return False
        self.seen = 0
        return True


def check_save_freq(owner: Callback, save_freq: Any) -> None:
    """Complain about anything but `"epoch"` and a positive integer."""
    if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
        raise ValueError(
            f"{type(owner).__name__} expected save_freq to be 'epoch' or a positive integer, "
            f"got {save_freq!r}."
        )


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after every epoch or every so many batches.

    Args:
        filepath: where to. May contain `{epoch}` and the names of figures in the logs with
            formats, such as `"{epoch:02d}-{val_loss:.2f}.keras"`. Ends in `.keras`, or in
            `.weights.h5` for weights.
        monitor: the figure that decides what is best.
        verbose: 1 to say what is done.
        save_best_only: whether to save only when the figure has become better.
        save_weights_only: whether to save only weights.
        mode: `"min"` where less is better, `"max"` where more is, `"auto"` to ask the metric.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: what the first value has to beat.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        check_save_freq(self, save_freq)
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            what = "weights" if save_weights_only else "a model"
            raise ValueError(
                f"ModelCheckpoint expected filepath for {what} to end in {endings[0]}, "
                f"got {self.filepath!r}."
            )
        self._batches = BatchCounter(save_freq)
        self._current_epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._batches.due(batch):
            self._save(self._current_epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    def _save(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> None:
        path = self._path(epoch, batch, logs)
        if not self._wanted(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise OSError(f"ModelCheckpoint expected filepath to be a file, got the folder {path}.")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)
        self._say(epoch, f"finished saving model to {path}")

    def _path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        known = {"epoch": epoch + 1, **({} if batch is None else {"batch": batch + 1}), **logs}
        try:
            return self.filepath.format(**known)
        except KeyError as missing:
            raise KeyError(
                f"ModelCheckpoint's filepath {self.filepath!r} names {missing}, which is not "
                f"available. Available: {', '.join(known)}."
            ) from None

    def _wanted(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        if not self.save_best_only:
            self._say(epoch, f"saving model to {path}")
            return True
        current = self._current(logs, "Saving only the best model")
        if current is None or np.ndim(current) > 0:
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {before}")
            return False
        self._say(
            epoch, f"{self.monitor} improved from {before} to {current:.5f}, saving model to {path}"
        )
        self.best = current
        return True

    def _say(self, epoch: int, what: str) -> None:
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: {what}")
