"""Softmax and cross-entropy in one: logits and class numbers in, losses out."""

from __future__ import annotations

import numpy as np


def softmax_crossentropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`loss = log(sum(exp(logits))) - logits[label]` for every row.

    Args:
        logits: (rows, classes).
        labels: (rows,), each below `classes`.

    Returns:
        The losses (rows,), and softmax of the logits (rows, classes).
    """
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    shares = np.exp(shifted)
    total = np.sum(shares, axis=1, keepdims=True)
    chosen = np.take_along_axis(shifted, labels[:, None], axis=1)
    losses = np.log(total) - chosen
    return losses[:, 0], shares / total


def softmax_crossentropy_gradient(
    probabilities: np.ndarray, labels: np.ndarray, dlosses: np.ndarray
) -> np.ndarray:
    """`dlogits = (probabilities - onehot(labels)) * dlosses`.

    Args:
        probabilities: (rows, classes), from `softmax_crossentropy`.
        labels: (rows,).
        dlosses: (rows,).

    Returns:
        (rows, classes).
    """
    dlogits = probabilities.copy()
    dlogits[np.arange(len(labels)), labels] -= 1
    dlogits *= dlosses[:, None]
    return dlogits
