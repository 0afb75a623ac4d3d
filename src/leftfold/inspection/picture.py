"""`Picture`: a drawing that shows itself in a notebook and goes into files."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
"""Colours that people with any colour vision can tell apart (Okabe and Ito, 2008)."""

DIVERGING = "RdBu_r"
"""For values around zero: red above, blue below, white at zero."""

_STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "font.size": 10,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "leftfold",
    "text.parse_math": False,
}

_FONT_LACKS = re.compile(r"Glyph (\d+) .*missing from|Matplotlib currently does not support")


class Picture:
    """A Matplotlib figure, which a notebook shows when it is the last thing in a cell.

    Attributes:
        figure: the `matplotlib.figure.Figure`, to be changed as you like.
    """

    def __init__(self, figure: Any) -> None:
        self.figure = figure

    def save(self, path: str | Path, dpi: int = 150) -> None:
        """Write the picture into a file.

        Letters that Matplotlib's font lacks, such as Chinese ones, are boxes in PNG and PDF, which
        a warning tells. In SVG they are text, in whatever fonts the viewer has.

        Args:
            path: ends in `.svg`, `.png` or `.pdf`.
            dpi: dots per inch of a PNG.
        """
        with _style(), _letters_told(Path(path).suffix.lower() == ".svg"):
            self.figure.savefig(path, dpi=dpi)

    def svg(self) -> str:
        """The picture as SVG, to be put into a page."""
        buffer = io.StringIO()
        with _style(), _letters_told(as_text=True):
            self.figure.savefig(buffer, format="svg", metadata={"Date": None})
        text = buffer.getvalue()
        return text[text.index("<svg") :]

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with _style(), _letters_told(as_text=False):
            self.figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


@contextlib.contextmanager
def _letters_told(as_text: bool) -> Iterator[None]:
    """Inside the block, one warning for all letters that no font has, and none where they are text.

    Args:
        as_text: whether letters go into the file as text.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    missing: list[str] = []
    for one in caught:
        found = _FONT_LACKS.match(str(one.message))
        if found is None:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        elif found[1] and chr(int(found[1])) not in missing:
            missing.append(chr(int(found[1])))
    if missing and not as_text:
        warnings.warn(
            f"The picture shows boxes for {''.join(missing[:20])}, which Matplotlib's font lacks: "
            "save it as .svg, or draw with a font that has them (matplotlib.rcParams"
            "['font.family']).",
            stacklevel=4,
        )


@contextlib.contextmanager
def new_figure(
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    mosaic: list[list[str]] | None = None,
    **options: Any,
) -> Iterator[tuple[Any, Any]]:
    """A figure and its axes in the style of the house, without touching pyplot's state.

    Args:
        width: in inches.
        height: in inches.
        rows: of axes.
        columns: of axes.
        mosaic: names of axes where they lie, instead of rows and columns.
        **options: for `Figure.subplots` or `Figure.subplot_mosaic`.

    Raises:
        ImportError: when Matplotlib is not installed.
    """
    with _style():
        figure_module: Any = importlib.import_module("matplotlib.figure")
        figure = figure_module.Figure((width, height), layout="constrained")
        if mosaic is not None:
            yield figure, figure.subplot_mosaic(mosaic, **options)
        else:
            yield figure, figure.subplots(rows, columns, **options)


@contextlib.contextmanager
def _style() -> Iterator[None]:
    try:
        matplotlib: Any = importlib.import_module("matplotlib")
    except ImportError as error:
        raise ImportError(
            'Drawing needs Matplotlib, which is not installed: pip install "leftfold[plot]"'
        ) from error
    style = {**_STYLE, "axes.prop_cycle": matplotlib.cycler(color=PALETTE)}
    with matplotlib.rc_context(style):
        yield
