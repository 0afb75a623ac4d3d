"""Losses that ask for a margin."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine.tensor import as_full_array
from leftfold.losses.regression import aligned


def _signed(y_true: Any) -> Any:
    """Labels 0 and 1 as -1 and 1; any others unchanged."""
    values = as_full_array(y_true)
    if np.all((values == 0) | (values == 1)):
        return 2.0 * y_true - 1.0
    return y_true


def hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true * y_pred, 0))`.

    Args:
        y_true: -1 or 1 (or 0 or 1), `(batch, ..., outputs)`.
        y_pred: scores, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signed(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true * y_pred, 0)**2)`.

    Args:
        y_true: -1 or 1 (or 0 or 1), `(batch, ..., outputs)`.
        y_pred: scores, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signed(y_true) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """`max(1 + best score of a wrong class - score of the right one, 0)`.

    Args:
        y_true: 0 and 1, `(batch, ..., classes)`.
        y_pred: scores, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)
