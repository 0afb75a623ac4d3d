"""Teacher forcing: whether a decoder in training reads the right words or its own."""

from __future__ import annotations

import math
from typing import Any

from leftfold.layers.checks import fraction

DECAYS = ("linear", "exponential", "inverse_sigmoid")


class ScheduledSampling:
    """How often the decoder is shown the right word, which falls in the course of training.

    With full teacher forcing a decoder never meets its own mistakes before it is used. Scheduled
    sampling begins with the right words and lets the decoder read more and more of its own. At
    step `i` of training a word is the right one with probability

        linear             max(minimum, 1 - i / steps)
        exponential        max(minimum, k ** i)          with k so that it is 1/2 at steps / 2
        inverse_sigmoid    max(minimum, k / (k + exp(i / k)))         with k alike

    Bengio et al., "Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks"
    (2015), arXiv:1506.03099.

    Args:
        decay: `"linear"`, `"exponential"` or `"inverse_sigmoid"`.
        steps: steps of training over which it falls: to zero if linear, to one half in the
            middle in each case.
        minimum: it does not fall below.

    Raises:
        ValueError: for another decay, or numbers that make no sense.

    Example:
        >>> schedule = ScheduledSampling("inverse_sigmoid", steps=1000)
        >>> [round(schedule(step), 2) for step in (0, 500, 1000)]
        [0.99, 0.5, 0.01]
    """

    def __init__(self, decay: str = "inverse_sigmoid", steps: int = 10000, minimum: float = 0.0):
        if decay not in DECAYS:
            raise ValueError(
                f"ScheduledSampling expected decay to be one of {', '.join(DECAYS)}, got {decay!r}."
            )
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ValueError(
                f"ScheduledSampling expected steps to be a positive integer, got {steps!r}."
            )
        self.decay, self.steps = decay, steps
        self.minimum = fraction("ScheduledSampling", "minimum", minimum)
        self._k = _half_way(steps / 2)

    def __call__(self, step: int) -> float:
        """The probability of the right word at a step of training, counted from 0."""
        if self.decay == "linear":
            share = 1 - step / self.steps
        elif self.decay == "exponential":
            share = 0.5 ** (2 * step / self.steps)
        else:
            share = 1 / (1 + math.exp(min(step / self._k, 700)) / self._k)
        return max(self.minimum, share)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"decay": self.decay, "steps": self.steps, "minimum": self.minimum}


def _half_way(middle: float) -> float:
    """The k of the inverse sigmoid that is 1/2 at `middle`: `k * log(k) = middle`."""
    k = max(middle, math.e)
    for _ in range(50):
        k -= (k * math.log(k) - middle) / (math.log(k) + 1)
        k = max(k, 1.0)
    return k


TeacherForcing = float | ScheduledSampling


def get(value: Any) -> TeacherForcing:
    """`"full"`, `"none"`, a probability, a `ScheduledSampling` or its configuration.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, ScheduledSampling):
        return value
    if isinstance(value, dict):
        return ScheduledSampling(**value)
    if value in ("full", "none"):
        return 1.0 if value == "full" else 0.0
    if isinstance(value, str):
        raise ValueError(
            "EncoderDecoder expected teacher_forcing to be 'full', 'none', a number from 0 to 1 or "
            f"a ScheduledSampling, got {value!r}."
        )
    return fraction("EncoderDecoder", "teacher_forcing", value)
