"""The record of a training run."""

from __future__ import annotations

from typing import Any

from leftfold.callbacks.callback import Callback, Logs


class History(Callback):
    """Records the figures of every epoch. `fit` adds one by itself and returns it.

    Attributes:
        history: for each figure, its values epoch by epoch.
        epoch: the numbers of the epochs.
        padding: with `fit(..., bucket_by_length=True)`, how much of what was read was padding
            (`bucketed`) and would have been otherwise (`whole`), as shares from 0 to 1.
    """

    padding: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self
