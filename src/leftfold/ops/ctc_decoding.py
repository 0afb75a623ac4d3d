"""From the outputs of a network trained with `ctc_loss` to labels: the best path, or a beam."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import as_full_array
from leftfold.ops.ctc import check_lengths
from leftfold.ops.dtypes import floating
from leftfold.ops.nn import log_softmax_values

_NOTHING = -1


@primitive
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    /,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> Any:
    """Labels out of logits.

    Args:
        inputs: logits `(batch, steps, classes)`.
        sequence_lengths: steps of each row, `(batch,)`.
        strategy: `"greedy"` reads the most probable path; `"beam_search"` adds up the paths that
            read the same, and keeps the `beam_width` best readings at each step.
        beam_width: see `strategy`.
        top_paths: how many readings a beam returns.
        merge_repeated: whether the best path's repetitions are one label; a beam always merges.
        mask_index: the class that is the blank.

    Returns:
        Labels, int32 `(1 or top_paths, batch, steps)`, with -1 behind them; and scores: of the best
        path minus the sum of its logits, `(batch, 1)`, of a beam the log-probabilities of its
        readings, `(batch, top_paths)`, the best first.

    Raises:
        ValueError: for settings or lengths that cannot be meant, and a step whose logits are NaN,
            infinite, or all minus infinity.

    Source: of the beam, A. Hannun et al., First-Pass Large Vocabulary Continuous Speech
    Recognition using Bi-Directional Recurrent DNNs, 2014, without a language model.

    Example:
        >>> logits = np.log([[[0.6, 0.4], [0.6, 0.4]]])
        >>> ctc_decode(logits, [2])[0].numpy().tolist()
        [[[-1, -1]]]
        >>> labels, score = ctc_decode(logits, [2], "beam_search")
        >>> labels.numpy().tolist(), round(float(np.exp(score[0, 0])), 2)
        ([[[1, -1]]], 0.64)
    """
    logits = floating(as_full_array(inputs))
    if logits.ndim != 3:
        raise ValueError(f"inputs expected shape (batch, steps, classes), got {logits.shape}.")
    batch, steps, classes = logits.shape
    lengths = check_lengths("sequence_lengths", sequence_lengths, batch, steps)
    if not -classes <= mask_index < classes:
        raise ValueError(f"mask_index expected one of {classes} classes, got {mask_index}.")
    blank = int(mask_index) % classes
    highest = logits.max(2, initial=-np.inf)
    strange = ~np.isfinite(highest) & (np.arange(steps) < lengths[:, None])
    if strange.any():
        row, step = np.argwhere(strange)[0]
        raise ValueError(
            f"inputs, row {row}, step {step}: expected logits of which the highest is a finite "
            f"number, got {highest[row, step]}."
        )
    if strategy == "greedy":
        return (*_best_path(logits, lengths, merge_repeated, blank),), None
    if strategy != "beam_search":
        raise ValueError(f"strategy expected 'greedy' or 'beam_search', got {strategy!r}.")
    if beam_width < 1 or not 1 <= top_paths <= beam_width:
        raise ValueError(
            "beam_width expected a positive number and top_paths one from 1 to it, got "
            f"{beam_width} and {top_paths}."
        )
    labels = np.full((top_paths, batch, steps), _NOTHING, np.int32)
    scores = np.full((batch, top_paths), -np.inf, logits.dtype)
    log_p = log_softmax_values(logits.astype(np.float64), -1)
    for row in range(batch):
        found = _Beam(beam_width, blank).read(log_p[row, : lengths[row]])
        for place, (reading, score) in enumerate(found[:top_paths]):
            labels[place, row, : len(reading)] = reading
            scores[row, place] = score
    return (labels, scores), None


def _best_path(
    logits: np.ndarray, lengths: np.ndarray, merge: bool, blank: int
) -> tuple[np.ndarray, np.ndarray]:
    real = np.arange(logits.shape[1]) < lengths[:, None]
    path = np.where(real, logits.argmax(2), blank)
    spoken = path != blank
    if merge:
        spoken[:, 1:] &= path[:, 1:] != path[:, :-1]
    order = np.argsort(~spoken, axis=1, kind="stable")
    labels = np.take_along_axis(np.where(spoken, path, _NOTHING), order, axis=1)
    scores = -np.where(real, logits.max(2, initial=-np.inf), 0).sum(1, keepdims=True)
    return labels.astype(np.int32)[None], scores.astype(logits.dtype)


class _Beam:
    """The most probable readings of what was heard so far.

    A reading is a node of a tree: the reading without its last label, and that label. For each,
    the log-probabilities of the paths that end in a blank and of those that end in the label.
    """

    def __init__(self, width: int, blank: int) -> None:
        self.width, self.blank = width, blank
        self.parents, self.last = [_NOTHING], [_NOTHING]
        self.numbers: dict[tuple[int, int], int] = {}
        self.nodes = [0]
        self.in_blank, self.in_label = np.zeros(1), np.full(1, -np.inf)

    def read(self, log_p: np.ndarray) -> list[tuple[list[int], float]]:
        """The readings of steps `(steps, classes)` with their log-probabilities, best first."""
        for step in log_p:
            self._step(step)
        total = np.logaddexp(self.in_blank, self.in_label)
        return [
            (self._labels(self.nodes[place]), float(total[place]))
            for place in np.argsort(-total, kind="stable")
        ]

    def _step(self, log_p: np.ndarray) -> None:
        nodes, last = self.nodes, np.array([self.last[node] for node in self.nodes])
        total = np.logaddexp(self.in_blank, self.in_label)
        longer = total[:, None] + log_p
        places = np.flatnonzero(last >= 0)  # a label again only behind a blank
        longer[places, last[places]] = self.in_blank[places] + log_p[last[places]]
        longer[:, self.blank] = -np.inf
        in_blank = total + log_p[self.blank]
        in_label = np.where(last >= 0, self.in_label + log_p[last], -np.inf)
        place_of = {node: place for place, node in enumerate(nodes)}
        for place, node in enumerate(nodes):  # a longer reading may be in the beam already
            shorter = place_of.get(self.parents[node])
            if shorter is not None:
                added = longer[shorter, last[place]]
                in_label[place] = np.logaddexp(in_label[place], added)
                longer[shorter, last[place]] = -np.inf
        scores = np.concatenate([np.logaddexp(in_blank, in_label), longer.ravel()])
        best = np.argsort(-scores, kind="stable")[: self.width]
        best = best[scores[best] > -np.inf]
        kept, new = best[best < len(nodes)], best[best >= len(nodes)] - len(nodes)
        grown = [self._node(nodes[i // len(log_p)], int(i % len(log_p))) for i in new]
        self.nodes = [*(nodes[i] for i in kept), *grown]
        self.in_blank = np.concatenate([in_blank[kept], np.full(len(new), -np.inf)])
        self.in_label = np.concatenate([in_label[kept], longer.ravel()[new]])

    def _node(self, parent: int, label: int) -> int:
        number = self.numbers.setdefault((parent, label), len(self.parents))
        if number == len(self.parents):
            self.parents.append(parent)
            self.last.append(label)
        return number

    def _labels(self, node: int) -> list[int]:
        labels = []
        while node:
            labels.append(self.last[node])
            node = self.parents[node]
        return labels[::-1]
