"""CTC by the names of Keras 2: probabilities, the blank last, lengths as columns."""

from __future__ import annotations

import numpy as np

from leftfold import ops
from leftfold.interop import keras_ctc


def test_cost_and_decoding_are_those_of_ops_with_the_blank_last():
    logits = np.random.default_rng(0).standard_normal((2, 5, 4))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    labels = np.array([[0, 1, 2], [2, 2, 0]])
    cost = keras_ctc.ctc_batch_cost(labels, p, np.array([[5], [4]]), np.array([[3], [2]]))
    expected = ops.ctc_loss(labels, logits, [3, 2], [5, 4], 3)
    assert cost.shape == (2, 1)
    np.testing.assert_allclose(cost.numpy()[:, 0], expected, rtol=1e-4)
    for greedy in (True, False):
        found, _ = keras_ctc.ctc_decode(p, [5, 4], greedy, 20)
        strategy = "greedy" if greedy else "beam_search"
        theirs, _ = ops.ctc_decode(logits, [5, 4], strategy, 20, mask_index=3)
        np.testing.assert_array_equal(found[0], theirs[0])
