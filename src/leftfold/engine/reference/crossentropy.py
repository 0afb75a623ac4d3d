"""Cross-entropies of predicted probabilities, which are kept between two bounds."""

from __future__ import annotations

import numpy as np


def binary_crossentropy(
    targets: np.ndarray, outputs: np.ndarray, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """`-t * log(p) - (1 - t) * log(1 - p)` for every output.

    Args:
        targets: `t`, (count,).
        outputs: (count,); `p` is an output kept between `low` and `high`.
        low: the lower bound.
        high: the upper one.

    Returns:
        The losses, and their derivatives with respect to the outputs, which are zero beyond the
        bounds, (count,) each.
    """
    p = np.clip(outputs, outputs.dtype.type(low), outputs.dtype.type(high))
    losses = -(targets * np.log(p) + (1 - targets) * np.log(1 - p))
    return losses, (p == outputs) * (p - targets) / (p * (1 - p))


def sparse_crossentropy(
    outputs: np.ndarray, labels: np.ndarray, low: float, high: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`-log(outputs[label] / sum(outputs))` for every row.

    Args:
        outputs: (rows, classes).
        labels: (rows,), each below `classes`.
        low: the least share that counts.
        high: the greatest.

    Returns:
        The losses; their derivatives with respect to any output but that of the label, and those
        with respect to that of the label, which are zero beyond the bounds, (rows,) each.
    """
    total = np.sum(outputs, axis=1)
    share = np.take_along_axis(outputs, labels[:, None], axis=1)[:, 0] / total
    kept = np.clip(share, outputs.dtype.type(low), outputs.dtype.type(high))
    slopes = (share == kept) / total
    return -np.log(kept), slopes, slopes - slopes / kept


def sparse_crossentropy_gradient(
    labels: np.ndarray,
    dlosses: np.ndarray,
    slopes: np.ndarray,
    own_slopes: np.ndarray,
    classes: int,
) -> np.ndarray:
    """The gradient of the outputs of `sparse_crossentropy`.

    Args:
        labels: (rows,).
        dlosses: the gradient of the losses, (rows,).
        slopes: from `sparse_crossentropy`, (rows,).
        own_slopes: from there, (rows,).
        classes: how many there are.

    Returns:
        (rows, classes).
    """
    doutputs = np.repeat((dlosses * slopes)[:, None], classes, axis=1)
    np.put_along_axis(doutputs, labels[:, None], (dlosses * own_slopes)[:, None], axis=1)
    return doutputs
