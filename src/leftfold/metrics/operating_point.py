"""One rate at the threshold where another one is good enough."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from leftfold.engine import config
from leftfold.engine.tensor import Tensor
from leftfold.metrics.confusion import Confusion, count_confusion, prepare
from leftfold.metrics.metric import Metric, ratio

_RATES = {
    "sensitivity": ("true_positives", "false_negatives"),
    "recall": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
    "precision": ("true_positives", "false_positives"),
}


class _AtRate(Metric):
    """The best rate among the thresholds at which another rate is at least as asked for."""

    _given: ClassVar[str]
    _wanted: ClassVar[str]
    _direction = "up"

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        kind = type(self).__name__
        super().__init__(dtype, name)
        if not 0 <= value <= 1:
            raise ValueError(f"{kind} expected {self._given} from 0 to 1, got {value}.")
        if num_thresholds <= 0:
            raise ValueError(
                f"{kind} expected num_thresholds to be positive, got {num_thresholds}."
            )
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self.thresholds = [0.5] if num_thresholds == 1 else list(np.linspace(0, 1, num_thresholds))
        for count in Confusion._fields:
            setattr(self, count, self._counter((num_thresholds,), count))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        kind = type(self).__name__
        actual, scores, weight = prepare(kind, y_true, y_pred, sample_weight, None, self.class_id)
        thresholds = np.array(self.thresholds)
        if len(thresholds) > 1:
            thresholds[0] = -config.epsilon()  # at 0 everything is predicted, as in Keras
        confusion = count_confusion(actual, scores, weight, thresholds)
        for count in Confusion._fields:
            getattr(self, count).data[...] += getattr(confusion, count)[:, 0]

    def _rate(self, name: str) -> np.ndarray:
        hits, others = (getattr(self, count).data for count in _RATES[name])
        return ratio(hits, hits + others)

    def result(self) -> Tensor:
        good = self._rate(self._given) >= self.value
        return self._tensor(self._rate(self._wanted)[good].max(initial=0.0))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            self._given: self.value,
            "num_thresholds": self.num_thresholds,
            "class_id": self.class_id,
        }


class SensitivityAtSpecificity(_AtRate):
    """The share of ones found, at the best threshold that keeps enough zeros apart.

    Args:
        specificity: the share of zeros that must be predicted as such, from 0 to 1.
        num_thresholds: number of thresholds from 0 to 1.
        class_id: the only class that counts.
        name: the metric's name.
        dtype: the float type of the result.

    Example:
        >>> metric = SensitivityAtSpecificity(0.5)
        >>> float(metric([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    _given, _wanted = "specificity", "sensitivity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity


class SpecificityAtSensitivity(_AtRate):
    """The share of zeros kept apart, at the best threshold that finds enough ones.

    Args:
        sensitivity: the share of ones that must be predicted as such, from 0 to 1.
        num_thresholds: number of thresholds from 0 to 1.
        class_id: the only class that counts.
        name: the metric's name.
        dtype: the float type of the result.
    """

    _given, _wanted = "sensitivity", "specificity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity


class PrecisionAtRecall(_AtRate):
    """The share of predicted ones that are, at the best threshold that finds enough of them.

    Args:
        recall: the share of ones that must be found, from 0 to 1.
        num_thresholds: number of thresholds from 0 to 1.
        class_id: the only class that counts.
        name: the metric's name.
        dtype: the float type of the result.
    """

    _given, _wanted = "recall", "precision"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall


class RecallAtPrecision(_AtRate):
    """The share of ones found, at the best threshold at which enough of those predicted are.

    Args:
        precision: the share of predicted ones that must be, from 0 to 1.
        num_thresholds: number of thresholds from 0 to 1.
        class_id: the only class that counts.
        name: the metric's name.
        dtype: the float type of the result.
    """

    _given, _wanted = "precision", "recall"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision
