"""What every callback is: something that is told what training is about to do and has done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Logs = dict[str, Any] | None


class Callback:
    """Base class of callbacks: override the hooks you need.

    `logs` holds the figures so far by name (`"loss"`, `"accuracy"`, `"val_loss"`, ...). What a
    callback adds to the logs of an epoch ends up in the history. Setting
    `self.model.stop_training = True` ends training after the current batch.

    Attributes:
        model: the model that runs.
        params: `"epochs"`, `"steps"` and `"verbose"` of the run.

    Example:
        >>> class Losses(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, logs["loss"])
        >>> Losses().on_epoch_end(0, {"loss": 0.5})
        0 0.5
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model that runs."""
        return self._model

    def set_model(self, model: Any) -> None:
        self._model = model

    def set_params(self, params: Mapping[str, Any] | None) -> None:
        self.params = None if params is None else dict(params)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Training starts."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Training is over."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """An epoch starts; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """An epoch is over, its validation included."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """A batch of training starts; the first of an epoch is 0."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """A batch of training is over."""
        self.on_batch_end(batch, logs=logs)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """`on_train_batch_begin` under its older name."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """`on_train_batch_end` under its older name."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Evaluation starts, also that of validation data within `fit`."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Evaluation is over."""

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """A batch of evaluation starts."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """A batch of evaluation is over."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Prediction starts."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Prediction is over."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """A batch of prediction starts."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """A batch of prediction is over."""
