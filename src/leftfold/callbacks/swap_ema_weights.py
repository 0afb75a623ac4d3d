"""Judging a model by its averaged weights while it trains on."""

from __future__ import annotations

from leftfold.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Puts the averaged weights into the model while it is evaluated or predicts.

    The optimiser must keep them: `use_ema=True`.

    Args:
        swap_on_epoch: whether they are in the model at the end of each epoch too, for callbacks
            behind this one, such as `ModelCheckpoint`.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _swap(self, wanted: bool) -> None:
        if wanted == self._swapped:
            return
        optimizer = self.model.optimizer
        if not optimizer.use_ema:
            raise ValueError("SwapEMAWeights expected an optimizer with use_ema=True.")
        if optimizer.built:
            optimizer.swap_averages()
        self._swapped = wanted

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch:
            self._swap(True)

    def on_train_end(self, logs: Logs = None) -> None:
        self._swap(False)

    def on_test_begin(self, logs: Logs = None) -> None:
        self._swap(True)

    def on_test_end(self, logs: Logs = None) -> None:
        self._swap(False)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._swap(True)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._swap(False)
