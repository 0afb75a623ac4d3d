"""The area under the ROC curve or the precision-recall curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.engine.tensor import Tensor
from leftfold.metrics.confusion import Confusion, count_confusion, prepare
from leftfold.metrics.metric import Metric, ratio

_CURVES = ("ROC", "PR", "PRGAIN")
_METHODS = ("interpolation", "majoring", "minoring")


class AUC(Metric):
    """The area under a curve, as a sum over thresholds.

    Args:
        num_thresholds: number of thresholds, evenly spread; the more, the nearer to the area
            under the curve through every prediction.
        curve: `"ROC"` (recall over false positive rate), `"PR"` (precision over recall) or
            `"PRGAIN"` (their gains over chance).
        summation_method: heights between neighbouring points: `"interpolation"` (the mean; for
            `"PR"` by Davis and Goadrich, "The Relationship Between Precision-Recall and ROC
            Curves", 2006), `"majoring"` (the higher), `"minoring"` (the lower).
        name: the metric's name.
        dtype: the float type of the result.
        thresholds: the inner thresholds themselves, in place of `num_thresholds`.
        multi_label: whether each column is a question of its own, whose areas are averaged.
        num_labels: number of columns for `multi_label`.
        label_weights: weights of the columns.
        from_logits: whether predictions are numbers before the sigmoid.
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(f"AUC expected num_thresholds to be at least 2, got {num_thresholds}.")
        if num_labels and not multi_label:
            raise ValueError("AUC expected num_labels only together with multi_label=True.")
        self.curve = _one_of("curve", str(curve).upper(), _CURVES)
        self.summation_method = _one_of("summation_method", str(summation_method).lower(), _METHODS)
        self._given_thresholds = thresholds
        inner = (
            np.arange(1, num_thresholds - 1) / (num_thresholds - 1)
            if thresholds is None
            else np.sort(thresholds)
        )
        # The outermost lie just outside, so that predictions of exactly 0 and 1 are inside.
        margin = config.epsilon()
        self._thresholds = np.concatenate([[-margin], inner, [1 + margin]])
        self.num_thresholds = len(self._thresholds)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights)
        self._from_logits = from_logits
        self._built = False
        if num_labels or not multi_label:
            self._build(num_labels or 1)

    @property
    def thresholds(self) -> list[float]:
        """All thresholds, the outermost included."""
        return [float(t) for t in self._thresholds]

    def _build(self, labels: int) -> None:
        shape = (self.num_thresholds, labels) if self.multi_label else (self.num_thresholds,)
        self.true_positives = self._counter(shape, "true_positives")
        self.false_positives = self._counter(shape, "false_positives")
        self.true_negatives = self._counter(shape, "true_negatives")
        self.false_negatives = self._counter(shape, "false_negatives")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        actual, scores, weight = prepare("AUC", y_true, y_pred, sample_weight)
        if self._from_logits:
            scores = 1 / (1 + np.exp(-np.clip(scores, -80, 80)))
        if self.multi_label and scores.ndim != 2:
            raise ValueError(
                f"AUC with multi_label expected y_pred of shape (batch, labels), "
                f"got {scores.shape}."
            )
        if not self._built:
            self._build(scores.shape[1])
        if self.label_weights is not None and not self.multi_label:
            columns = np.broadcast_to(self.label_weights, scores.shape)
            weight = columns if weight is None else weight * columns
        width = scores.shape[1] if self.multi_label else 1
        confusion = count_confusion(actual, scores, weight, self._thresholds, width)
        for count, value in zip(Confusion._fields, confusion, strict=True):
            state = getattr(self, count).data
            state += value.reshape(state.shape)

    def result(self) -> Tensor:
        if not self._built:
            return self._tensor(0.0)
        tp, fp, tn, fn = (getattr(self, count).data for count in Confusion._fields)
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated_pr(tp, fp, fn)
        else:
            x, y = _points(self.curve, tp, fp, tn, fn)
            lower, upper = y[1:], y[:-1]
            heights = {
                "interpolation": (lower + upper) / 2,
                "minoring": np.minimum(lower, upper),
                "majoring": np.maximum(lower, upper),
            }[self.summation_method]
            areas = (x[:-1] - x[1:]) * heights
        if not self.multi_label:
            return self._tensor(areas.sum())
        return self._tensor(np.average(areas.sum(axis=0), weights=self.label_weights))

    def get_config(self) -> dict[str, Any]:
        weights = self.label_weights
        settings = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.tolist(),
            "from_logits": self._from_logits,
        }
        if self._given_thresholds is not None:
            settings["thresholds"] = self.thresholds[1:-1]
        return {**super().get_config(), **settings}


def _one_of(argument: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"AUC expected {argument} to be one of {', '.join(known)}, got {value!r}.")
    return value


def _points(
    curve: str, tp: np.ndarray, fp: np.ndarray, tn: np.ndarray, fn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The curve's points, from the lowest threshold to the highest."""
    if curve == "ROC":
        return ratio(fp, fp + tn), ratio(tp, tp + fn)
    if curve == "PR":
        return ratio(tp, tp + fn), ratio(tp, tp + fp)
    # Flach and Kull, "Precision-Recall-Gain Curves: PR Analysis Done Right", 2015.
    odds = ratio(tp + fn, tn + fp)
    recall_gain = np.where(tp == 0, 0.0, 1 - odds * ratio(fn, tp))
    precision_gain = np.where(tp == 0, 1.0, 1 - odds * ratio(fp, tp))
    return np.maximum(recall_gain, 0.0), precision_gain


def _interpolated_pr(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """Areas between neighbouring points when true positives grow evenly with positives."""
    predicted = tp + fp
    grown = tp[:-1] - tp[1:]
    slope = ratio(grown, np.maximum(predicted[:-1] - predicted[1:], 0))
    intercept = tp[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    growth = np.where(both, ratio(predicted[:-1], predicted[1:]), 1.0)
    logarithm = np.log(np.where(growth > 0, growth, 1.0))
    return ratio(slope * (grown + intercept * logarithm), tp[1:] + fn[1:])
