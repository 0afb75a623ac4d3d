"""Attention of a decoder over what an encoder read: scores, weights, contexts.

With the decoder's state q and the encoder's outputs m, the score of a source position is

    luong-dot       q . m
    luong-general   q . (W m)
    luong-concat    v . tanh(W q + U m)
    bahdanau        v . tanh(W q + U m)     with q the state before the decoder's step, not after

and the context is the mean of the m, weighted by the softmax of the scores.

Sources: Bahdanau et al. (2014), arXiv:1409.0473; Luong et al. (2015), arXiv:1508.04025.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine.primitive import primitive
from leftfold.layers import Dense, Layer
from leftfold.layers.serialization import known_layer

KINDS = ("bahdanau", "luong-dot", "luong-general", "luong-concat")

_MASKED = -1e9
"""A score beside which every other one is infinitely likelier."""


@primitive
def additive_scores(query: Any, keys: Any, v: Any, /) -> Any:
    """`v . tanh(query + key)` for every query with every key.

    Args:
        query: (batch, queries, units).
        keys: (batch, keys, units).
        v: (units,).

    Returns:
        (batch, queries, keys).
    """
    bent = np.tanh(query[:, :, None] + keys[:, None])

    def vjp(dy: Any) -> Any:
        dv = np.matmul(dy.reshape(1, -1), bent.reshape(-1, bent.shape[-1]))[0]
        slope = 1 - bent * bent
        slope *= v
        slope *= dy[..., None]
        return slope.sum(axis=2), slope.sum(axis=1), dv

    return np.matmul(bent, v), vjp


@known_layer
class AlignmentAttention(Layer):
    """Scores of one of the four kinds, and what follows from them.

    Args:
        kind: one of `KINDS`.
        units: of the decoder's states and of the encoder's outputs.
    """

    def __init__(self, kind: str, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.units = kind, units
        dense: dict[str, Any] = {"use_bias": False, "dtype": self.dtype}
        self.of_memory = self.of_query = None
        if kind != "luong-dot":
            self.of_memory = Dense(units, name="of_memory", **dense)
        if kind in ("bahdanau", "luong-concat"):
            self.of_query = Dense(units, name="of_query", **dense)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        for dense in (self.of_memory, self.of_query):
            if dense is not None:
                dense.build((None, None, self.units))
        if self.of_query is not None:
            self.v = self.add_weight((self.units,), "glorot_uniform", name="v")

    def keys(self, memory: Any) -> Any:
        """What queries are compared with; computed once for a source."""
        return memory if self.of_memory is None else self.of_memory(memory)

    def weights_of(self, query: Any, keys: Any, mask: np.ndarray) -> Any:
        """How much each query looks at each source position.

        Args:
            query: states of the decoder, (batch, queries, units).
            keys: from `keys`, (batch, positions, units).
            mask: boolean, (batch, positions): where the source has a word.

        Returns:
            (batch, queries, positions); each row adds up to 1.
        """
        if self.of_query is None:
            scores = ops.matmul(query, ops.swapaxes(keys, 1, 2))
        else:
            scores = additive_scores(self.of_query(query), keys, self.v)
        if not mask.all():
            offsets = np.where(mask, 0, _MASKED).astype(scores.dtype)
            scores = scores + offsets[:, None]
        return ops.softmax(scores)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind, "units": self.units}
