"""The networks, their loss, and what is done to their quantiles afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold import layers, losses, ops
from leftfold.models import Model

RECURRENT: dict[str, Any] = {
    "lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN,
}  # fmt: skip
REFERENCES = ("convolution", "dense")
"""What reads a window without recurrence, to be beaten."""
CELLS = (*RECURRENT, *REFERENCES)
DESCRIPTIONS = {
    "lstm": "LSTM",
    "gru": "GRU",
    "simple_rnn": "SimpleRNN",
    "convolution": "convolution over 3 steps",
    "dense": "one dense layer over the window",
    "none": "without a network",
}
METHODS = ("direct", "recursive")


class Pinball(losses.Loss):
    """The pinball loss of several quantiles, averaged over them.

    `max(q * (y - f), (q - 1) * (y - f))` is smallest in the mean when `f` is the quantile `q` of
    `y` (Koenker and Bassett, "Regression Quantiles", 1978).

    Args:
        quantiles: between 0 and 1, `(Q,)`.

    Example:
        >>> loss = Pinball([0.1, 0.9])
        >>> float(loss(np.array([[[1.0]]]), np.array([[[0.0, 0.0]]])))
        0.5
    """

    def __init__(self, quantiles: Sequence[float], name: str = "pinball") -> None:
        super().__init__(name=name)
        self.quantiles = [float(q) for q in quantiles]

    def call(self, y_true: Any, y_pred: Any) -> Any:
        over = y_true - y_pred
        levels = np.array(self.quantiles, "float32")
        return ops.mean(ops.maximum(levels * over, (levels - 1) * over), axis=-1)


def direct_network(
    cell: str,
    units: int,
    window: int,
    features: int,
    horizon: int,
    ahead: int,
    quantiles: int,
    dropout: float = 0.0,
) -> Model:
    """Reads a window, then writes all steps ahead, knowing what is known of them.

    An encoder folds the window into its state, from which a decoder of the same size goes on over
    the steps ahead. Its outputs begin at zero.
    """
    history = layers.Input((window, features), name="history")
    known = layers.Input((horizon, ahead), name="ahead")
    if cell in REFERENCES:
        return _without_recurrence(cell, units, history, known, quantiles, dropout)
    kind = RECURRENT[cell]
    _, *state = kind(units, dropout=dropout, return_state=True, name="encoder")(history)
    steps = kind(units, return_sequences=True, name="decoder")(known, initial_state=state)
    steps = layers.Dropout(dropout)(steps)
    output = layers.Dense(quantiles, kernel_initializer="zeros", name="quantiles")(steps)
    return Model([history, known], output, name="direct")


def _without_recurrence(
    cell: str, units: int, history: Any, known: Any, quantiles: int, dropout: float
) -> Model:
    """Sums a window up, and answers for each step ahead by the sum and what is known of it."""
    if cell == "convolution":
        filtered = layers.Conv1D(units, 3, padding="causal", activation="relu")(history)
        parts = [layers.GlobalMaxPooling1D()(filtered), filtered[:, -1]]
        summary = layers.Concatenate()(parts)
    else:
        summary = layers.Dense(units, activation="tanh")(layers.Flatten()(history))
    repeated = layers.RepeatVector(known.shape[1])(layers.Dropout(dropout)(summary))
    steps = layers.Concatenate()([repeated, known])
    steps = layers.Dense(units, activation="tanh")(steps)
    output = layers.Dense(quantiles, kernel_initializer="zeros", name="quantiles")(steps)
    return Model([history, known], output, name="direct")


def recursive_network(
    cell: str, units: int, features: int, quantiles: int, dropout: float = 0.0
) -> Model:
    """Reads step by step, and after each says what it expects of the next."""
    history = layers.Input((None, features), name="history")
    recurrence = RECURRENT[cell](units, dropout=dropout, return_sequences=True, name="recurrence")
    steps = layers.Dropout(dropout)(recurrence(history))
    output = layers.Dense(quantiles, kernel_initializer="zeros", name="quantiles")(steps)
    return Model(history, output, name="recursive")


def ensemble(members: Sequence[Any]) -> Any:
    """One model whose output is the mean of the members', without their loss and optimiser."""
    first = members[0]
    if len(members) == 1:
        given = first.inputs if len(first.inputs) > 1 else first.inputs[0]
        return Model(given, first.outputs[0], name=first.name)
    inputs = [layers.Input(i.shape[1:], name=i.name) for i in first.inputs]
    for number, member in enumerate(members):
        member.name = f"member_{number + 1}"
    given = inputs if len(inputs) > 1 else inputs[0]
    return Model(given, layers.Average()([member(given) for member in members]), name="ensemble")


