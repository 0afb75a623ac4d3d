"""`cell="auto"`: every cell gets an equal share of the time, and the best network is kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from leftfold.tasks.text.network import CELLS
from leftfold.tasks.text.ngrams import best_order, longest_order
from leftfold.tasks.training import Training


@dataclass
class Candidate:
    """How one cell, or the counts beside them, did.

    Attributes:
        cell: its name.
        loss: nats per token on the validation text.
        seconds: of its training.
        parameters: how many the network has.
    """

    cell: str
    loss: float
    seconds: float
    parameters: int


@dataclass
class Choice:
    """The network that did best, and how the others did.

    Attributes:
        cell: of the best.
        model: the best, trained.
        training: how its training went.
        candidates: a row for each cell, then one for counts of runs of tokens.
    """

    cell: str
    model: Any
    training: Training
    candidates: list[Candidate]


def choose_cell(
    train_cell: Callable[[str, float | None], tuple[Any, Training]],
    time_limit: float | None,
    train: np.ndarray,
    held_out: np.ndarray,
    size: int,
) -> Choice:
    """Train a network of every cell and keep the one that does best on the validation text.

    Ctrl-C ends the training that runs, and leaves the cells out that have not had their turn.

    Args:
        train_cell: trains a network of a cell within some seconds.
        time_limit: seconds for all together.
        train: the training text, to count runs of tokens in as a reference.
        held_out: the validation text.
        size: of the vocabulary.
    """
    share = None if time_limit is None else time_limit / len(CELLS)
    found: list[tuple[float, str, Any, Training]] = []
    for cell in CELLS:
        model, training = train_cell(cell, share)
        loss = min(training.history.get("val_loss", []), default=math.inf)
        found.append((loss, cell, model, training))
        if training.ended_by == "interrupt":
            break
    rows = [
        Candidate(cell, loss, training.seconds, model.count_params())
        for loss, cell, model, training in found
    ]
    begin = time.perf_counter()
    order, losses = best_order(train, held_out, size, range(1, longest_order(size) + 1))
    seconds = time.perf_counter() - begin
    rows.append(Candidate(f"runs of {order} (Kneser-Ney)", min(losses), seconds, 0))
    _, cell, model, training = min(found, key=lambda trial: trial[0])
    if found[-1][3].ended_by == "interrupt":
        training.ended_by = "interrupt"
    return Choice(cell, model, training, rows)
