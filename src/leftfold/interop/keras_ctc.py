"""`keras.backend.ctc_batch_cost` and `ctc_decode` of Keras 2, over `ops`.

There the outputs are probabilities, the blank is the last class, and lengths are columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine.config import epsilon


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """The loss of each row, `(batch, 1)`.

    Args:
        y_true: labels `(batch, labels)`.
        y_pred: probabilities `(batch, steps, classes)`; the last class is the blank.
        input_length: steps of each row, `(batch, 1)`.
        label_length: labels of each row, `(batch, 1)`.
    """
    logits = ops.log(ops.convert_to_tensor(y_pred) + epsilon())
    steps, labels = np.reshape(input_length, -1), np.reshape(label_length, -1)
    return ops.expand_dims(ops.ctc_loss(np.asarray(y_true), logits, labels, steps, -1), 1)


def ctc_decode(
    y_pred: Any,
    input_length: Any,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
) -> tuple[list[Any], Any]:
    """Labels out of probabilities: a list of `(batch, steps)` with -1 behind them, and scores.

    Args:
        y_pred: probabilities `(batch, steps, classes)`; the last class is the blank.
        input_length: steps of each row, `(batch,)`.
        greedy: whether the best path is read, and no beam.
        beam_width: of the beam.
        top_paths: readings of the beam to return.
    """
    logits = ops.log(ops.convert_to_tensor(y_pred) + epsilon())
    strategy = "greedy" if greedy else "beam_search"
    lengths = np.asarray(input_length).reshape(-1)
    labels, scores = ops.ctc_decode(logits, lengths, strategy, beam_width, top_paths, mask_index=-1)
    return list(ops.unstack(labels, axis=0)), scores
