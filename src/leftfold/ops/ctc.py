"""Connectionist temporal classification: a sequence's labels without saying when each is spoken.

A path chooses one class a step, among them a blank. Dropping repetitions and then blanks turns it
into labels, so `a a _ a b` reads `a a b`. The loss is minus the logarithm of the probability that
a path reads as the target.

Source: A. Graves et al., Connectionist Temporal Classification, ICML 2006. How paths become
labels again is in `leftfold.ops.ctc_decoding`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive, shape_rule
from leftfold.engine.symbolic import KerasTensor
from leftfold.engine.tensor import as_full_array
from leftfold.ops.dtypes import floating
from leftfold.ops.nn import log_softmax_values

_NEVER = -1e30
"""The logarithm of a probability of zero: finite, so that no difference of two is NaN."""


@primitive
def ctc_loss(
    target: Any,
    output: Any,
    target_length: Any,
    output_length: Any,
    /,
    mask_index: int = 0,
    *,
    needs: Any = (),
) -> Any:
    """Minus the logarithm of the probability that the outputs read as the target.

    Args:
        target: labels, whole numbers `(batch, labels)`; what lies behind a row's length is padding.
        output: logits `(batch, steps, classes)`.
        target_length: labels of each row, `(batch,)`; 0 is legal.
        output_length: steps of each row, `(batch,)`; or a mask of the steps that count,
            `(batch, steps)`.
        mask_index: the class that is the blank.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        `(batch,)`; infinite where no path has a probability, NaN where the outputs are.

    Raises:
        ValueError: for shapes that do not fit, labels that are no classes, and a row whose target
            has more labels than its steps can speak. Equal neighbours need a blank between them.

    Example:
        >>> logits = np.zeros((1, 2, 3), "float32")  # 9 paths; 1 1, 0 1 and 1 0 read as [1]
        >>> round(float(np.exp(-ctc_loss([[1]], logits, [1], [2])[0])), 4)
        0.3333
    """
    logits = floating(as_full_array(output))
    labels, lengths, counts, blank = _checked(
        np.asarray(target), logits, target_length, output_length, mask_index
    )
    log_p = log_softmax_values(logits.astype(np.float64), -1)
    states = _states(labels, blank)
    skips = _skips(states, blank)
    spoken = _spoken(log_p, states)
    forward = _forward(spoken, skips, counts)
    ends = np.stack([2 * lengths, 2 * lengths + 1], axis=1)  # the last label, or the blank behind
    with np.errstate(invalid="ignore"):  # NaN stays NaN
        total = np.logaddexp(*np.take_along_axis(forward[-1], ends, axis=1).T)
    possible = ~(total <= _NEVER / 2)
    losses = np.where(possible, -total, np.inf).astype(logits.dtype)
    if not needs:
        return losses, None

    def vjp(dy: Any) -> Any:
        backward = _backward(spoken, skips, counts, ends)
        # Of the target's paths, the share that is in a state at a step, and speaks there.
        shares = np.exp(forward[1:, :, 1:] + backward - np.where(possible, total, 0)[:, None])
        rows_and_steps = np.arange(log_p[..., 0].size).reshape(*log_p.shape[:2], 1)
        cells = rows_and_steps * log_p.shape[2] + states[:, None]
        weights = shares.transpose(1, 0, 2)
        read = np.bincount(cells.ravel(), weights.ravel(), log_p.size).reshape(log_p.shape)
        slope = (counts & possible[:, None])[..., None] * (np.exp(log_p) - read)
        return None, (dy[:, None, None] * slope).astype(logits.dtype), None, None

    return losses, vjp


@shape_rule(ctc_loss)
def _(target: Any, output: Any, *arguments: Any, **settings: Any) -> KerasTensor:
    return KerasTensor(output.shape[:1], output.dtype)


def _states(labels: np.ndarray, blank: int) -> np.ndarray:
    """What each state of the walk speaks: a blank, then label and blank by turns, `(batch, S)`."""
    states = np.full((len(labels), 2 * labels.shape[1] + 1), blank)
    states[:, 1::2] = labels
    return states


def _skips(states: np.ndarray, blank: int) -> np.ndarray:
    """Where the state two before may come directly before: two labels that differ, `(batch, S)`.

    The first label may also be what a path begins with.
    """
    skips = np.zeros(states.shape, bool)
    skips[:, 1:2] = True
    skips[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    return skips


def _spoken(log_p: np.ndarray, states: np.ndarray) -> np.ndarray:
    """The log-probability of what each state speaks at each step, `(steps, batch, S)`."""
    found = np.take_along_axis(log_p, states[:, None], axis=2)
    return np.ascontiguousarray(np.maximum(found, _NEVER).transpose(1, 0, 2))


def _forward(spoken: np.ndarray, skips: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Log-probabilities of all paths up to a step that end in a state, `(1 + steps, batch, 1 + S)`.

    State 0 is the beginning, before anything was spoken. A step that does not count changes
    nothing.
    """
    steps, batch, size = spoken.shape
    found = np.full((steps + 1, batch, size + 1), _NEVER)
    found[0, :, 0] = 0
    for step in range(steps):
        before, after = found[step], found[step + 1]
        two_before = np.full((batch, size), _NEVER)
        two_before[:, 1:] = np.where(skips[:, 1:], before[:, : size - 1], _NEVER)
        after[:, 1:] = _sum(before[:, 1:], before[:, :-1], two_before) + spoken[step]
        rests = ~counts[:, step]
        after[rests] = before[rests]
    return found


