"""The coefficient of determination."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import Variable
from leftfold.losses.regression import aligned
from leftfold.metrics.metric import Metric


class R2Score(Metric):
    """The share of the targets' variance that predictions explain (coefficient of determination).

    Args:
        class_aggregation: `"uniform_average"` over outputs, `"variance_weighted_average"`, or
            `None` for one score per output.
        num_regressors: number of inputs, for the adjusted score; 0 for the plain one.
        name: the metric's name.
        dtype: the float type of the result.
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        known = ("uniform_average", "variance_weighted_average", None)
        if class_aggregation not in known:
            raise ValueError(
                f"R2Score expected class_aggregation to be one of {known}, "
                f"got {class_aggregation!r}."
            )
        if num_regressors < 0:
            raise ValueError(f"R2Score expected num_regressors >= 0, got {num_regressors}.")
        super().__init__(dtype, name)
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self._counter((), "num_samples")
        self._sums: Variable | None = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = (np.asarray(y.data, np.float64) for y in aligned(y_true, y_pred))
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                "R2Score expected y_true and y_pred of shape (batch, outputs), got "
                f"{y_true.shape} and {y_pred.shape}."
            )
        if self._sums is None:
            self._sums = self._counter((4, y_true.shape[-1]), "sums")
        weight = np.ones_like(y_true)
        if sample_weight is not None:
            weight *= np.asarray(sample_weight).reshape(len(y_true), -1)
        parts = (weight, weight * y_true, weight * y_true**2, weight * (y_true - y_pred) ** 2)
        self._sums.data[...] += np.stack([part.sum(axis=0) for part in parts])
        self.num_samples.data[...] += y_true.size

    def result(self) -> Tensor:
        if self._sums is None:
            return self._tensor(0.0)
        count, total, squares, residual = self._sums.data
        spread = squares - total * total / count
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = 1 - residual / spread
        scores = np.where(np.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (spread * scores).sum() / spread.sum()
        free = float(self.num_samples.data) - self.num_regressors - 1
        if self.num_regressors and free > 0:
            scores = 1 - (1 - scores) * (float(self.num_samples.data) - 1) / free
        return self._tensor(scores)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
