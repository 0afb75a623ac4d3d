"""True and false positives and negatives, precision and recall, at one threshold or many."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.losses.reduction import element_weights, to_same_rank
from leftfold.metrics.metric import Metric, ratio


class Confusion(NamedTuple):
    """Weighted counts for each threshold (rows) and label (columns)."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    true_negatives: np.ndarray
    false_negatives: np.ndarray


def count_confusion(
    actual: np.ndarray,
    scores: np.ndarray,
    weight: np.ndarray | None,
    thresholds: np.ndarray,
    labels: int = 1,
) -> Confusion:
    """Count what is predicted as positive, a score above the threshold, and what is.

    Every score falls between two neighbouring thresholds; sums from the top then give the
    counts for all thresholds at once.

    Args:
        actual: whether it is positive, `(batch, ...)`.
        scores: shaped alike.
        weight: shaped alike, or `None`.
        thresholds: in any order.
        labels: size of the last axis whose elements are counted apart; 1 to count all as one.
    """
    order = np.argsort(thresholds)
    below = np.searchsorted(thresholds[order].astype(scores.dtype), scores.reshape(-1, labels))
    place = below * labels + np.arange(labels)
    actual = actual.reshape(place.shape)
    weight = None if weight is None else weight.reshape(place.shape)

    def above(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weights = None if weight is None else weight[chosen]
        counts = np.bincount(place[chosen], weights, (len(thresholds) + 1) * labels)
        sums = np.cumsum(counts.reshape(-1, labels)[::-1], axis=0)[::-1]
        unordered = np.empty((len(thresholds), labels))
        unordered[order] = sums[1:]
        return unordered, sums[0]

    true_positives, positives = above(actual)
    false_positives, negatives = above(~actual)
    return Confusion(
        true_positives,
        false_positives,
        negatives - false_positives,
        positives - true_positives,
    )


def prepare(
    name: str,
    y_true: Any,
    y_pred: Any,
    sample_weight: Any,
    top_k: int | None = None,
    class_id: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Truth values, scores and weights of one shape."""
    mask = getattr(y_pred, "_keras_mask", None)
    y_true, scores = as_full_array(y_true), as_full_array(y_pred)
    if y_true.shape != scores.shape:
        y_true, scores = (as_full_array(y) for y in to_same_rank(y_true, scores))
    if y_true.shape != scores.shape:
        raise ValueError(
            f"{name} expected y_true and y_pred of one shape, got {y_true.shape} and "
            f"{scores.shape}. Class numbers must be one-hot encoded first."
        )
    scores = scores if scores.dtype.kind == "f" else scores.astype(np.float32)
    if top_k is not None:
        best = np.argsort(-scores, axis=-1, kind="stable")[..., :top_k]
        kept = np.zeros(scores.shape, bool)
        np.put_along_axis(kept, best, True, axis=-1)
        scores = np.where(kept, scores, -np.inf).astype(scores.dtype)
    if class_id is not None:
        if scores.ndim < 2:
            raise ValueError(f"{name} with class_id expected (batch, classes), got {scores.shape}.")
        y_true, scores = y_true[..., class_id, None], scores[..., class_id, None]
    weight = None
    if mask is not None or sample_weight is not None:
        weight = element_weights(scores.shape, sample_weight, mask, "sum")
        weight = np.broadcast_to(weight, scores.shape)  # type: ignore[arg-type]
    return y_true.astype(bool), scores, weight


def _is_share(threshold: Any) -> bool:
    return isinstance(threshold, int | float | np.number) and bool(0 <= threshold <= 1)


class _ConfusionMetric(Metric):
    """A metric made of some of the four counts, at one or several thresholds."""

    _counts: ClassVar[tuple[str, ...]]
    _direction: ClassVar[str] = "up"

    def __init__(
        self,
        thresholds: Any = None,
        name: str | None = None,
        dtype: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        default = 0.5 if top_k is None else -1e10
        given = default if thresholds is None else thresholds
        self.thresholds = list(given) if isinstance(given, list | tuple | np.ndarray) else [given]
        if thresholds is not None and not all(map(_is_share, self.thresholds)):
            raise ValueError(
                f"{type(self).__name__} expected thresholds from 0 to 1, got {thresholds}."
            )
        for count in self._counts:
            setattr(self, count, self._counter((len(self.thresholds),), count))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        actual, scores, weight = prepare(
            type(self).__name__, y_true, y_pred, sample_weight, self.top_k, self.class_id
        )
        confusion = count_confusion(actual, scores, weight, np.asarray(self.thresholds))
        for count in self._counts:
            getattr(self, count).data[...] += getattr(confusion, count)[:, 0]

    def _at_thresholds(self, values: np.ndarray) -> Tensor:
        return self._tensor(values[0] if len(self.thresholds) == 1 else values)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class _Count(_ConfusionMetric):
    """One of the four counts.

    Args:
        thresholds: a number or list of numbers from 0 to 1, 0.5 by default; a prediction above
            the threshold means 1.
        name: the metric's name.
        dtype: the float type of the result.
    """

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, name, dtype)

    @property
    def accumulator(self) -> Any:
        """The count's state."""
        return getattr(self, self._counts[0])

    def result(self) -> Tensor:
        return self._at_thresholds(self.accumulator.data)


class TruePositives(_Count):
    """How many were predicted as 1 and are; arguments `thresholds`, `name`, `dtype`."""

    _counts = ("true_positives",)


class FalsePositives(_Count):
    """How many were predicted as 1 and are not; arguments `thresholds`, `name`, `dtype`."""

    _counts = ("false_positives",)
    _direction = "down"


class TrueNegatives(_Count):
    """How many were predicted as 0 and are; arguments `thresholds`, `name`, `dtype`."""

    _counts = ("true_negatives",)


class FalseNegatives(_Count):
    """How many were predicted as 0 and are not; arguments `thresholds`, `name`, `dtype`."""

    _counts = ("false_negatives",)
    _direction = "down"


class _Share(_ConfusionMetric):
    """True positives as a share of something.

    Args:
        thresholds: a number or list of numbers from 0 to 1, 0.5 by default; a prediction above
            the threshold means 1.
        top_k: how many of the greatest predictions of a sample count as predicted at all.
        class_id: the only class that counts.
        name: the metric's name.
        dtype: the float type of the result.
    """

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, name, dtype, top_k, class_id)

    def result(self) -> Tensor:
        hits, others = (getattr(self, count).data for count in self._counts)
        return self._at_thresholds(ratio(hits, hits + others))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "top_k": self.top_k, "class_id": self.class_id}


class Precision(_Share):
    """The share of those predicted as 1 that are: `tp / (tp + fp)`.

    Arguments: `thresholds`, `top_k`, `class_id`, `name`, `dtype`, as for `Recall`.

    Example:
        >>> float(Precision()([0, 1, 1, 1], [1.0, 0.0, 1.0, 1.0])) * 3
        2.0...
    """

    _counts = ("true_positives", "false_positives")


class Recall(_Share):
    """The share of those that are 1 that were predicted so: `tp / (tp + fn)`.

    Args:
        thresholds: a number or list of numbers from 0 to 1, 0.5 by default; a prediction above
            the threshold means 1.
        top_k: how many of the greatest predictions of a sample count as predicted at all.
        class_id: the only class that counts.
        name: the metric's name.
        dtype: the float type of the result.
    """

    _counts = ("true_positives", "false_negatives")
