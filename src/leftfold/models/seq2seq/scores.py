"""The loss of a translation and what it is judged by, word by word, padding left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.kernels import kernel
from leftfold.engine.primitive import primitive
from leftfold.metrics.metric import Metric, ratio
from leftfold.ops.fused import check_range


@primitive
def smoothed_cross_entropy(labels: Any, logits: Any, /, smoothing: float = 0.0) -> Any:
    """Cross-entropy of word ids, and the same against targets smoothed over the vocabulary.

    A smoothed target gives the share `smoothing` of its probability to all words alike (Szegedy
    et al. 2015, arXiv:1512.00567), which adds `smoothing * (logits[label] - mean(logits))`.

    Args:
        labels: (rows,), whole numbers.
        logits: (rows, vocabulary).
        smoothing: from 0 to 1.

    Returns:
        The smoothed losses, those against the words themselves, and 1 where no word is likelier
        than the right one, otherwise 0; (rows,) each.

    Raises:
        ValueError: for a label outside the vocabulary.

    Example:
        >>> import numpy as np
        >>> losses, surprises, hits = smoothed_cross_entropy([0], np.array([[2.0, 0.0]]), 0.5)
        >>> losses.numpy().round(3), surprises.numpy().round(3), hits.numpy()
        (array([0.627]), array([0.127]), array([1.]))
    """
    flat = np.ascontiguousarray(labels, np.int32)
    logits = np.ascontiguousarray(logits)
    check_range(flat, logits.shape[1], "smoothed_cross_entropy", "label")
    forward = kernel("softmax_crossentropy", logits.dtype)
    losses, surprises, hits, probabilities = forward(logits, flat, smoothing)
    backward = kernel("softmax_crossentropy_gradient", logits.dtype)

    def vjp(dlosses: Any, dsurprises: Any, _: Any) -> Any:
        parts = [
            backward(probabilities, flat, np.ascontiguousarray(slope, logits.dtype), share)
            for slope, share in ((dlosses, smoothing), (dsurprises, 0.0))
            if slope is not None
        ]
        return None, sum(parts[1:], parts[0]) if parts else None

    return (losses, surprises, hits), vjp


class TokenMean(Metric):
    """The mean of something over all words, or what follows from it.

    Args:
        name: the metric's name.
        dtype: the float type of the result.
    """

    def __init__(self, name: str, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self._counter((), "total")
        self.count = self._counter((), "count")

    def update_state(self, total: float, count: int) -> None:
        """Add a batch: the sum over its words, and how many they are."""
        self.total.data[...] += total
        self.count.data[...] += count

    def result(self) -> Any:
        return self._tensor(ratio(self.total.data, self.count.data))


class Perplexity(TokenMean):
    """The exponential of the mean cross-entropy: among how many words a model wavers."""

    def result(self) -> Any:
        return self._tensor(np.exp(ratio(self.total.data, self.count.data)))
