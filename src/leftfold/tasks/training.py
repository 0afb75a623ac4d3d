"""Training with a limit on time, the best weights kept whatever ends it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold.callbacks import Callback, SwapEMAWeights


class TimeLimit(Callback):
    """Ends training after so many seconds, in the middle of an epoch if need be.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.until = time.monotonic() + seconds
        self.reached = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if time.monotonic() >= self.until:
            self.reached = True
            self.model.stop_training = True


class FallingRate(Callback):
    """Lets the learning rate fall by a cosine over steps or seconds, whichever are used up faster.

    Training that ends by the clock has then come to rest as well.

    Args:
        peak: the rate at the beginning.
        steps: of all epochs.
        seconds: from the first step on.
        last: the rate in the end, as a share of the peak.
        clock: what tells the seconds.
    """

    def __init__(
        self,
        peak: float,
        steps: int,
        seconds: float,
        last: float = 0.05,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.peak, self.steps, self.seconds, self.last = peak, steps, seconds, last
        self.clock = clock
        self.taken = 0
        self.started: float | None = None

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        now = self.clock()
        self.started = now if self.started is None else self.started
        by_time = (now - self.started) / self.seconds if self.seconds > 0 else 1.0
        done = min(1.0, max(self.taken / self.steps, by_time))
        wave = 0.5 * (1 + math.cos(math.pi * done))
        self.model.optimizer.learning_rate = self.peak * (self.last + (1 - self.last) * wave)
        self.taken += 1


class KeepBest(Callback):
    """Remembers the weights of the epoch that did best, and ends training after others.

    Args:
        monitor: the figure to judge by.
        largest: whether more is better.
        patience: epochs without improvement after which training ends; `None` for no end.
    """

    def __init__(self, monitor: str, largest: bool, patience: int | None = None) -> None:
        super().__init__()
        self.monitor = monitor
        self.sign = 1 if largest else -1
        self.patience = patience
        self.best: float | None = None
        self.epoch = -1
        self.weights: list[np.ndarray] = []
        self.exhausted = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self.sign * float((logs or {})[self.monitor])
        if self.best is None or value > self.best:
            self.best, self.epoch = value, epoch
            self.weights = self.model.get_weights()
        elif self.patience is not None and epoch - self.epoch >= self.patience:
            self.exhausted = True
            self.model.stop_training = True


@dataclass
class Training:
    """How a training went.

    Attributes:
        history: figures by name, one for each epoch.
        best_epoch: the epoch, from 0, whose weights the model has; -1 if none was finished.
        seconds: of wall-clock time.
        ended_by: `"epochs"`, `"patience"`, `"time limit"` or `"interrupt"`.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int = -1
    seconds: float = 0.0
    ended_by: str = "epochs"


def train(
    model: Any,
    x: Any,
    y: Any,
    validation: Any,
    *,
    epochs: int,
    batch_size: int | None,
    monitor: str = "val_loss",
    largest: bool = False,
    patience: int | None = None,
    time_limit: float | None = None,
    verbose: int | str = 0,
    callbacks: Sequence[Callback] = (),
    **options: Any,
) -> Training:
    """Fit a compiled model and give it the weights of its best epoch.

    A model whose optimiser averages its weights (`use_ema=True`) is judged by the averages and
    ends with them. Ctrl-C ends training like a time limit; the caller sees it in `ended_by`.

    Args:
        model: compiled.
        x: inputs, as `Model.fit` takes them.
        y: targets.
        validation: inputs and targets, or a data set, to judge each epoch by; without (`None`),
            the last epoch is the best.
        epochs: at most.
        batch_size: rows in a step; `None` for a data set, which cuts its own batches.
        monitor: the figure to judge an epoch by.
        largest: whether more of it is better.
        patience: epochs without improvement before training ends.
        time_limit: seconds of training at most.
        verbose: as in `Model.fit`.
        callbacks: further callbacks.
        **options: further arguments of `Model.fit`.
    """
    best = KeepBest(monitor, largest, patience)
    limit = TimeLimit(time_limit) if time_limit is not None else None
    averaged = [SwapEMAWeights(swap_on_epoch=True)] if model.optimizer.use_ema else []
    watching = [*averaged, *([best] if validation is not None else [])]
    extra = [*watching, *([limit] if limit else []), *callbacks]
    result = Training()
    started = time.perf_counter()
    try:
        model.fit(x, y, batch_size, epochs, verbose, extra, validation_data=validation, **options)
    except KeyboardInterrupt:
        result.ended_by = "interrupt"
    result.seconds = time.perf_counter() - started
    history = model.history
    result.history = {name: list(map(float, v)) for name, v in history.history.items()}
    result.best_epoch = best.epoch if validation is not None else len(history.epoch) - 1
    if best.weights:
        model.set_weights(best.weights)
    if result.ended_by != "interrupt":
        if limit is not None and limit.reached:
            result.ended_by = "time limit"
        elif best.exhausted:
            result.ended_by = "patience"
    return result
