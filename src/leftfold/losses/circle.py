"""A loss of embeddings: near within a class, far apart between classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.losses.classes import _MEAN, _Named

_NOTHING = -1e9
"""Stands for minus infinity in sums of exponentials, whose gradient it keeps finite."""


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """The pairs of a batch that are too far apart within a class, or too near between classes.

    Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", 2020.

    Args:
        y_true: class numbers, `(batch,)`.
        y_pred: embeddings of length 1, `(batch, features)`.
        ref_labels: class numbers to compare with; `y_true` by default.
        ref_embeddings: embeddings to compare with; `y_pred` by default.
        remove_diagonal: whether a sample is not compared with itself.
        gamma: by how much distances are scaled.
        margin: how far from the optimum distances may stay.

    Returns:
        One loss per sample; a mean over them leaves out those that are 0.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    others = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    labels = np.asarray(ops.convert_to_numpy(y_true)).reshape(-1, 1).astype(np.int32)
    other_labels = labels
    if ref_labels is not None:
        other_labels = np.asarray(ops.convert_to_numpy(ref_labels)).reshape(-1, 1).astype(np.int32)
    alike = labels == other_labels.T
    unlike = np.logical_not(alike)
    if remove_diagonal:
        alike = alike & np.logical_not(np.eye(len(labels), len(other_labels), dtype=np.bool_))
    distance = ops.maximum(1 - ops.matmul(y_pred, ops.transpose(others)), 0.0)
    pull = ops.maximum(margin + distance, 0.0) * (distance - margin) * gamma
    push = ops.maximum(1 + margin - distance, 0.0) * (1 - margin - distance) * gamma
    near = ops.logsumexp(ops.where(alike, pull, _NOTHING), axis=1)
    far = ops.logsumexp(ops.where(unlike, push, _NOTHING), axis=1)
    losses = ops.softplus(near + far)
    losses._keras_mask = ops.greater(losses, 0)
    return losses


class Circle(_Named):
    """Embeddings near within a class and far apart between classes, see `circle`.

    Args:
        gamma: by how much distances are scaled.
        margin: how far from the optimum distances may stay.
        remove_diagonal: whether a sample is not compared with itself.
        reduction: see `Loss`.
        name: see `Loss`.
        dtype: see `Loss`.
    """

    _function = staticmethod(circle)

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = _MEAN,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        settings = {"gamma": gamma, "margin": margin, "remove_diagonal": remove_diagonal}
        super().__init__(reduction, name, dtype, **settings)
