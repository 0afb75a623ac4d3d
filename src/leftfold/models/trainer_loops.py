"""The loops of `fit`, `evaluate` and `predict`: batch after batch, with callbacks around them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.callbacks import CallbackList, History
from leftfold.engine import Tensor, no_recording
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.models.data import Epochs
from leftfold.models.data_arrays import row_count
from leftfold.models.data_sources import Batch, pack_x_y_sample_weight
from leftfold.models.progress import Progress, make_progress

if TYPE_CHECKING:
    from leftfold.models.trainer import Trainer


@dataclass
class FitJob:
    """What one call of `fit` has to do.

    Attributes:
        training: the batches to learn from.
        validation: the batches to judge on, if any.
        initial_epoch: epochs done before.
        epochs: the number of the last epoch.
        validation_freq: judge every so many epochs, or after the listed ones.
    """

    training: Epochs
    validation: Epochs | None
    initial_epoch: int
    epochs: int
    validation_freq: int | Sequence[int]

    def validates_after(self, epoch: int) -> bool:
        """Whether the model is judged after this epoch, counted from 0."""
        if self.validation is None:
            return False
        if isinstance(self.validation_freq, int):
            return (epoch + 1) % self.validation_freq == 0
        return epoch + 1 in self.validation_freq


class Callbacks:
    """The callbacks of one run, with its progress report, in order however the run ends.

    Args:
        model: the model that runs.
        callbacks: the user's.
        batches: what the run goes through.
        verbose: what to report.
        epochs: how many epochs there will be.
        history: whether to record them.
    """

    def __init__(
        self,
        model: Trainer,
        callbacks: Any,
        batches: Epochs,
        verbose: int | str,
        epochs: int = 1,
        history: bool = False,
    ) -> None:
        self.progress: Progress | None = None
        self.padding: Any = getattr(batches.source, "padding", None)
        if isinstance(callbacks, CallbackList):
            self.list = callbacks
        else:
            given = list(leaves(callbacks)) if callbacks is not None else []
            if not any(isinstance(callback, Progress) for callback in given):
                self.progress = make_progress(verbose, batches.rows)
            self.list = CallbackList(
                [*given, *([self.progress] if self.progress else [])],
                add_history=history,
                model=model,
                verbose=verbose,
                epochs=epochs,
                steps=batches.steps,
            )

    def __enter__(self) -> CallbackList:
        if self.padding is not None:
            self.list.model.history.padding = self.padding
            if self.progress is not None and not self.padding.cut:
                self.progress.say(str(self.padding))
        return self.list

    def __exit__(self, *error: object) -> None:
        if self.progress is not None:
            self.progress.close()


def as_tensors(structure: Any) -> Any:
    """A structure with every array as a tensor."""
    if type(structure) is np.ndarray:
        return Tensor(structure)
    return None if structure is None else map_structure(as_tensors, structure)


def as_data(batch: Batch) -> Any:
    """A batch as steps receive it: tensors `x`, `(x, y)` or `(x, y, sample_weight)`."""
    x, y, sample_weight = batch
    return pack_x_y_sample_weight(as_tensors(x), as_tensors(y), as_tensors(sample_weight))


def as_arrays(structure: Any) -> Any:
    """A model's outputs with every tensor as an array."""
    return map_structure(lambda leaf: leaf.data if isinstance(leaf, Tensor) else leaf, structure)


def plain_logs(logs: Any) -> dict[str, Any]:
    """What a step returned, as numbers by name in alphabetical order."""
    plain: dict[str, Any] = {}
    for name, value in logs.items() if logs else ():
        if type(value) is not Tensor and isinstance(value, Mapping):
            plain.update(plain_logs(value))
        else:
            plain[name] = _number(value)
    return plain if len(plain) < 2 else dict(sorted(plain.items()))


def _number(value: Any) -> Any:
    if type(value) is float:
        return value
    if type(value) is Tensor:
        value = value.data
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.asarray(value)


def check_loss(model: Trainer, logs: Mapping[str, Any], where: str) -> None:
    """Stop where the loss is not a number any more.

    Raises:
        FloatingPointError: if `logs["loss"]` is NaN or infinite.
    """
    loss = logs.get("loss")
    if not isinstance(loss, float) or math.isfinite(loss):
        return
    weights = "the weights are those from before that batch"
    if not all(np.isfinite(w.data).all() for w in model.weights):  # type: ignore[attr-defined]
        weights = "the step before had already spoiled the weights"
    raise FloatingPointError(
        f"The loss is {loss} in {where}: training stopped, {weights}. Targets with NaN, logarithms "
        "or divisions of zero in a loss, or steps that are too large do this: look at the data, "
        "lower the learning rate, or give the optimizer clipnorm=1.0."
    )


