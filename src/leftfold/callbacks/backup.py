"""Going on after an interruption."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

from leftfold.callbacks.callback import Callback, Logs
from leftfold.callbacks.checkpoint import BatchCounter, check_save_freq


class BackupAndRestore(Callback):
    """Keeps what is needed to go on when the same script is run again after an interruption.

    Args:
        backup_dir: a folder for this model alone.
        save_freq: `"epoch"`, or a number of batches after which to save.
        double_checkpoint: accepted for Keras; files are replaced whole, so that one is enough.
        delete_checkpoint: whether to delete the folder when training is over.
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: int | str = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError(f"BackupAndRestore expected backup_dir, got {backup_dir!r}.")
        check_save_freq(self, save_freq)
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._weights = os.path.join(self.backup_dir, "latest.weights.h5")
        self._metadata = os.path.join(self.backup_dir, "training_metadata.json")
        self._batches = BatchCounter(save_freq)
        self._epoch = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        if not os.path.exists(self._weights):
            return
        if not self.model.built:
            raise ValueError(
                "BackupAndRestore expected a model whose weights exist already, to load them. "
                "Give the model an Input, or call it on a batch before fit()."
            )
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self.model.load_weights(self._weights)
        if os.path.exists(self._metadata):
            with open(self._metadata, encoding="utf-8") as file:
                self._epoch = self.model._initial_epoch = json.load(file)["epoch"]

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch + 1
        if self.save_freq == "epoch":
            self._save(0)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self._batches.due(batch):
            self._save(batch)

    def _save(self, batch: int) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        self.model.save_weights(self._weights, overwrite=True)
        partial = self._metadata + ".partial"
        with open(partial, "w", encoding="utf-8") as file:
            json.dump({"epoch": self._epoch, "batch": batch}, file)
        os.replace(partial, self._metadata)

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint:
            shutil.rmtree(self.backup_dir, ignore_errors=True)
