"""`compile`, `fit`, `evaluate`, `predict`: what every model can do beyond computing outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leftfold.callbacks import Callback, CallbackList, History
from leftfold.engine import KerasTensor, no_recording
from leftfold.engine.symbolic import map_structure
from leftfold.models import trainer_loops as loops
from leftfold.models.compile_metrics import CompiledMetrics
from leftfold.models.data import is_dataset
from leftfold.models.data_prepare import (
    check_alike,
    check_counts,
    check_epochs,
    one_batch,
    open_epochs,
    split_off,
    validation_batches,
)
from leftfold.models.data_sources import Batch
from leftfold.models.legacy import LegacyMethods
from leftfold.models.trainer_steps import Steps


class Trainer(LegacyMethods, Steps):
    """Learning, judging and predicting; mixed into `Model`.

    To change what happens in a step, override `train_step`, `test_step`, `predict_step`,
    `compute_loss` or `compute_metrics`.
    """

    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    history: Any = None

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback | CallbackList | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        *,
        bucket_by_length: bool = False,
        backprop_steps: int | None = None,
    ) -> History:
        """Train for a number of passes over the data.

        Args:
            x: inputs, one row per sample: an array, a list of arrays, a dictionary by input
                name, a data frame, or a data set that yields `(x, y)` or
                `(x, y, sample_weight)` batches (a `PyDataset`, a generator, any iterable).
            y: targets in the same forms; not with a data set.
            batch_size: rows per step, 32 by default; not with a data set.
            epochs: the number of the last pass.
            verbose: 0 silent, 1 a live bar, 2 one line per epoch; `"auto"` is 1. Where the
                output is not a terminal, 1 gives lines as well.
            callbacks: called at the beginning and end of training, epochs and batches.
            validation_split: the share of rows, from 0 to 1, taken off the end of `x` and `y`
                before shuffling, to judge the model on after each epoch.
            validation_data: `(x, y)` or `(x, y, sample_weight)` to judge the model on instead,
                or a data set.
            shuffle: whether arrays come in a new order each epoch; `"batch"` shuffles only
                within batches.
            class_weight: weight of each class in the loss, by class number.
            sample_weight: weight of each row `(rows,)` or step `(rows, timesteps)` in the loss.
            initial_epoch: passes already done, when training goes on.
            steps_per_epoch: batches in an epoch, if it is not a whole pass.
            validation_steps: batches to judge on, if not all.
            validation_batch_size: rows per step there; `batch_size` by default.
            validation_freq: judge every so many epochs, or after those listed, counted from 1.
            bucket_by_length: whether a batch shall hold sequences of similar lengths, told from
                the mask, and end with its longest where the model's results do not depend on
                that. Each epoch has other batches, the same ones for the same seed.
            backprop_steps: how many steps gradients go back at the most (truncated
                backpropagation through time). Each batch of sequences is cut into windows of so
                many steps; a stateful model carries its states from one to the next, from zeros
                where sequences begin. With a target for every step each window is trained on,
                with one for the sequence only the last.

        Returns:
            The record of all epochs: `history.history["val_loss"]` and so on, and with
            `bucket_by_length` the padding it saved, in `history.padding`.

        Raises:
            ValueError: for data or settings that cannot be right, before training begins.
            FloatingPointError: when the loss is no longer a number and no callback stopped
                training for it. The weights are those from before the batch.

        Example:
            >>> import numpy as np
            >>> from leftfold import Sequential, layers
            >>> x, y = np.ones((8, 5, 1)), np.zeros((8, 1))
            >>> model = Sequential([layers.GRU(2), layers.Dense(1)])
            >>> model.compile("adam", "mse")
            >>> history = model.fit(x, y, epochs=2, verbose=0)
            >>> history.epoch
            [0, 1]
        """
        self._assert_compiled("fit")
        check_counts(
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_batch_size=validation_batch_size,
            backprop_steps=backprop_steps,
        )
        check_epochs(epochs, initial_epoch, validation_freq)
        data = x, y, sample_weight
        if validation_split and validation_data is None:
            data, validation_data = split_off(*data, validation_split)
        training = open_epochs(
            self,
            data,
            batch_size,
            steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            bucket_by_length=bucket_by_length,
            backprop_steps=backprop_steps,
        )
        validation = None
        if validation_data is not None:
            data = validation_batches(validation_data)
            size = None if is_dataset(data[0]) else validation_batch_size or batch_size
            validation = open_epochs(
                self,
                data,
                size,
                validation_steps,
                label="validation ",
                backprop_steps=backprop_steps,
            )
            check_alike(validation.first[1], "validation y", training.first[1], "y")
        job = loops.FitJob(training, validation, initial_epoch, epochs, validation_freq)
        with loops.Callbacks(self, callbacks, training, verbose, epochs, history=True) as running:
            return loops.fit(self, job, running)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | CallbackList | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over data, without training.

        Args:
            x: inputs, as for `fit`.
            y: targets, as for `fit`.
            batch_size: rows per step, 32 by default.
            verbose: as for `fit`.
            sample_weight: weights of the rows.
            steps: batches to look at, if not all.
            callbacks: called at the beginning and end of the evaluation and of batches.
            return_dict: whether to return the values by name.

        Returns:
            The loss, or `[loss, metric, ...]` if there are metrics, or a dictionary.
        """
        self._assert_compiled("evaluate")
        check_counts(batch_size=batch_size, steps=steps)
        epochs = open_epochs(self, (x, y, sample_weight), batch_size=batch_size, steps=steps)
        with loops.Callbacks(self, callbacks, epochs, verbose) as running:
            logs = loops.evaluate(self, epochs, running)
        return logs if return_dict else self._as_list(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | CallbackList | None = None,
    ) -> Any:
        """The model's outputs for all rows of `x`.

        Args:
            x: inputs, as for `fit`.
            batch_size: rows per step, 32 by default.
            verbose: as for `fit`.
            steps: batches to predict, if not all.
            callbacks: called at the beginning and end of the prediction and of batches.

        Returns:
            A NumPy array, or a list or dictionary of arrays if the model has several outputs.
        """
        check_counts(batch_size=batch_size, steps=steps)
        epochs = open_epochs(self, (x, None, None), batch_size, steps, finite=False)
        with loops.Callbacks(self, callbacks, epochs, verbose) as running:
            return loops.predict(self, epochs, running)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One step of training on one batch; returns loss and metrics as `evaluate` does."""
        self._assert_compiled("train_on_batch")
        batch = one_batch((x, y, sample_weight), class_weight)
        self._get_ready(batch)
        self.reset_metrics()
        logs = loops.plain_logs(self.train_step(loops.as_data(batch)))
        loops.check_loss(self, logs, "the batch")
        return logs if return_dict else self._as_list(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch, without training."""
        self._assert_compiled("test_on_batch")
        batch = one_batch((x, y, sample_weight))
        self._get_ready(batch)
        self.reset_metrics()
        with no_recording():
            logs = loops.plain_logs(self.test_step(loops.as_data(batch)))
        return logs if return_dict else self._as_list(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as NumPy arrays."""
        batch = one_batch((x, None, None), finite=False)
        with no_recording():
            return loops.as_arrays(self.predict_step(loops.as_data(batch)))

    def _get_ready(self, batch: Batch) -> None:
        """Build what is not built yet, for inputs shaped as those of `batch`."""
        layers = self._flatten_layers()  # type: ignore[attr-defined]
        if all(layer.built for layer in layers):
            return
        stateful = any(getattr(layer, "stateful", False) for layer in layers)

        def symbol(array: Any) -> KerasTensor:
            rows = array.shape[0] if stateful else None
            return KerasTensor((rows, *array.shape[1:]), array.dtype.name)

        try:
            self._prepare((map_structure(symbol, batch[0]),), {})  # type: ignore[attr-defined]
        except NotImplementedError:
            if type(self).train_step is Trainer.train_step:
                raise

    def _as_list(self, logs: dict[str, Any]) -> Any:
        """Values in the order loss, metrics, losses of outputs; a single one by itself."""
        order: list[str] = []
        for metric in self.metrics:
            if isinstance(metric, CompiledMetrics):
                order += [m.name for m in metric.metrics]
            else:
                order.append(metric.name)
        values = [logs[name] for name in order if name in logs]
        values += [logs[name] for name in sorted(logs) if name not in order]
        return values[0] if len(values) == 1 else values
