"""The order in which frameworks lay the gates of a recurrent cell side by side.

The letters: i, f, c and o are an LSTM's input gate, forget gate, candidate and output gate; z, r
and h a GRU's update gate, reset gate and candidate; h alone a simple cell. All three frameworks
mean the same equations by them: a new GRU state is `z * before + (1 - z) * candidate` everywhere,
and what Keras calls `reset_after` is what PyTorch computes and ONNX calls `linear_before_reset`.

Sources: the Keras 3 source (`LSTMCell`, `GRUCell`); the PyTorch manual (`weight_ih_l[k]` of
`nn.LSTM`: W_ii|W_if|W_ig|W_io, of `nn.GRU`: W_ir|W_iz|W_in); the ONNX operators (W[iofc], W[zrh]).
"""

from __future__ import annotations

import numpy as np

GATE_ORDERS = {
    "keras": {"simple_rnn": "h", "lstm": "ifco", "gru": "zrh"},
    "torch": {"simple_rnn": "h", "lstm": "ifco", "gru": "rzh"},
    "onnx": {"simple_rnn": "h", "lstm": "iofc", "gru": "zrh"},
}
"""Framework, then cell, then its gates in order."""


def reorder(weights: np.ndarray, cell: str, source: str, target: str, axis: int) -> np.ndarray:
    """The same gates in another framework's order.

    Args:
        weights: the blocks of all gates side by side along `axis`.
        cell: `"simple_rnn"`, `"lstm"` or `"gru"`.
        source: the framework whose order it is, a key of `GATE_ORDERS`.
        target: the framework whose order is wanted.
        axis: where the blocks lie.

    Returns:
        A new array.

    Example:
        >>> reorder(np.array([1, 2, 3, 4]), "lstm", "keras", "onnx", axis=0).tolist()
        [1, 4, 2, 3]
    """
    before, after = GATE_ORDERS[source][cell], GATE_ORDERS[target][cell]
    blocks = dict(zip(before, np.split(weights, len(before), axis), strict=True))
    return np.concatenate([blocks[gate] for gate in after], axis)
