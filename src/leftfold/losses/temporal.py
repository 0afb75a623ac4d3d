"""Losses of sequences whose labels have no place in time yet."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.losses.loss import Loss, LossFunctionWrapper
from leftfold.losses.reduction import reduce_losses


def ctc(y_true: Any, y_pred: Any) -> Any:
    """Connectionist temporal classification: see `ops.ctc_loss`.

    A. Graves et al., "Connectionist Temporal Classification", 2006.

    Args:
        y_true: labels from 1, `(batch, labels)`, with 0 behind short rows; 0 is the blank.
        y_pred: logits `(batch, steps, classes)`. Of a network with a mask, the steps that it hides
            do not count.

    Returns:
        One loss per row, `(batch,)`.

    Raises:
        ValueError: for shapes that do not fit, labels that are no classes, or a row that has more
            labels than its steps can speak.
    """
    if len(y_true.shape) != 2 or len(y_pred.shape) != 3:
        raise ValueError(
            "ctc expected y_true (batch, labels) and y_pred (batch, steps, classes), got "
            f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}."
        )
    labels = as_full_array(y_true)
    mask = getattr(y_pred, "_keras_mask", None)
    counts = np.ones(y_pred.shape[:2], bool) if mask is None else np.asarray(mask, bool)
    return ops.ctc_loss(labels, y_pred, (labels != 0).sum(1), counts)


class CTC(LossFunctionWrapper):
    """Labels without places in time, see `ctc`.

    Args:
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.

    Example:
        >>> round(float(CTC()([[1, 2]], np.zeros((1, 3, 3), "float32"))), 4)
        1.6864
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch; `sample_weight` has one weight per row, `(batch,)`."""
        return reduce_losses(self.call(y_true, y_pred), sample_weight, None, self.reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        mask = getattr(y_pred, "_keras_mask", None)
        logits = self._to_prediction(y_pred)
        if mask is not None and isinstance(logits, Tensor):
            logits._keras_mask = mask
        return ctc(ops.convert_to_tensor(y_true), logits)

    def get_config(self) -> dict[str, Any]:
        return Loss.get_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)
