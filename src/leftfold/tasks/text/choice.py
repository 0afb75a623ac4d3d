"""`cell="auto"`: every cell gets the same little time, the best of them the rest."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from leftfold.tasks.text.network import CELLS
from leftfold.tasks.text.ngrams import best_order, longest_order
from leftfold.tasks.text.tokens import Tokens

SHARE = 0.1
"""Of the time limit, for the trial of each cell."""

TRIAL_EPOCHS = 2
"""Of a trial without a time limit."""


@dataclass
class Candidate:
    """How one cell, or the counts beside them, did in its trial.

    Attributes:
        cell: its name.
        loss: nats per token on the validation text.
        seconds: of the trial.
        parameters: how many the network has.
    """

    cell: str
    loss: float
    seconds: float
    parameters: int


def choose_cell(
    writer: Any, tokens: Tokens, train: np.ndarray, held_out: np.ndarray
) -> list[Candidate]:
    """Try every cell under one limit of time, and counts of runs of tokens as a reference.

    Returns:
        A row for each cell, then one for the counts.
    """
    limit = None if writer.time_limit is None else SHARE * writer.time_limit
    epochs = TRIAL_EPOCHS if limit is None else None
    rows = []
    for cell in CELLS:
        model, training = writer._train(tokens, train, held_out, cell, epochs, limit, verbose=0)
        loss = min(training.history["val_loss"], default=float("inf"))
        rows.append(Candidate(cell, loss, training.seconds, model.count_params()))
    begin = time.perf_counter()
    order, losses = best_order(
        train, held_out, tokens.size, range(1, longest_order(tokens.size) + 1)
    )
    seconds = time.perf_counter() - begin
    return [*rows, Candidate(f"runs of {order} (Kneser-Ney)", min(losses), seconds, 0)]