def _backward(
    spoken: np.ndarray, skips: np.ndarray, counts: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """Log-probabilities of all ways to go on from a state behind a step, `(steps, batch, S)`."""
    steps, batch, size = spoken.shape
    found = np.full((steps, batch, size), _NEVER)
    now = np.full((batch, size + 1), _NEVER)
    np.put_along_axis(now, ends, 0.0, axis=1)
    now = now[:, 1:]
    for step in range(steps - 1, -1, -1):
        found[step] = now
        onward = now + spoken[step]
        one, two = np.full((2, batch, size), _NEVER)
        one[:, :-1] = onward[:, 1:]
        two[:, :-2] = np.where(skips[:, 2:], onward[:, 2:], _NEVER)
        now = np.where(counts[:, step, None], _sum(onward, one, two), now)
    return found


def _sum(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """`log(exp(a) + exp(b) + exp(c))`; with NumPy's vectorised exp, faster than `logaddexp`."""
    most = np.maximum(np.maximum(a, b), c)
    found: np.ndarray = most + np.log(np.exp(a - most) + np.exp(b - most) + np.exp(c - most))
    return found


def _checked(
    labels: np.ndarray, logits: np.ndarray, target_length: Any, output_length: Any, blank: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Labels with blanks for padding, their lengths, the steps that count, the blank's number."""
    if logits.ndim != 3 or labels.ndim != 2 or len(labels) != len(logits):
        raise ValueError(
            "ctc_loss expected target (batch, labels) and output (batch, steps, classes), got "
            f"{labels.shape} and {logits.shape}."
        )
    batch, steps, classes = logits.shape
    if not -classes <= blank < classes:
        raise ValueError(f"mask_index expected one of {classes} classes, got {blank}.")
    blank = int(blank) % classes
    lengths = check_lengths("target_length", target_length, batch, labels.shape[1])
    mask = np.asarray(output_length)
    if mask.shape == (batch, steps) and mask.dtype == bool:
        counts = mask
    else:
        spans = check_lengths("output_length", output_length, batch, steps)
        counts = np.arange(steps) < spans[:, None]
    real = np.arange(labels.shape[1]) < lengths[:, None]
    wrong = real & ((labels < 0) | (labels >= classes) | (labels == blank) | (labels % 1 != 0))
    if wrong.any():
        row, at = np.argwhere(wrong)[0]
        raise ValueError(
            f"target, row {row}, label {at}: expected a class from 0 to {classes - 1} other than "
            f"the blank {blank}, got {labels[row, at]}."
        )
    twice = (real[:, 1:] & (labels[:, 1:] == labels[:, :-1])).sum(1)
    short = counts.sum(1) < lengths + twice
    if short.any():
        row = int(np.argmax(short))
        repeats = f" and {twice[row]} blanks between equal ones" if twice[row] else ""
        raise ValueError(
            f"ctc_loss, row {row}: a target of {lengths[row]} labels{repeats} needs at least "
            f"{lengths[row] + twice[row]} steps, got {counts[row].sum()}."
        )
    return np.where(real, labels, blank).astype(np.int64), lengths, counts, blank


def check_lengths(name: str, lengths: Any, batch: int, most: int) -> np.ndarray:
    """Lengths as whole numbers `(batch,)`.

    Raises:
        ValueError: for another shape, or a length that is not from 0 to `most`.
    """
    found = np.asarray(lengths)
    if found.shape != (batch,):
        raise ValueError(f"{name} expected one length for each of {batch} rows, got {found.shape}.")
    whole = found.astype(np.int64)
    wrong = (whole != found) | (whole < 0) | (whole > most)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"{name}, row {row}: expected 0 to {most}, got {found[row]}.")
    return whole
