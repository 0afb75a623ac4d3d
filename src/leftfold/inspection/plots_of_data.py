"""Pictures of what a network reads: its vectors on a map, the lengths of its sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.inspection.picture import PALETTE, Picture, new_figure


def plot_embeddings(
    points: Any, words: Sequence[str], groups: Sequence[str] | None = None, title: str = ""
) -> Picture:
    """Words on a map.

    Args:
        points: `(words, 2)`, from `flat_map`.
        words: the word of each point.
        groups: what kind each is, shown by colour and marker.
        title: above the picture.
    """
    points = np.asarray(points, float)
    if points.shape != (len(words), 2):
        raise ValueError(
            f"plot_embeddings expected points of shape ({len(words)}, 2), got {points.shape}."
        )
    kinds = list(dict.fromkeys(groups)) if groups is not None else [""]
    belongs = list(groups) if groups is not None else [""] * len(words)
    with new_figure(7.5, 6) as (figure, axis):
        for place, kind in enumerate(kinds):
            chosen = [i for i, group in enumerate(belongs) if group == kind]
            axis.scatter(
                points[chosen, 0],
                points[chosen, 1],
                s=18,
                color=PALETTE[place % len(PALETTE)],
                marker="os^Dv"[place % 5],
                label=kind or None,
            )
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
        axis.margins(0.08)
        _label(figure, axis, points, words)
        axis.set_title(title or "Vectors that are alike lie close together")
        if groups is not None:
            axis.legend()
    return Picture(figure)


def _label(figure: Any, axis: Any, points: np.ndarray, words: Sequence[str]) -> None:
    """Write words beside their points, where possible not over each other."""
    figure.draw_without_rendering()
    places = axis.transData.transform(points) * 72 / figure.dpi
    taken: list[tuple[float, float, float, float]] = []
    for point, (x, y), word in zip(points, places, words, strict=True):
        width, height = 5.4 * len(word), 9.0
        around = [(4.0, -height / 2 + 2), (-4 - width, -height / 2 + 2)]
        around += [(-width / 2, rise) for rise in (5.0, -12.0)]
        around += [
            (right, rise)
            for rise in (10.0, -16.0, 20.0, -26.0, 30.0, -36.0)
            for right in (4.0, -4 - width)
        ]
        boxes = [(x + dx, y + dy, x + dx + width, y + dy + height) for dx, dy in around]
        hits = [sum(_overlap(box, other) for other in taken) for box in boxes]
        best = int(np.argmin(hits))
        taken.append(boxes[best])
        far = best > 3
        axis.annotate(
            word, point, around[best], textcoords="offset points", fontsize=8.5,
            arrowprops={"arrowstyle": "-", "color": "0.6", "lw": 0.6} if far else None,
        )  # fmt: skip


def _overlap(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """The area that two boxes (left, bottom, right, top) share."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0) * max(height, 0)


def plot_lengths(lengths: Any, cut: int | None = None, unit: str = "words") -> Picture:
    """How long sequences are, and what a cut at some length would cost.

    Args:
        lengths: of every sequence.
        cut: the length to which they are to be padded or cut.
        unit: of the lengths.
    """
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or not lengths.size:
        raise ValueError(f"plot_lengths expected lengths of sequences, got shape {lengths.shape}.")
    far = max(int(np.quantile(lengths, 0.99)), cut or 0, 1)
    with new_figure(7.5, 3.4) as (figure, axis):
        shown = np.minimum(lengths, far)
        axis.hist(shown, bins=min(60, far), color=PALETTE[0], alpha=0.85)
        median = float(np.median(lengths))
        axis.axvline(median, color=PALETTE[6], linestyle=":", label=f"half have {median:g} or less")
        if cut is not None:
            whole = (lengths <= cut).mean()
            padding = np.maximum(cut - lengths, 0).sum() / (cut * len(lengths))
            label = f"cut at {cut}: {whole:.0%} whole,\n{padding:.0%} of all steps padding"
            axis.axvline(cut, color=PALETTE[5], linewidth=2, label=label)
        axis.set(xlabel=f"{unit} (the last bar has all longer ones)", ylabel="sequences")
        axis.set_title(f"Lengths of {len(lengths):,} sequences")
        axis.legend()
    return Picture(figure)
