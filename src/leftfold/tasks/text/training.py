"""Training at a pace: learning rates that follow the clock, and a cool-down when it has enough."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from leftfold.callbacks import Callback
from leftfold.tasks.text.windows import Windows
from leftfold.tasks.training import Training

_WARM_UP = 100
"""Steps in which the learning rate rises, or fewer where there are few."""

_WARM_SHARE = 0.05
"""Of the whole training, at most, in which it rises."""

_LAST = 0.02
"""The learning rate in the end, as a share of the highest."""

_COOL_DOWN = 0.3
"""Steps of the cool-down, as a share of those before it."""


class Pace(Callback):
    """Leads the learning rate from its peak to almost nothing, and keeps the best weights.

    The rate falls by a cosine over the steps of all epochs or the time limit, whichever is used
    up faster, so that training has come to rest when it has to end. When the figure of the
    validation part has not improved for `patience` epochs before that, the best weights return and
    the rate falls to its end at once, in a cool-down, which usually improves on them.

    Args:
        peak: the highest learning rate.
        steps: of all epochs.
        time_limit: seconds until the end; `None` for no limit.
        patience: epochs without improvement.
        clock: what tells the seconds.
        monitor: the figure of each epoch that decides; between equal ones, the validation loss.
        largest: whether more of it is better.

    Reference: Loshchilov and Hutter, "SGDR" (2017), for the cosine.
    """

    def __init__(
        self,
        peak: float,
        steps: int,
        time_limit: float | None,
        patience: int,
        clock: Callable[[], float] = time.monotonic,
        monitor: str = "val_loss",
        largest: bool = False,
    ) -> None:
        super().__init__()
        self.peak = peak
        self.steps = steps
        self.time_limit = time_limit
        self.patience = patience
        self.clock = clock
        self.monitor = monitor
        self.sign = -1 if largest else 1
        self.taken = 0
        self.started = clock()
        self.best = math.inf, math.inf
        self.best_epoch = -1
        self.weights: list[np.ndarray] = []
        self.ended_by = "epochs"
        self._cooling: tuple[int, int, float] | None = None
        """Where a cool-down begins and ends, in steps, and its first learning rate."""

    def progress(self) -> float:
        """The share of the training that is over, by steps or by time."""
        by_time = 0.0
        if self.time_limit is not None:
            by_time = (self.clock() - self.started) / self.time_limit
        return max(self.taken / self.steps, by_time)

    def rate(self) -> float:
        """The learning rate now."""
        warm = min(1.0, max((self.taken + 1) / _WARM_UP, self.progress() / _WARM_SHARE))
        if self._cooling is not None:
            begin, end, first = self._cooling
            left = max(0.0, (end - self.taken) / (end - begin))
            return max(first * left, _LAST * self.peak)
        wave = 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress())))
        return self.peak * warm * max(wave, _LAST)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.reset_states()

    def on_test_begin(self, logs: Any = None) -> None:
        self.model.reset_states()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = self.rate()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.taken += 1
        if self.time_limit is not None and self.clock() - self.started >= self.time_limit:
            self.ended_by = "time limit"
            self.model.stop_training = True
        elif self._cooling is not None and self.taken >= self._cooling[1]:
            self.ended_by = "patience"
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        found = logs or {}
        standing = self.sign * float(found[self.monitor]), float(found.get("val_loss", 0.0))
        if standing < self.best:
            self.best, self.best_epoch = standing, epoch
            self.weights = self.model.get_weights()
        elif epoch - self.best_epoch >= self.patience and self._cooling is None:
            first = self.rate()
            self.model.set_weights(self.weights)
            end = self.taken + max(1, round(_COOL_DOWN * self.taken))
            self._cooling = self.taken, end, first


def train_writer(
    model: Any,
    train: Windows,
    validation: Windows,
    *,
    epochs: int,
    learning_rate: float,
    time_limit: float | None,
    patience: int,
    verbose: int | str,
    callbacks: Sequence[Callback] = (),
) -> Training:
    """Fit a compiled stateful model and give it the weights of its best epoch.

    Ctrl-C ends training like a time limit; the caller sees it in `ended_by`.
    """
    pace = Pace(learning_rate, max(1, len(train) * epochs), time_limit, patience)

    def fit(extra: list[Callback]) -> None:
        model.fit(
            train,
            epochs=epochs,
            shuffle=False,  # a window goes on where the one before ended
            verbose=verbose,
            callbacks=extra,
            validation_data=validation,
        )

    return train_paced(model, pace, fit, callbacks)


def train_paced(
    model: Any,
    pace: Pace,
    fit: Callable[[list[Callback]], Any],
    callbacks: Sequence[Callback] = (),
    before: Sequence[Callback] = (),
) -> Training:
    """Train at a pace and give the model the weights of its best epoch.

    Ctrl-C ends training like a time limit; the caller sees it in `ended_by`.

    Args:
        model: compiled.
        pace: which learning rate, and until when.
        fit: trains the model with the callbacks it gets.
        callbacks: further ones.
        before: those that make the figure that the pace looks at.
    """
    result = Training()
    started = time.perf_counter()
    try:
        fit([*before, pace, *callbacks])
        result.ended_by = pace.ended_by
    except KeyboardInterrupt:
        result.ended_by = "interrupt"
    result.seconds = time.perf_counter() - started
    history = getattr(model.history, "history", {})
    result.history = {name: list(map(float, values)) for name, values in history.items()}
    result.best_epoch = pace.best_epoch
    if pace.weights:
        model.set_weights(pace.weights)
    return result