def fit(model: Trainer, job: FitJob, callbacks: CallbackList) -> History:
    """Train; the callbacks hear the end of training however it ends, short of a mistake."""
    model.stop_training = False
    callbacks.on_train_begin()
    first = model.__dict__.pop("_initial_epoch", None) or job.initial_epoch
    logs: dict[str, Any] = {}
    try:
        for epoch in range(first, job.epochs):
            logs = _fit_epoch(model, job, callbacks, epoch)
            if model.stop_training:
                break
    except KeyboardInterrupt:
        callbacks.on_train_end(logs)
        raise
    finally:
        if job.epochs > first and model.optimizer is not None and model.optimizer.built:
            model.optimizer.finalize_variable_values(model.optimizer.buffer.variables)
    callbacks.on_train_end(logs)
    history: History = model.history
    return history


def _fit_epoch(model: Trainer, job: FitJob, callbacks: CallbackList, epoch: int) -> dict[str, Any]:
    model.reset_metrics()
    callbacks.on_epoch_begin(epoch)
    raw: Any = {}
    for step, batch in enumerate(job.training):
        callbacks.on_train_batch_begin(step)
        with np.errstate(over="ignore", invalid="ignore"):  # `check_loss` tells it better
            raw = model.train_step(as_data(batch))
        logs = plain_logs(raw)
        callbacks.on_train_batch_end(step, logs)
        if model.stop_training:
            break
        check_loss(model, logs, f"batch {step + 1} of epoch {epoch + 1}")
    logs = plain_logs(raw)
    if job.validates_after(epoch):
        assert job.validation is not None
        judged = evaluate(model, job.validation, callbacks)
        logs |= {f"val_{name}": value for name, value in judged.items()}
        logs = dict(sorted(logs.items()))
    callbacks.on_epoch_end(epoch, logs)
    return logs


def evaluate(model: Trainer, epochs: Epochs, callbacks: CallbackList) -> dict[str, Any]:
    """Loss and metrics over one pass, without training."""
    model.stop_evaluating = False
    epochs.restart()
    callbacks.on_test_begin()
    model.reset_metrics()
    logs: dict[str, Any] = {}
    with no_recording():
        for step, batch in enumerate(epochs):
            callbacks.on_test_batch_begin(step)
            logs = plain_logs(model.test_step(as_data(batch)))
            callbacks.on_test_batch_end(step, logs)
            if model.stop_evaluating:
                break
    callbacks.on_test_end(logs)
    return logs


def predict(model: Trainer, epochs: Epochs, callbacks: CallbackList) -> Any:
    """The outputs over one pass, put together batch by batch."""
    model.stop_predicting = False
    collected = Collector(epochs.rows)
    callbacks.on_predict_begin()
    with no_recording():
        for step, batch in enumerate(epochs):
            callbacks.on_predict_batch_begin(step)
            outputs = as_arrays(model.predict_step(as_data(batch)))
            collected.add(outputs, row_count(batch[0]))
            callbacks.on_predict_batch_end(step, {"outputs": outputs})
            if model.stop_predicting:
                break
    callbacks.on_predict_end()
    return collected.result()


class Collector:
    """Batches of outputs one behind the other.

    Where the number of rows is known, each output is written into its place at once; batches
    whose rows have different shapes cannot be put together.

    Args:
        rows: how many rows there will be, if known.
    """

    def __init__(self, rows: int | None) -> None:
        self.rows = rows
        self.structure: Any = None
        self.parts: list[list[np.ndarray]] = []
        self.wholes: list[np.ndarray] = []
        self.filled = 0

    def add(self, outputs: Any, rows: int) -> None:
        """Take the outputs for a batch of `rows` rows."""
        arrays = [np.asarray(leaf) for leaf in leaves(outputs)]
        if self.structure is None:
            self.structure = outputs
            self.parts = [[] for _ in arrays]
            if self.rows is not None and all(a.ndim and len(a) == rows for a in arrays):
                self.wholes = [np.empty((self.rows, *a.shape[1:]), a.dtype) for a in arrays]
        if self.wholes:
            until = self.filled + len(arrays[0])
            for whole, array in zip(self.wholes, arrays, strict=True):
                whole[self.filled : until] = array
            self.filled = until
        else:
            for part, array in zip(self.parts, arrays, strict=True):
                part.append(array)

    def result(self) -> Any:
        """All outputs, in the structure of the model's."""
        if self.structure is None:
            raise ValueError("x expected at least one batch to predict, got none.")
        if self.wholes:
            arrays = iter([whole[: self.filled] for whole in self.wholes])
        else:
            arrays = iter([np.concatenate(part) for part in self.parts])
        return _refill(self.structure, arrays)


def _refill(structure: Any, arrays: Any) -> Any:
    """`structure` with its leaves, in the order of `leaves`, taken from `arrays`."""
    if isinstance(structure, list | tuple):
        return type(structure)([_refill(item, arrays) for item in structure])
    if isinstance(structure, dict):
        values = {key: _refill(structure[key], arrays) for key in sorted(structure)}
        return {key: values[key] for key in structure}
    return next(arrays)
