"""Figures of training for TensorBoard."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import Any

from leftfold.callbacks.callback import Callback, Logs
from leftfold.callbacks.event_file import EventFile


class TensorBoard(Callback):
    """Writes losses and metrics into files that `tensorboard --logdir` shows.

    Those of training go to the folder `train` within `log_dir`, those of validation to
    `validation`, under the names that Keras gives them: `epoch_loss`, `epoch_learning_rate`,
    `batch_loss`, `evaluation_loss_vs_iterations`.

    Args:
        log_dir: the folder.
        histogram_freq: histograms of weights are not written; a warning says so if it is not 0.
        write_graph: accepted; graphs are not written (`plot_model` draws the model).
        write_images: not written, as `histogram_freq`.
        write_steps_per_second: whether to write how many batches an epoch did in a second.
        update_freq: `"epoch"`, `"batch"`, or a number of batches after which to write the
            figures of a batch as well.
        profile_batch: accepted, without effect.
        embeddings_freq: not written, as `histogram_freq`.
        embeddings_metadata: accepted, without effect.

    Raises:
        ValueError: for another `update_freq`.
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        batches = {"epoch": 0, "batch": 1}.get(str(update_freq), update_freq)
        if not isinstance(batches, int) or batches < 0:
            raise ValueError(
                "TensorBoard expected update_freq to be 'epoch', 'batch' or a number of batches, "
                f"got {update_freq!r}."
            )
        if histogram_freq or write_images or embeddings_freq:
            warnings.warn(
                "TensorBoard writes losses and metrics, no histograms, images or embeddings.",
                stacklevel=2,
            )
        self.log_dir = os.fspath(log_dir)
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = batches
        self._files: dict[str, EventFile] = {}
        self._batches = 0
        self._training = False
        self._started = (0, 0.0)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._batches = 0
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._started = (self._batches, time.perf_counter())

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.update_freq and self._batches % self.update_freq == 0:
            self._write("train", {f"batch_{k}": v for k, v in (logs or {}).items()}, self._batches)
        self._batches += 1

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        found = {f"epoch_{k}": v for k, v in logs.items() if not k.startswith("val_")}
        found["epoch_learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            batches, since = self._started
            found["epoch_steps_per_second"] = (self._batches - batches) / (
                time.perf_counter() - since
            )
        self._write("train", found, epoch)
        validation = {f"epoch_{k[4:]}": v for k, v in logs.items() if k.startswith("val_")}
        self._write("validation", validation, epoch)

    def on_test_end(self, logs: Logs = None) -> None:
        found = {f"evaluation_{k}_vs_iterations": v for k, v in (logs or {}).items()}
        self._write("validation", found, self._batches)
        if not self._training:
            self._close()

    def on_train_end(self, logs: Logs = None) -> None:
        self._training = False
        self._close()

    def _write(self, part: str, figures: dict[str, Any], step: int) -> None:
        if not figures:
            return
        if part not in self._files:
            self._files[part] = EventFile(Path(self.log_dir) / part)
        for tag, value in figures.items():
            self._files[part].add(tag, float(value), step)

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
