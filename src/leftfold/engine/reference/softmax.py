"""Softmax, and in one with the cross-entropy of class numbers."""

from __future__ import annotations

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """`exp(logits) / sum(exp(logits))` for every row.

    Args:
        logits: (rows, classes).

    Returns:
        The probabilities (rows, classes).
    """
    shares = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    shares /= np.sum(shares, axis=1, keepdims=True)
    return shares


def softmax_gradient(probabilities: np.ndarray, dprobabilities: np.ndarray) -> np.ndarray:
    """`dlogits = p * (dp - sum(p * dp))`.

    Args:
        probabilities: `p`, (rows, classes), from `softmax`.
        dprobabilities: `dp`, (rows, classes).

    Returns:
        (rows, classes).
    """
    mean = np.sum(probabilities * dprobabilities, axis=1, keepdims=True)
    return probabilities * (dprobabilities - mean)


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
