"""Which variant is meant by `"crossentropy"` and `"accuracy"`: the shapes tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from leftfold.losses import probabilistic

Shape = Sequence[int | None]


def kind_of_targets(y_true_shape: Shape, y_pred_shape: Shape) -> str:
    """`"binary"`, `"sparse"` (class numbers) or `"categorical"` (one-hot), by Keras's rule.

    Args:
        y_true_shape: shape of the targets.
        y_pred_shape: shape of the predictions.

    Example:
        >>> kind_of_targets((32,), (32, 10))
        'sparse'
    """
    if y_pred_shape[-1] == 1:
        return "binary"
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return "sparse"
    return "categorical"


def resolve_crossentropy(y_true_shape: Shape, y_pred_shape: Shape) -> Callable[..., Any]:
    """The loss function that `"crossentropy"` (or `"ce"`) means for these shapes."""
    return {
        "binary": probabilistic.binary_crossentropy,
        "sparse": probabilistic.sparse_categorical_crossentropy,
        "categorical": probabilistic.categorical_crossentropy,
    }[kind_of_targets(y_true_shape, y_pred_shape)]