def shrunk(outputs: np.ndarray, resting: np.ndarray, share: float) -> np.ndarray:
    """Quantiles between those that know nothing of the series and the network's.

    Args:
        outputs: of the network, `(..., Q)`.
        resting: quantiles of all errors of the base, `(Q,)`.
        share: what is taken of the network's difference from them.
    """
    return np.sort(resting + share * (outputs - resting), axis=-1)


def pinball(truth: np.ndarray, forecasts: np.ndarray, quantiles: Sequence[float]) -> float:
    """Mean pinball loss, truths that are not known left out.

    Args:
        truth: `(...)`, NaN where not known.
        forecasts: `(..., Q)`.
        quantiles: `(Q,)`.
    """
    over = truth[..., None] - forecasts
    levels = np.asarray(quantiles)
    return float(np.nanmean(np.maximum(levels * over, (levels - 1) * over)))


def conformal_margins(
    truth: np.ndarray,
    forecasts: np.ndarray,
    quantiles: Sequence[float],
    cases: int | None = None,
    narrow: bool = True,
) -> np.ndarray:
    """What to add to each quantile so that intervals cover what they say, `(Q,)`.

    Split-conformal quantile regression: each interval between a quantile and its mirror image is
    widened (or narrowed) by the quantile of how far the truth lay outside, with the correction
    for the number of cases (Romano, Patterson and Candès, "Conformalized Quantile Regression",
    2019).

    Args:
        truth: of the validation part, `(...)`, NaN where not known.
        forecasts: `(..., Q)`.
        quantiles: ascending and symmetric around 0.5.
        cases: how many different truths there are, where some were forecast several times.
        narrow: whether intervals that cover more than they say may become narrower. Where the
            forecaster was chosen by the same truths they must not: it does better on them than
            it will on others, and there intervals would cover too little.
    """
    margins = np.zeros(len(quantiles))
    known = ~np.isnan(truth)
    y, f = truth[known], forecasts[known]
    for low in range(len(quantiles) // 2):
        high = len(quantiles) - 1 - low
        outside = np.maximum(f[:, low] - y, y - f[:, high])
        level = (1 + 1 / (cases or max(1, len(y)))) * (quantiles[high] - quantiles[low])
        margin = float(np.quantile(outside, min(1.0, level))) if len(y) else 0.0
        margin = margin if narrow else max(0.0, margin)
        margins[low], margins[high] = -margin, margin
    return margins


ADAPTATION = 0.15
"""How far a quantile moves after a miss, in units of the base's errors."""


def adapted_margins(
    truth: np.ndarray,
    forecasts: np.ndarray,
    quantiles: Sequence[float],
    origins: np.ndarray,
    margins: np.ndarray,
) -> np.ndarray:
    """Margins that follow how intervals of earlier origins covered what has become known since.

    After a truth outside its interval the interval grows, after one inside it shrinks a little,
    so that in the long run it covers its share of any sequence (Gibbs and Candès, "Adaptive
    Conformal Inference Under Distribution Shift", 2021; here on margins instead of levels, as in
    Angelopoulos, Candès and Tibshirani, "Conformal PID Control for Time Series Prediction", 2023).

    Args:
        truth: at each origin and step, NaN where not known, `(origins, steps)`.
        forecasts: `(origins, steps, Q)`, without margins.
        quantiles: ascending and symmetric around 0.5.
        origins: their positions, ascending, `(origins,)`; a step's truth is known at the origin
            that lies that many steps behind its own, and at later ones.
        margins: at the first origin, `(Q,)`.

    Returns:
        Margins at each origin, `(origins, Q)`.
    """
    found = np.repeat(margins[None], len(origins), axis=0)
    count, steps = truth.shape
    known_at = np.searchsorted(origins, origins[:, None] + np.arange(1, steps + 1))
    for low in range(len(quantiles) // 2):
        high = len(quantiles) - 1 - low
        miss = 1 - (quantiles[high] - quantiles[low])
        margin = margins[high]
        used = np.empty(count)
        for at in range(count):
            rows, cols = np.nonzero((known_at == at) & ~np.isnan(truth))
            if len(rows):
                y, f = truth[rows, cols], forecasts[rows, cols]
                outside = np.maximum(f[:, low] - y, y - f[:, high]) > used[rows]
                margin = margin + ADAPTATION * (float(outside.mean()) - miss)
            used[at] = margin
        found[:, low], found[:, high] = -used, used
    return found
