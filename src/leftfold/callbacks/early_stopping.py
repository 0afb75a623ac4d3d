"""Stopping when nothing gets better any more."""

from __future__ import annotations

from typing import Any

from leftfold.callbacks.callback import Logs
from leftfold.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Ends training when a figure has not become better for a while.

    Args:
        monitor: the figure's name in the logs.
        min_delta: by how much a value must be better to count as better.
        patience: number of epochs without improvement after which training ends.
        verbose: 1 to say what is done.
        mode: `"min"` where less is better, `"max"` where more is, `"auto"` to ask the metric.
        baseline: a value that must be beaten for an improvement to end the waiting.
        restore_best_weights: whether the model gets back the weights of its best epoch when
            training ends, for whatever reason.
        start_from_epoch: the first epoch that is watched.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: Logs = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._find_direction()
        current = self._current(logs, "Early stopping")
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        better = self._is_improvement(current, self.best)
        if better:
            self.best = current
            self.best_epoch = epoch
        if self.restore_best_weights and (better or self.best_weights is None):
            self.best_weights = self.model.get_weights()
        if better:
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                print(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)
