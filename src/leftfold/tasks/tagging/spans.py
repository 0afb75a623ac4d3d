"""Labels that stand for stretches of steps: what they say, whether they may, how they are judged.

`B-PER I-PER O` (IOB2) names a span by its begin and inside; `B-PER E-PER S-LOC` (IOBES) marks the
end and spans of one step as well. BILOU says L and U for E and S.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

IOB2, IOBES = "IOB2", "IOBES"
_LABEL = re.compile(r"([BIESLU])-(.+)", re.DOTALL)
_OTHER_MARKS = {"L": "E", "U": "S"}
_OUTSIDE = "O"
_IMPOSSIBLE = -1e30


class Span(NamedTuple):
    """A stretch of steps with a name: from `start` up to `stop`, which is not part of it."""

    name: str
    start: int
    stop: int


def find_scheme(labels: Iterable[str]) -> str | None:
    """Which scheme labels follow: `"IOB2"`, `"IOBES"`, or `None` where they name single steps.

    Args:
        labels: the different labels.

    Example:
        >>> find_scheme(["O", "B-PER", "I-PER"]), find_scheme(["S-PER", "O"]), find_scheme(["NOUN"])
        ('IOB2', 'IOBES', None)
    """
    marks = set()
    for label in labels:
        mark, name = split_label(label)
        if not name and label != _OUTSIDE:
            return None
        marks.add(mark)
    if not marks & {"B", "S"}:
        return None
    return IOBES if marks & {"E", "S"} else IOB2


def split_label(label: str) -> tuple[str, str]:
    """A label's mark and name: `("B", "PER")`; `("O", "")` for what is in no span."""
    found = _LABEL.fullmatch(label)
    return (_OTHER_MARKS.get(found[1], found[1]), found[2]) if found else (_OUTSIDE, "")


def spans_of(labels: Sequence[str]) -> list[Span]:
    """The spans of a sequence of labels.

    A label that goes on with a span that is not there begins one, as in the evaluation of the
    CoNLL shared tasks.

    Example:
        >>> spans_of(["B-PER", "I-PER", "O", "S-LOC"])
        [Span(name='PER', start=0, stop=2), Span(name='LOC', start=3, stop=4)]
    """
    found: list[Span] = []
    name, start = "", 0
    for step, label in enumerate([*labels, _OUTSIDE]):
        mark, new = split_label(label)
        if name and (mark in "OBS" or new != name):
            found.append(Span(name, start, step))
            name = ""
        if not name and mark != _OUTSIDE:
            name, start = new, step
        if mark in "ES":
            found.append(Span(name, start, step + 1))
            name = ""
    return found


def first_fault(labels: Sequence[str], scheme: str | None) -> int | None:
    """The first step whose label cannot stand behind the one before; `None` if all can."""
    if scheme is None:
        return None
    before = _OUTSIDE
    for step, label in enumerate(labels):
        if not _may_follow(before, label, scheme):
            return step
        before = label
    return None


def _may_follow(before: str, label: str, scheme: str) -> bool:
    (mark_before, name_before), (mark, name) = split_label(before), split_label(label)
    goes_on = mark in "IE"
    if scheme == IOB2:
        return not goes_on or (mark_before in "BI" and name == name_before)
    return goes_on == (mark_before in "BI") and (not goes_on or name == name_before)


class Decoder:
    """The most probable labels that are allowed one behind the other.

    Args:
        labels: of all classes, in the order of the probabilities.
        scheme: of the labels; without one, each step has its most probable label.

    Source: A. Viterbi, Error bounds for convolutional codes, 1967.
    """

    def __init__(self, labels: Sequence[str], scheme: str | None) -> None:
        self.scheme = scheme
        if scheme is None:
            return
        allowed = [[_may_follow(a, b, scheme) for b in labels] for a in labels]
        self._moves = np.where(allowed, 0.0, _IMPOSSIBLE)
        self._begins = np.where(
            [_may_follow(_OUTSIDE, label, scheme) for label in labels], 0.0, _IMPOSSIBLE
        )
        ends = [scheme == IOB2 or split_label(label)[0] in "OES" for label in labels]
        self._ends = np.where(ends, 0.0, _IMPOSSIBLE)

    def decode(self, probabilities: np.ndarray) -> np.ndarray:
        """Numbers of labels `(steps,)` out of probabilities `(steps, labels)`."""
        if self.scheme is None:
            found: np.ndarray = probabilities.argmax(1)
            return found
        scores = np.log(np.maximum(probabilities.astype(float), 1e-30))
        best = scores[0] + self._begins
        came_from = np.zeros(scores.shape, int)
        for step in range(1, len(scores)):
            ways = best[:, None] + self._moves
            came_from[step] = ways.argmax(0)
            best = ways.max(0) + scores[step]
        path = np.zeros(len(scores), int)
        path[-1] = int((best + self._ends).argmax())
        for step in range(len(scores) - 1, 0, -1):
            path[step - 1] = came_from[step, path[step]]
        return path


def span_counts(
    truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]
) -> dict[str, np.ndarray]:
    """How many spans of each name are right, predicted and true in each sequence.

    Returns:
        By name, `(sequences, 3)`. A span is right if its name and both its ends are.
    """
    rows: dict[str, np.ndarray] = {}
    for row, (right, said) in enumerate(zip(truth, predicted, strict=True)):
        true, found = set(spans_of(right)), set(spans_of(said))
        for column, spans in enumerate((true & found, found, true)):
            for name, count in Counter(span.name for span in spans).items():
                rows.setdefault(name, np.zeros((len(truth), 3), int))[row, column] += count
    return dict(sorted(rows.items()))


def f1(counts: np.ndarray) -> float:
    """Twice what is right by what is predicted and what is true together, of `(rows, 3)` counts.

    Where nothing is predicted and nothing true, it is 1.
    """
    right, predicted, true = counts.sum(0)
    return float(2 * right / (predicted + true)) if predicted + true else 1.0
