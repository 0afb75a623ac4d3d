"""Models stepped through sequences as they come, their states in the caller's hands.

Example:
    >>> import numpy as np
    >>> import leftfold
    >>> from leftfold import layers, streaming
    >>> model = leftfold.Sequential(
    ...     [layers.Input((None, 3)), layers.LSTM(8), layers.Dense(1)]
    ... )
    >>> stepper = streaming.compile(model)
    >>> readings = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    >>> for reading in readings:
    ...     y = stepper.step(reading)
    >>> whole = model.predict(readings[None], verbose=0)[0]
    >>> bool(np.allclose(y, whole, atol=1e-5))
    True
"""

from leftfold.streaming.beam import beam_search
from leftfold.streaming.decoding import decode
from leftfold.streaming.generation import generate, generate_batch
from leftfold.streaming.hypotheses import Decoded
from leftfold.streaming.stepper import Stepper, compile

__all__ = [
    "Decoded",
    "Stepper",
    "beam_search",
    "compile",
    "decode",
    "generate",
    "generate_batch",
]
