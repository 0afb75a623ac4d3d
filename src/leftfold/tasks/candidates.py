"""Training of the networks that a classifier may consist of, and the choice among them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.optimizers import Adam
from leftfold.optimizers.schedules import CosineDecay
from leftfold.tasks.inputs import Inputs
from leftfold.tasks.networks import DESCRIPTIONS, SEE_PADDING, Plan, sequence_network, text_network
from leftfold.tasks.sequences import SequenceEncoder
from leftfold.tasks.texts import TextEncoder
from leftfold.tasks.training import FallingRate, Training, train

if TYPE_CHECKING:
    from leftfold.tasks.classifier import SequenceClassifier

FEW_ROWS = 1000
_AIMED_STEPS = 2500
_EPOCHS = (6, 100)
_BATCHES = (8, 64)
_PACE, _PACE_WITH_VECTORS = 0.1, 1.0  # frozen vectors cannot be learnt by heart
_PATIENCE, _PATIENCE_WITH_FEW_ROWS = 3, 25
_UNITS, _UNITS_BY_CHARACTER = 32, 128


@dataclass(frozen=True)
class Candidate:
    """One network that `cell="auto"` tried.

    Attributes:
        cell: what reads the sequence.
        accuracy: on the validation part.
        loss: on the validation part.
        seconds: of training.
        parameters: of the network.
        ended_by: see `Training`.
    """

    cell: str
    accuracy: float
    loss: float
    seconds: float
    parameters: int
    ended_by: str


@dataclass
class Chosen:
    """The best of the networks, and what was tried.

    Attributes:
        plan: of the network.
        network: trained.
        training: how that went.
        candidates: all, the best first.
        interrupted: whether Ctrl-C ended it.
    """

    plan: Plan
    network: Any
    training: Training
    candidates: list[Candidate]
    interrupted: bool


def train_candidates(
    settings: SequenceClassifier,
    encoder: TextEncoder | SequenceEncoder,
    cells: Sequence[str],
    learn: Inputs,
    judge: Inputs | None,
    classes: int,
    vectors: np.ndarray | None,
) -> Chosen:
    """Train a network of each kind within its share of the time, and keep the best.

    Args:
        settings: the estimator's parameters.
        encoder: fitted.
        cells: the kinds to try.
        learn: the training part.
        judge: the part that decides when to stop, and which is best.
        classes: how many there are.
        vectors: pretrained ones, `(words, dimension)`.
    """
    y = _one_hot(learn.codes, classes)
    encoded = {
        sees_padding: _encoded(encoder, learn, judge, sees_padding, classes)
        for sees_padding in sorted({cell in SEE_PADDING for cell in cells})
    }
    until = None if settings.time_limit is None else time.monotonic() + settings.time_limit
    candidates: list[Candidate] = []
    best: tuple[Plan, Any, Training] | None = None
    interrupted = False
    for number, cell in enumerate(cells):
        plan = _plan(settings, encoder, cell, classes)
        network = _network(settings, encoder, plan, vectors)
        x, validation = encoded[plan.sees_padding]
        left = None if until is None else until - time.monotonic()
        share = None if left is None else max(0.0, left) / (len(cells) - number)
        training = _train(settings, network, x, y, validation, share, not plan.sees_padding)
        candidates.append(_candidate(cell, network, training))
        if best is None or candidates[-1].loss < min(c.loss for c in candidates[:-1]):
            best = plan, network, training
        if training.ended_by == "interrupt":
            interrupted = True
            break
    assert best is not None
    # A fresh optimiser: files need not carry the moments of the old one.
    best[1].compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    ranked = sorted(candidates, key=lambda candidate: candidate.loss)
    return Chosen(*best, ranked, interrupted)


def _encoded(
    encoder: TextEncoder | SequenceEncoder,
    learn: Inputs,
    judge: Inputs | None,
    sees_padding: bool,
    classes: int,
) -> tuple[Any, tuple[Any, np.ndarray] | None]:
    """Both parts as networks read them, once for all networks that do so."""
    validation = None
    if judge is not None:
        judged = encoder.encode(judge.rows, sees_padding)
        validation = judged, _one_hot(judge.codes, classes)
    return encoder.encode(learn.rows, sees_padding), validation


def _train(
    settings: SequenceClassifier,
    network: Any,
    x: Any,
    y: np.ndarray,
    validation: Any,
    time_limit: float | None,
    masked: bool,
) -> Training:
    batch_size = settings.batch_size or int(np.clip(len(y) // 20, *_BATCHES))
    steps = math.ceil(len(y) / batch_size)
    epochs = settings.epochs or int(np.clip(math.ceil(_AIMED_STEPS / steps), *_EPOCHS))
    rate: Any = CosineDecay(settings.learning_rate, steps * epochs, alpha=0.05)
    falling = []
    if time_limit is not None:
        rate = settings.learning_rate
        falling = [FallingRate(rate, steps * epochs, time_limit)]
    momentum = 0.5 ** (4 / max(4, steps))
    network.compile(
        Adam(rate, clipnorm=1.0, use_ema=True, ema_momentum=momentum),
        "categorical_crossentropy",
        metrics=["accuracy"],
    )
    options: dict[str, Any] = {}
    if settings.balanced:
        counts = y.sum(0)
        options["class_weight"] = dict(enumerate(len(y) / (len(counts) * counts)))
    usual = _PATIENCE if len(y) >= FEW_ROWS else _PATIENCE_WITH_FEW_ROWS
    return train(
        network,
        x,
        y,
        validation,
        epochs=epochs,
        batch_size=batch_size,
        patience=settings.patience or usual,
        time_limit=time_limit,
        verbose=settings.verbose,
        callbacks=falling,
        bucket_by_length=masked and len(y) > batch_size,
        **options,
    )


def _plan(
    settings: SequenceClassifier, encoder: TextEncoder | SequenceEncoder, cell: str, classes: int
) -> Plan:
    numeric = isinstance(encoder, SequenceEncoder)
    words = not numeric and settings.level == "word"
    return Plan(
        cell,
        settings.units or (_UNITS if numeric or words else _UNITS_BY_CHARACTER),
        classes,
        numeric,
        settings.dropout if words else settings.dropout / 2,
        settings.word_dropout if words else 0.0,
        settings.pair_dropout,
        _PACE if settings.vectors is None else _PACE_WITH_VECTORS,
    )


def _network(
    settings: SequenceClassifier,
    encoder: TextEncoder | SequenceEncoder,
    plan: Plan,
    vectors: np.ndarray | None,
) -> Any:
    if isinstance(encoder, SequenceEncoder):
        return sequence_network(plan, len(encoder.mean))
    words = len(encoder.index) + 2
    dimension = settings.dimension if vectors is None else vectors.shape[1]
    pairs = len(encoder.pair_index)
    return text_network(
        plan,
        words,
        dimension,
        pairs + 1 if pairs else 0,
        vectors=vectors,
        tune_vectors=settings.tune_vectors,
    )


def _one_hot(codes: np.ndarray, classes: int) -> np.ndarray:
    hot: np.ndarray = np.eye(classes, dtype=np.float32)[codes]
    return hot


def _candidate(cell: str, network: Any, training: Training) -> Candidate:
    history, best = training.history, training.best_epoch

    def figure(name: str) -> float:
        values = history.get(f"val_{name}") or history.get(name) or [math.inf]
        return float(values[min(best, len(values) - 1)])

    return Candidate(
        cell,
        figure("accuracy"),
        figure("loss"),
        training.seconds,
        int(network.count_params()),
        training.ended_by,
    )


def describe_candidates(candidates: Sequence[Candidate]) -> dict[str, list[Any]]:
    """What `cell="auto"` tried, as columns."""
    return {
        "network": [DESCRIPTIONS[candidate.cell] for candidate in candidates],
        "validation accuracy": [candidate.accuracy for candidate in candidates],
        "validation loss": [candidate.loss for candidate in candidates],
        "seconds": [round(candidate.seconds, 1) for candidate in candidates],
        "parameters": [candidate.parameters for candidate in candidates],
        "ended by": [candidate.ended_by for candidate in candidates],
    }
