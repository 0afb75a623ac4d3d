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


def likeliest(
    logits: np.ndarray, first: int, chosen: np.ndarray, log_probabilities: np.ndarray
) -> None:
    """Of each row the likeliest classes, the first of equals before the others.

    Args:
        logits: (rows, classes).
        first: the class from which on they may be chosen.
        chosen: int32, (rows, count), receives their numbers, the likeliest first.
        log_probabilities: (rows, count), receives `log(softmax(logits))` of them, in which all
            classes have a part.
    """
    order = np.argsort(-logits[:, first:], axis=1, kind="stable")
    chosen[...] = order[:, : chosen.shape[1]] + first
    most = np.max(logits, axis=1, keepdims=True)
    normal = most + np.log(np.sum(np.exp(logits - most), axis=1, keepdims=True))
    log_probabilities[...] = np.take_along_axis(logits, chosen, axis=1) - normal


def softmax_crossentropy(
    logits: np.ndarray, labels: np.ndarray, smoothing: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`surprise = log(sum(exp(logits))) - logits[label]` for every row.

    A smoothed target gives the share `smoothing` of its probability to all classes alike:
    `loss = surprise + smoothing * (logits[label] - mean(logits))`.

    Args:
        logits: (rows, classes).
        labels: (rows,), each below `classes`.
        smoothing: from 0 to 1.

    Returns:
        The losses and the surprises, (rows,) each; 1 where no class is likelier than the label,
        otherwise 0, (rows,); and softmax of the logits, (rows, classes).
    """
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    shares = np.exp(shifted)
    total = np.sum(shares, axis=1, keepdims=True)
    chosen = np.take_along_axis(shifted, labels[:, None], axis=1)
    surprises = (np.log(total) - chosen)[:, 0]
    losses = surprises
    if smoothing:
        losses = surprises + smoothing * (chosen[:, 0] - shifted.mean(axis=1))
    return losses, surprises, (chosen[:, 0] == 0).astype(logits.dtype), shares / total


def softmax_crossentropy_gradient(
    probabilities: np.ndarray, labels: np.ndarray, dlosses: np.ndarray, smoothing: float
) -> np.ndarray:
    """`dlogits = (probabilities - target) * dlosses`, with the target of `softmax_crossentropy`.

    It is `(1 - smoothing) * onehot(labels) + smoothing / classes`.

    Args:
        probabilities: (rows, classes), from `softmax_crossentropy`.
        labels: (rows,).
        dlosses: (rows,).
        smoothing: from 0 to 1.

    Returns:
        (rows, classes).
    """
    dlogits = probabilities - smoothing / probabilities.shape[1]
    dlogits[np.arange(len(labels)), labels] -= 1 - smoothing
    dlogits *= dlosses[:, None]
    return dlogits
