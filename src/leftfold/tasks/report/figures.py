"""Figures for reports: matplotlib drawings as SVG that fit a light page and a dark one.

Colours are those of Okabe and Ito, which people with colour blindness can tell apart.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from leftfold.tasks.extras import require

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8C8C")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_INK = "#010203"
"""Stands for the colour of text, which the page decides."""

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "leftfold",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.parse_math": False,  # labels come from data, where $ means money
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _INK,
    "grid.alpha": 0.12,
    "axes.axisbelow": True,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.bbox": "tight",
    "savefig.transparent": True,
}


@contextlib.contextmanager
def drawing(width: float = 7.2, height: float = 3.2, columns: int = 1) -> Iterator[Drawn]:
    """A figure to draw in, whose `svg` is there behind the block.

    Args:
        width: in inches.
        height: in inches.
        columns: how many drawings side by side.

    Raises:
        MissingExtraError: without matplotlib.
    """
    matplotlib = require("matplotlib", "tasks", "Drawing figures")
    figure_module = require("matplotlib.figure", "tasks", "Drawing figures")
    style = {**_STYLE, "axes.prop_cycle": matplotlib.cycler(color=PALETTE)}
    with matplotlib.rc_context(style):
        figure = figure_module.Figure((width, height), layout="constrained")
        drawn = Drawn(figure, list(np.atleast_1d(figure.subplots(1, columns))))
        yield drawn
        drawn.svg = svg(figure)


class Drawn:
    """A figure, its axes, and in the end its SVG."""

    def __init__(self, figure: Any, axes: list[Any]) -> None:
        self.figure = figure
        self.axes = axes
        self.svg = ""

    @property
    def axis(self) -> Any:
        """The first, and often only, axes."""
        return self.axes[0]


def svg(figure: Any) -> str:
    """A matplotlib figure as an SVG element whose text has the colour of the page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"<metadata>.*?</metadata>", "", buffer.getvalue(), flags=re.DOTALL)
    return text[text.index("<svg") :].replace(_INK, "currentColor")


def lines(
    series: Mapping[str, Sequence[float]],
    x_label: str,
    y_label: str,
    x: Sequence[float] | None = None,
    mark: float | None = None,
    mark_label: str = "",
) -> str:
    """Lines in one drawing, each with a colour and a marker of its own.

    Args:
        series: values by name.
        x_label: below.
        y_label: at the side.
        x: where the values stand; 1, 2, ... by default.
        mark: a place on x to point at.
        mark_label: what is there.
    """
    with drawing() as drawn:
        axis = drawn.axis
        for number, (name, values) in enumerate(series.items()):
            at = list(range(1, len(values) + 1)) if x is None else x
            few = len(values) <= 40
            axis.plot(
                at,
                values,
                label=name,
                marker=MARKERS[number % len(MARKERS)] if few else None,
                markersize=4.5,
                linestyle=("-", "--", "-.", ":")[number % 4],
            )
        if mark is not None:
            axis.axvline(mark, color=_INK, linewidth=1, linestyle=":", label=mark_label)
        if x is None:
            axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set(xlabel=x_label, ylabel=y_label)
        axis.legend()
    return drawn.svg


def histogram(
    values: np.ndarray, x_label: str, y_label: str, mark: float | None = None, mark_label: str = ""
) -> str:
    """How often values occur; those far out are gathered in the last bar.

    Args:
        values: numbers, `(n,)`.
        x_label: below.
        y_label: at the side.
        mark: a place to point at.
        mark_label: what is there.
    """
    far = max(float(np.quantile(values, 0.995)), (mark or 0) * 1.05, float(np.min(values)) + 1)
    with drawing() as drawn:
        axis = drawn.axis
        axis.hist(
            np.minimum(values, far), bins=min(60, max(10, len(values) // 5)), color=PALETTE[0]
        )
        if mark is not None:
            axis.axvline(mark, color=PALETTE[5], linewidth=2, label=mark_label)
            axis.legend()
        axis.set(xlabel=x_label, ylabel=y_label)
    return drawn.svg


def bars(
    names: Sequence[str],
    values: Sequence[float],
    x_label: str,
    errors: Sequence[tuple[float, float]] | None = None,
    strong: Sequence[int] = (),
) -> str:
    """Horizontal bars, the first on top.

    Args:
        names: of the bars.
        values: their lengths.
        x_label: below.
        errors: lower and upper bounds of each value.
        strong: numbers of bars in the colour that stands out.
    """
    with drawing(7.2, 0.6 + 0.42 * len(names)) as drawn:
        axis = drawn.axis
        at = np.arange(len(names))[::-1]
        colors = [PALETTE[0] if i in strong else PALETTE[6] for i in range(len(names))]
        axis.barh(at, values, color=colors, height=0.62)
        if errors is not None:
            around = np.abs(np.array(errors).T - np.array(values))
            axis.errorbar(values, at, xerr=around, fmt="none", ecolor=_INK, capsize=3, elinewidth=1)
        axis.set_yticks(at, names)
        axis.set_xlabel(x_label)
        axis.grid(False, axis="y")
    return drawn.svg


def matrix(table: np.ndarray, names: Sequence[str], x_label: str, y_label: str) -> str:
    """Counts as squares, shaded by their share of the row, with the numbers written in.

    Args:
        table: `(n, n)`.
        names: of rows and columns.
        x_label: what columns are.
        y_label: what rows are.
    """
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    size = 2.2 + 0.55 * len(names)
    small = 8 if len(names) > 10 else 11
    with drawing(size + 1, size) as drawn:
        axis = drawn.axis
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(table.shape):
            color = "white" if shares[row, column] > 0.55 else "#1c2330"
            count = f"{table[row, column]:,}"
            axis.text(column, row, count, ha="center", va="center", color=color, fontsize=small)
        turn = 45 if max(map(len, names)) > 6 else 0
        axis.set_xticks(range(len(names)), names, rotation=turn, ha="right" if turn else "center")
        axis.set_yticks(range(len(names)), names)
        axis.set(xlabel=x_label, ylabel=y_label)
        axis.grid(False)
    return drawn.svg


def calibration(confidence: np.ndarray, accuracy: np.ndarray) -> str:
    """Accuracy against confidence, with the line on which both are equal."""
    with drawing(4.4, 4.0) as drawn:
        axis = drawn.axis
        low = float(min(confidence.min(), accuracy.min(), 0.5))
        axis.plot([low, 1], [low, 1], color=_INK, linewidth=1, linestyle=":", label="ideal")
        axis.plot(confidence, accuracy, marker="o", label="network")
        axis.set(xlabel="confidence", ylabel="accuracy")
        axis.legend()
    return drawn.svg
