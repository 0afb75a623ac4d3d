"""Intersection over union: of all that is or was predicted as a class, the share that is both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.losses.reduction import element_weights
from leftfold.metrics.metric import Metric, ratio


class IoU(Metric):
    """The mean over some classes of intersection over union.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes whose mean is taken; those that never occur are left out.
        name: the metric's name.
        dtype: type of the counts in Keras's files; the result is a float.
        ignore_class: elements of that class do not count.
        sparse_y_true: whether targets are class numbers, not one-hot.
        sparse_y_pred: whether predictions are class numbers, not scores.
        axis: the axis of the classes.

    Example:
        >>> round(float(IoU(2, [0])([0, 0, 1, 1], [0, 1, 0, 1])), 4)
        0.3333
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype or "int32", name)
        kind = type(self).__name__
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        if not all(0 <= number < num_classes for number in self.target_class_ids):
            raise ValueError(
                f"{kind} expected target_class_ids from 0 to {num_classes - 1}, "
                f"got {self.target_class_ids}."
            )
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self._counter((num_classes, num_classes), "total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        mask = getattr(y_pred, "_keras_mask", None)
        actual, predicted = as_full_array(y_true), as_full_array(y_pred)
        if not self.sparse_y_true:
            actual = actual.argmax(axis=self.axis)
        if not self.sparse_y_pred:
            predicted = predicted.argmax(axis=self.axis)
        if actual.size != predicted.size:
            raise ValueError(
                f"{type(self).__name__} expected as many classes in y_true as in y_pred, got "
                f"shapes {actual.shape} and {predicted.shape}."
            )
        weights = element_weights(predicted.shape, sample_weight, mask, "sum")
        if weights is not None:
            weights = np.broadcast_to(weights, predicted.shape).reshape(-1)
        actual, predicted = (a.reshape(-1).astype(np.int64) for a in (actual, predicted))
        counted = (actual >= 0) & (actual < self.num_classes)
        counted &= (predicted >= 0) & (predicted < self.num_classes)
        if self.ignore_class is not None:
            counted &= actual != self.ignore_class
        places = actual[counted] * self.num_classes + predicted[counted]
        chosen = None if weights is None else weights[counted]
        counts = np.bincount(places, chosen, self.num_classes**2)
        self.total_cm.data[...] += counts.reshape(self.total_cm.shape)

    def result(self) -> Tensor:
        matrix, chosen = self.total_cm.data, self.target_class_ids
        both = np.diag(matrix)[chosen]
        either = (matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix))[chosen]
        occurs = either > 1e-9
        return Tensor(np.asarray(ratio(ratio(both, either).sum(), occurs.sum()), config.floatx()))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


class BinaryIoU(IoU):
    """Intersection over union of answers that are yes or no.

    Args:
        target_class_ids: of 0 and 1, those whose mean is taken.
        threshold: a prediction of at least that means 1.
        name: the metric's name.
        dtype: see `IoU`.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        answers = Tensor((as_full_array(y_pred) >= self.threshold).astype(np.int32))
        answers._keras_mask = getattr(y_pred, "_keras_mask", None)
        super().update_state(y_true, answers, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {
            **Metric.get_config(self),
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
        }


class MeanIoU(IoU):
    """The mean over all classes of intersection over union.

    Args:
        num_classes: number of classes.
        name: the metric's name.
        dtype: see `IoU`.
        ignore_class: see `IoU`.
        sparse_y_true: see `IoU`.
        sparse_y_pred: see `IoU`.
        axis: see `IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes,
            range(num_classes),
            name,
            dtype,
            ignore_class,
            sparse_y_true,
            sparse_y_pred,
            axis,
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["target_class_ids"]
        return config


class OneHotIoU(IoU):
    """`IoU` of one-hot targets.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes whose mean is taken.
        name: the metric's name.
        dtype: see `IoU`.
        ignore_class: see `IoU`.
        sparse_y_pred: whether predictions are class numbers, not scores.
        axis: the axis of the classes.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["sparse_y_true"]
        return config


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` of one-hot targets.

    Args:
        num_classes: number of classes.
        name: the metric's name.
        dtype: see `IoU`.
        ignore_class: see `IoU`.
        sparse_y_pred: whether predictions are class numbers, not scores.
        axis: the axis of the classes.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["sparse_y_true"]
        return config
