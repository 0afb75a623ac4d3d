"""A cross-entropy that wrong labels disturb less."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.losses.classes import _MEAN, _Named


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """`(1 - p**q) / q`, with `p` the predicted probability of the true class.

    Zhang and Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with
    Noisy Labels", 2018.

    Args:
        y_true: class numbers, `(batch,)`.
        y_pred: probabilities, `(batch, classes)`.
        q: between 0, where it becomes the cross-entropy, and 1, the mean absolute error.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    targets = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)
    if len(targets.shape) > len(y_pred.shape):
        targets = ops.squeeze(targets, axis=-2)
    return (1 - ops.power(ops.sum(y_pred * targets, axis=-1), q)) / q


class CategoricalGeneralizedCrossEntropy(_Named):
    """Cross-entropy of class numbers of which some are wrong.

    See `categorical_generalized_cross_entropy`.

    Args:
        q: above 0 and below 1: how little wrong class numbers disturb.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function = staticmethod(categorical_generalized_cross_entropy)

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = _MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(
                f"CategoricalGeneralizedCrossEntropy expected q between 0 and 1, got {q}."
            )
        super().__init__(reduction, name, dtype, q=q)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **self._fn_kwargs)
