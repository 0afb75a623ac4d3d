"""How often the prediction is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import config
from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.losses.reduction import to_same_rank
from leftfold.metrics.reduction import FunctionMetric


def _hits(matches: np.ndarray) -> Tensor:
    return Tensor(matches.astype(config.floatx()))


def _elementwise(name: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_pred = as_full_array(y_true), as_full_array(y_pred)
    if y_true.shape != y_pred.shape:
        y_true, y_pred = (as_full_array(y) for y in to_same_rank(y_true, y_pred))
    if y_true.ndim != y_pred.ndim:
        raise ValueError(
            f"{name} expected y_true and y_pred of one shape, got {y_true.shape} and "
            f"{y_pred.shape}. For class numbers, use sparse_categorical_accuracy."
        )
    return y_true, y_pred


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the prediction equals the target, else 0.

    Args:
        y_true: targets, `(batch, ...)`.
        y_pred: predictions, shaped alike.
    """
    y_true, y_pred = _elementwise("accuracy", y_true, y_pred)
    return _hits(y_true.astype(y_pred.dtype) == y_pred)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where the prediction is on the right side of `threshold`, else 0.

    Args:
        y_true: 0 or 1, `(batch, ...)`.
        y_pred: probabilities, shaped alike.
        threshold: above it a prediction means 1.

    Example:
        >>> binary_accuracy([1, 0, 1], [0.9, 0.2, 0.3]).tolist()
        [1.0, 1.0, 0.0]
    """
    y_true, y_pred = _elementwise("binary_accuracy", y_true, y_pred)
    return _hits(y_true == (y_pred > threshold))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the greatest prediction is that of the right class, else 0.

    Args:
        y_true: one-hot, `(batch, ..., classes)`.
        y_pred: probabilities or logits, shaped alike.
    """
    y_true, y_pred = as_full_array(y_true), as_full_array(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"categorical_accuracy expected y_true and y_pred of one shape, got {y_true.shape} "
            f"and {y_pred.shape}. For class numbers, use sparse_categorical_accuracy."
        )
    return _hits(y_true.argmax(-1) == y_pred.argmax(-1))


def _class_numbers(name: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_pred = as_full_array(y_true), as_full_array(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1]:
        raise ValueError(
            f"{name} expected one class number per prediction: y_true of shape "
            f"{y_pred.shape[:-1]} for y_pred of shape {y_pred.shape}, got {y_true.shape}."
        )
    return y_true, y_pred


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the greatest prediction is that of the right class, else 0.

    Args:
        y_true: class numbers, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities or logits, `(batch, ..., classes)`.
    """
    y_true, y_pred = _class_numbers("sparse_categorical_accuracy", y_true, y_pred)
    return _hits(y_true == y_pred.argmax(-1))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the right class is among the `k` greatest predictions, else 0.

    Args:
        y_true: one-hot, `(batch, ..., classes)`.
        y_pred: probabilities or logits, shaped alike.
        k: how many predictions count.
    """
    return sparse_top_k_categorical_accuracy(as_full_array(y_true).argmax(-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """1 where the right class is among the `k` greatest predictions, else 0.

    Args:
        y_true: class numbers, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities or logits, `(batch, ..., classes)`.
        k: how many predictions count. Classes as probable as the last of them count too.
        from_sorted_ids: whether `y_pred` are class numbers instead, the best first.
    """
    y_true, y_pred = _class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred)
    if from_sorted_ids:
        return _hits((y_pred[..., :k] == y_true[..., None]).any(-1))
    right = np.take_along_axis(y_pred, y_true.astype(np.int64)[..., None], -1)
    return _hits((y_pred > right).sum(-1) < k)


class Accuracy(FunctionMetric):
    """How often the prediction equals the target.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
    """

    _function = staticmethod(accuracy)
    _direction = "up"


class BinaryAccuracy(FunctionMetric):
    """How often the prediction is on the right side of `threshold`.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
        threshold: above it a prediction means 1.
    """

    _function = staticmethod(binary_accuracy)
    _direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype, threshold=threshold)


class CategoricalAccuracy(FunctionMetric):
    """How often the greatest prediction is that of the right class; targets are one-hot.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
    """

    _function = staticmethod(categorical_accuracy)
    _direction = "up"


class SparseCategoricalAccuracy(FunctionMetric):
    """How often the greatest prediction is that of the right class; targets are class numbers.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
    """

    _function = staticmethod(sparse_categorical_accuracy)
    _direction = "up"


class TopKCategoricalAccuracy(FunctionMetric):
    """How often the right class is among the `k` greatest predictions; targets are one-hot.

    Args:
        k: how many predictions count.
        name: the metric's name.
        dtype: the float type of the result.
    """

    _function = staticmethod(top_k_categorical_accuracy)
    _direction = "up"

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype, k=k)


class SparseTopKCategoricalAccuracy(FunctionMetric):
    """How often the right class is among the `k` greatest predictions; targets are numbers.

    Args:
        k: how many predictions count.
        name: the metric's name.
        dtype: the float type of the result.
        from_sorted_ids: whether predictions are class numbers, the best first.
    """

    _function = staticmethod(sparse_top_k_categorical_accuracy)
    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = None,
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(name, dtype, k=k, from_sorted_ids=from_sorted_ids)
