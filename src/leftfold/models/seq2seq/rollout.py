"""What a decoder in training reads when it is not always shown the right words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leftfold.engine import no_recording
from leftfold.models.seq2seq.stepping import Decoding

if TYPE_CHECKING:
    from leftfold.models.seq2seq.encoder_decoder import EncoderDecoder


def own_words(
    model: EncoderDecoder, source: np.ndarray, read: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """The words that the decoder reads: the right ones where it is told so, its own elsewhere.

    The decoder writes from left to right, without dropout, and its choices depend on what it read
    before, its own words included. The choices are numbers without gradients, so training may
    afterwards read the whole row at once.

    Args:
        model: its weights decide.
        source: ids, (batch, positions).
        read: the right words, (batch, steps), 0 behind the shorter rows.
        right: boolean, (batch, steps): where the right word is read; true in the first step.
    """
    words = read.copy()
    with no_recording():
        decoding = Decoding(model, source)
        for step in range(1, read.shape[1]):
            if right[:, step:].all():
                break
            own = decoding.step(words[:, step - 1]).argmax(axis=1)
            words[:, step] = np.where(right[:, step], read[:, step], own)
    words[read == 0] = 0
    return words
