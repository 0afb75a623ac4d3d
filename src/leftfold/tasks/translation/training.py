"""Training a translator: at a pace that follows the clock, judged by what it writes if wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from leftfold.callbacks import Callback
from leftfold.tasks.text.training import Pace, train_paced
from leftfold.tasks.training import Training

Rows = list[np.ndarray]


class FigureOfEpoch(Callback):
    """Writes the validation part after each epoch and adds its figure to the logs.

    Args:
        figure: says how good the model is, more is better.
    """

    def __init__(self, figure: Callable[[], float]) -> None:
        super().__init__()
        self.figure = figure

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["val_figure"] = self.figure()


class Speed(Callback):
    """Counts the seconds that steps of training take, without judging.

    Attributes:
        seconds: of all steps.
        steps: how many there were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds, self.steps = 0.0, 0
        self._begin = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._begin = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seconds += time.perf_counter() - self._begin
        self.steps += 1


def train_translator(
    model: Any,
    train: tuple[Rows, Rows],
    validation: tuple[Rows, Rows],
    *,
    figure: Callable[[], float] | None,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    time_limit: float | None,
    patience: int,
    verbose: int | str,
    callbacks: Sequence[Callback] = (),
) -> tuple[Training, float]:
    """Fit a compiled `EncoderDecoder` and give it the weights of its best epoch.

    Args:
        model: compiled.
        train: sources and targets, as ids.
        validation: likewise, to judge each epoch by.
        figure: says how good the model is, to choose by; `None` to choose by the loss.
        epochs: at most.
        batch_size: pairs in a step.
        learning_rate: the highest; see `Pace`.
        time_limit: seconds at most.
        patience: epochs without improvement before training cools down.
        verbose: as in `Model.fit`.
        callbacks: further ones.

    Returns:
        How it went, and how many target tokens were learnt from in a second.
    """
    steps = -(-len(train[0]) // batch_size) * epochs
    monitor = ("val_loss", False) if figure is None else ("val_figure", True)
    pace = Pace(learning_rate, steps, time_limit, patience, time.monotonic, *monitor)
    before = [] if figure is None else [FigureOfEpoch(figure)]
    speed = Speed()

    def fit(extra: list[Callback]) -> None:
        model.fit(
            *train,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=[*extra, speed],
            validation_data=validation,
            validation_batch_size=256,
        )

    training = train_paced(model, pace, fit, callbacks, before)
    tokens = sum(len(row) + 1 for row in train[1]) / len(train[1]) * batch_size
    return training, tokens * speed.steps / speed.seconds if speed.seconds else 0.0
