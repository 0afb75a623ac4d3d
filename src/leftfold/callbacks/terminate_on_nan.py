"""Stopping when the loss is no number any more."""

from __future__ import annotations

import math

from leftfold.callbacks.callback import Callback, Logs


class TerminateOnNaN(Callback):
    """Ends training when the loss is NaN or infinite.

    Args:
        raise_error: whether to raise an error instead of ending training quietly.

    Raises:
        RuntimeError: from `fit`, with `raise_error`, naming the batch and the loss.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"The loss of batch {batch} is {float(loss)}: training stopped.")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
