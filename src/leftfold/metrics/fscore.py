"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.metrics.metric import Metric


class FBetaScore(Metric):
    """The harmonic mean of precision and recall, recall counting `beta` times as much.

    Args:
        average: over classes: `None` (one score each), `"micro"` (count all classes as one),
            `"macro"` (the mean) or `"weighted"` (by how often the classes occur).
        beta: the weight of recall, positive.
        threshold: a prediction above it means 1; `None` for only the greatest of a sample.
        name: the metric's name.
        dtype: the float type of the result.
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        kind = type(self).__name__
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                f"{kind} expected average to be None, 'micro', 'macro' or 'weighted', "
                f"got {average!r}."
            )
        if not isinstance(beta, int | float | np.number) or beta <= 0:
            raise ValueError(f"{kind} expected beta to be a positive number, got {beta!r}.")
        share = isinstance(threshold, int | float | np.number) and 0 < threshold <= 1
        if threshold is not None and not share:
            raise ValueError(f"{kind} expected threshold above 0, up to 1, got {threshold!r}.")
        super().__init__(dtype, name)
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, classes: int) -> None:
        shape = () if self.average == "micro" else (classes,)
        self.true_positives = self._counter(shape, "true_positives")
        self.false_positives = self._counter(shape, "false_positives")
        self.false_negatives = self._counter(shape, "false_negatives")
        self.intermediate_weights = self._counter(shape, "intermediate_weights")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = as_full_array(y_true), as_full_array(y_pred)
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"{type(self).__name__} expected y_true and y_pred of shape (batch, classes), "
                f"got {y_true.shape} and {y_pred.shape}."
            )
        if not self._built:
            self._build(y_pred.shape[1])
        if self.threshold is None:
            greatest = y_pred == y_pred.max(axis=-1, keepdims=True)
            predicted = greatest & (np.abs(y_pred) > 1e-9)
        else:
            predicted = y_pred > self.threshold
        weight = np.ones((len(y_true), 1))
        if sample_weight is not None:
            weight = np.asarray(sample_weight, np.float64).reshape(-1, 1)
        axis = None if self.average == "micro" else 0
        truth, guess = y_true.astype(np.float64), predicted.astype(np.float64)
        self.true_positives.data[...] += (weight * guess * truth).sum(axis)
        self.false_positives.data[...] += (weight * guess * (1 - truth)).sum(axis)
        self.false_negatives.data[...] += (weight * (1 - guess) * truth).sum(axis)
        self.intermediate_weights.data[...] += (weight * truth).sum(axis)

    def result(self) -> Tensor:
        if not self._built:
            return self._tensor(0.0)
        small = config.epsilon()
        hits = self.true_positives.data
        precision = hits / (hits + self.false_positives.data + small)
        recall = hits / (hits + self.false_negatives.data + small)
        weight = self.beta**2
        scores = (1 + weight) * precision * recall / (weight * precision + recall + small)
        if self.average == "weighted":
            shares = self.intermediate_weights.data / (self.intermediate_weights.data.sum() + small)
            return self._tensor((scores * shares).sum())
        return self._tensor(scores if self.average is None else scores.mean())

    def get_config(self) -> dict[str, Any]:
        settings = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **settings}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Args:
        average: see `FBetaScore`.
        threshold: see `FBetaScore`.
        name: the metric's name.
        dtype: the float type of the result.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        settings = super().get_config()
        del settings["beta"]
        return settings
