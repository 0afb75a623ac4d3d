"""`plot_alignment`: which words of a source a decoder looked at while it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.inspection.picture import Picture, new_figure

_CELL = 0.36
"""Inches for each word."""

_NUMBERED = 12
"""Words up to which the weights are also written into the picture."""


def plot_alignment(
    attention: Any, source: Sequence[str], target: Sequence[str], title: str = ""
) -> Picture:
    """Draw the weights of attention as a table: source words above, written words on the left.

    Args:
        attention: (target words, source words), as in `streaming.decode(...)[0].attention`.
        source: the words that were read.
        target: the words that were written. If attention has one more row, it is that of the end,
            and is called so.
        title: of the picture.

    Returns:
        The picture. Darker is more; small tables also show the weights in hundredths.

    Raises:
        ValueError: where words and weights do not fit, or weights are no shares.
        ImportError: when Matplotlib is not installed.

    Example:
        >>> import numpy as np
        >>> weights = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
        >>> picture = plot_alignment(weights, ["guten", "Tag"], ["good", "day"])
        >>> [text.get_text() for text in picture.figure.axes[0].get_yticklabels()]
        ['good', 'day', '(end)']
    """
    weights = np.asarray(attention, float)
    rows = list(target)
    if weights.ndim == 2 and len(weights) == len(rows) + 1:
        rows.append("(end)")
    if weights.shape != (len(rows), len(source)):
        raise ValueError(
            f"plot_alignment expected attention of shape (target words, source words), "
            f"{(len(target), len(source))}, or one row more for the end, got {weights.shape}."
        )
    if weights.size == 0 or not (weights.min() >= 0 and weights.max() <= 1 + 1e-6):
        raise ValueError("plot_alignment expected attention to be shares from 0 to 1.")
    longest = max(map(len, rows))
    width = 1.2 + 0.08 * longest + _CELL * len(source)
    height = 0.9 + 0.06 * max(map(len, source)) + _CELL * len(rows)
    with new_figure(max(width, 3.0), max(height, 2.0)) as (figure, axis):
        axis.imshow(weights, cmap="Blues", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
        axis.grid(False)
        axis.xaxis.tick_top()
        columns = [*map(_visible, source)]
        axis.set_xticks(
            range(len(columns)), columns, rotation=60, ha="left", rotation_mode="anchor"
        )
        axis.set_yticks(range(len(rows)), [*map(_visible, rows)])
        axis.tick_params(length=0)
        if max(weights.shape) <= _NUMBERED:
            _write_numbers(axis, weights)
        if title:
            axis.set_xlabel(title)
    return Picture(figure)


def _write_numbers(axis: Any, weights: np.ndarray) -> None:
    """The weights in hundredths, where they are at least one."""
    for row, column in np.argwhere(weights >= 0.005):
        weight = weights[row, column]
        axis.text(
            column,
            row,
            f"{100 * weight:.0f}",
            ha="center",
            va="center",
            fontsize="x-small",
            color="white" if weight > 0.55 else "0.2",
        )


def _visible(word: str) -> str:
    """A word as its label; spaces, which are words of their own between letters, as open boxes."""
    return "\N{OPEN BOX}" * len(word) if word.isspace() else word
