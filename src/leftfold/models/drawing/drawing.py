"""`Drawing`: a picture of a model, as SVG, PNG or PDF."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from leftfold.models.drawing.groups import NAME_INDENT, NAME_SIZE, Frame, Placed
from leftfold.models.drawing.labels import escaped, label_svg
from leftfold.models.drawing.layout import Point

_MARGIN = 12.0
_ARROW = 8.0
_SAME = 0.05
"""The distance below which places count as one."""
_CSS_DPI = 96
"""Units of an SVG in an inch."""
_MOST_DOTS = 32_000
"""What Cairo can draw on."""
_FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
FORMATS = ("svg", "png", "pdf")


class Drawing:
    """A picture of a model. In a notebook it shows itself.

    Args:
        placed: where everything lies.
        rankdir: where the data flows.
        dpi: dots per inch of a PNG.
        straight: whether lines go straight from layer to layer, not in curves.
    """

    def __init__(self, placed: Placed, rankdir: str, dpi: int, straight: bool) -> None:
        self._placed = placed
        self._rankdir = rankdir
        self._straight = straight
        self.dpi = dpi

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def to_svg(self) -> str:
        """The picture as the text of an SVG file."""
        size = self._page()
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]:.0f}" '
                f'height="{size[1]:.0f}" viewBox="0 0 {size[0]:.1f} {size[1]:.1f}" '
                f'font-family="{escape(_FONT)}">',
                '<rect width="100%" height="100%" fill="#ffffff"/>',
                *self._elements(),
                "</svg>\n",
            ]
        )

    def create(self, prog: Any = None, format: str = "png") -> bytes:
        """The content of a picture's file.

        Args:
            prog: accepted as in the objects that Keras returns, without effect.
            format: `"svg"`, `"png"` or `"pdf"`; the last two need the extra `plot`.

        Raises:
            ValueError: for another format, or a PNG of more dots than fit.
            ImportError: where the extra is not installed.
        """
        if format not in FORMATS:
            raise ValueError(f"A picture is svg, png or pdf, got {format!r}.")
        svg = self.to_svg().encode()
        if format == "svg":
            return svg
        try:
            import cairosvg
        except (ImportError, OSError) as problem:
            raise ImportError(
                f"A picture as {format} needs CairoSVG and the Cairo library: pip install "
                "'leftfold[plot]', or draw it as SVG, which needs neither: to_file=\"model.svg\"."
            ) from problem
        if format == "pdf":
            return bytes(cairosvg.svg2pdf(svg))
        scale = self.dpi / _CSS_DPI
        largest = max(self._page()) * scale
        if largest > _MOST_DOTS:
            raise ValueError(
                f"A PNG of dpi={self.dpi} expected at most {_MOST_DOTS} dots on a side, got "
                f"{largest:.0f}: choose a smaller dpi, or draw the model as .svg or .pdf."
            )
        return bytes(cairosvg.svg2png(svg, scale=scale))

    def write(self, path: Any, prog: Any = None, format: str | None = None) -> None:
        """Write the picture into a file; the arguments are those of `create`.

        Args:
            path: where to; its ending decides on the format if none is given.
            prog: without effect.
            format: as in `create`.
        """
        path = Path(path)
        content = self.create(prog, format or path.suffix.removeprefix(".").lower())
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
        try:
            unfinished.write_bytes(content)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    @property
    def _upright(self) -> bool:
        return self._rankdir in ("TB", "BT")

    def _page(self) -> tuple[float, float]:
        """The width and height of the whole."""
        across, along = self._placed.size
        width, height = (across, along) if self._upright else (along, across)
        return width + 2 * _MARGIN, height + 2 * _MARGIN

    def _elements(self) -> Iterator[str]:
        for frame in self._placed.frames:
            yield from self._frame(frame)
        for line in self._placed.lines:
            yield from self._line(line)
        for label, middle in self._placed.labels:
            yield from label_svg(label, *self._xy(middle))

    def _xy(self, point: Point) -> Point:
        """A point on the page."""
        across, along = point
        if self._rankdir in ("BT", "RL"):
            along = self._placed.size.along - along
        x, y = (across, along) if self._upright else (along, across)
        return x + _MARGIN, y + _MARGIN

    def _frame(self, frame: Frame) -> Iterator[str]:
        (across, along), (wide, long) = frame.corner, frame.size
        (x1, y1), (x2, y2) = self._xy((across, along)), self._xy((across + wide, along + long))
        left, top = min(x1, x2), min(y1, y2)
        yield (
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{abs(x2 - x1):.1f}" '
            f'height="{abs(y2 - y1):.1f}" rx="8" fill="#6b7280" fill-opacity="0.06" '
            'stroke="#6b7280" stroke-width="1.2" stroke-dasharray="6 4"/>'
        )
        yield (
            f'<text x="{left + NAME_INDENT:.1f}" y="{top + 18:.1f}" font-size="{NAME_SIZE:g}" '
            f'fill="#374151" font-weight="bold">{escaped(frame.name)}</text>'
        )

    def _line(self, points: list[Point]) -> Iterator[str]:
        """A line with an arrow at its end."""
        across, along = points[-1]
        # The end of a layer may be that of the box; sums of floats differ in their last digits.
        while len(points) > 2 and abs(points[-2][1] - along) < _SAME:
            points = [*points[:-2], points[-1]]
        sign = 1.0 if along > points[-2][1] else -1.0
        points = [*points[:-1], (across, along - sign * _ARROW)]
        path = ["M" + _text(self._xy(points[0]))]
        for start, end in itertools.pairwise(points):
            if self._straight or abs(start[0] - end[0]) < _SAME or start[1] == end[1]:
                path.append("L" + _text(self._xy(end)))
                continue
            middle = (start[1] + end[1]) / 2
            bends = (start[0], middle), (end[0], middle), end
            path.append("C" + " ".join(_text(self._xy(bend)) for bend in bends))
        yield (
            f'<path d="{" ".join(path)}" fill="none" stroke="#374151" stroke-width="1.6" '
            'stroke-linejoin="round"/>'
        )
        base = along - sign * _ARROW
        corners = (across, along), (across - 4, base), (across + 4, base)
        tip = " ".join(_text(self._xy(corner)) for corner in corners)
        yield f'<polygon points="{tip}" fill="#374151"/>'


def _text(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
