"""`Page`: a report as one HTML file. Everything that comes from data is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from leftfold._version import __version__
from leftfold.saving.archive import replacing

_KINDS = ("note", "warning", "good", "bad")
_UNSAFE_SVG = re.compile(r"<script|<foreignobject|\son\w+\s*=|javascript:|<!entity", re.IGNORECASE)


class Page:
    """A report, built from top to bottom.

    Args:
        title: of the page.
        subtitle: one line below it.

    Example:
        >>> page = Page("Reviews", "What a network made of them")
        >>> page.section("Data")
        >>> page.text("1 < 2 reviews")
        >>> "1 &lt; 2 reviews" in page.html()
        True
    """

    def __init__(self, title: str, subtitle: str = "") -> None:
        self.title = title
        self.subtitle = subtitle
        self._parts: list[str] = []
        self._sections: list[tuple[str, str]] = []
        self._figures = 0

    def section(self, title: str) -> None:
        """Begin a section; the contents list it."""
        anchor = f"section-{len(self._sections) + 1}"
        self._sections.append((anchor, title))
        self._parts.append(f'<h2 id="{anchor}">{escape(title)}</h2>')

    def subsection(self, title: str) -> None:
        """Begin a part of a section."""
        self._parts.append(f"<h3>{escape(title)}</h3>")

    def text(self, text: str) -> None:
        """A paragraph of plain text."""
        self._parts.append(f"<p>{escape(text)}</p>")

    def code(self, text: str) -> None:
        """Lines to copy, in a box."""
        self._parts.append(f"<pre><code>{escape(text)}</code></pre>")

    def callout(self, text: str, kind: str = "note", title: str = "") -> None:
        """A sentence that must not be missed.

        Args:
            text: plain text.
            kind: `"note"`, `"warning"`, `"good"` or `"bad"`.
            title: in bold before it.
        """
        if kind not in _KINDS:
            raise ValueError(f"kind expected one of {_KINDS}, got {kind!r}.")
        head = f"<strong>{escape(title)}</strong> " if title else ""
        self._parts.append(f'<div class="callout {kind}" role="note">{head}{escape(text)}</div>')

    def figures_of_merit(self, figures: Sequence[tuple[str, str, str]]) -> None:
        """Large numbers side by side.

        Args:
            figures: value, name and a remark for each.
        """
        cards = "".join(
            f'<div class="card"><div class="value">{escape(value)}</div>'
            f'<div class="name">{escape(name)}</div>'
            f'<div class="remark">{escape(remark)}</div></div>'
            for value, name, remark in figures
        )
        self._parts.append(f'<div class="cards">{cards}</div>')

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[Any]],
        caption: str = "",
        strong_rows: Sequence[int] = (),
    ) -> None:
        """A table; columns whose values are all numbers stand to the right.

        Args:
            header: the names of the columns.
            rows: values; numbers are written with thousands separated, or four digits.
            caption: above it.
            strong_rows: numbers of rows to stress.
        """
        right = [
            bool(rows) and all(_looks_numeric(row[column]) for row in rows)
            for column in range(len(header))
        ]
        head = "".join(_cell("th", name, r) for name, r in zip(header, right, strict=True))
        body = ""
        for number, row in enumerate(rows):
            cells = "".join(_cell("td", value, r) for value, r in zip(row, right, strict=True))
            body += (
                f'<tr class="strong">{cells}</tr>' if number in strong_rows else f"<tr>{cells}</tr>"
            )
        title = f"<caption>{escape(caption)}</caption>" if caption else ""
        self._parts.append(
            f'<div class="scroll"><table>{title}<thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def figure(self, svg: str, caption: str = "", alternative: str = "") -> None:
        """A drawing.

        Args:
            svg: as `figures.svg` or `plot_model` make it.
            caption: below it.
            alternative: what it shows, for those who cannot see it; the caption by default.

        Raises:
            ValueError: for SVG that could run code.
        """
        if _UNSAFE_SVG.search(svg):
            raise ValueError("svg expected a drawing without scripts.")
        self._figures += 1
        svg = svg[svg.index("<svg") :]
        below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
        label = escape(alternative or caption or "figure", quote=True)
        self._parts.append(
            f'<figure role="img" aria-label="{label}"><div class="scroll">'
            f"{_own_ids(svg, self._figures)}</div>{below}</figure>"
        )

    def colored_words(
        self, words: Sequence[tuple[str, float]], largest: float, title: str = "", remark: str = ""
    ) -> None:
        """Words with a background by their weight: one colour for above 0, another for below.

        Args:
            words: text and weight of each; texts carry their own spaces.
            largest: the weight that gets the full colour.
            title: above them.
            remark: behind the title.
        """
        spans = []
        for word, weight in words:
            share = min(1.0, abs(weight) / largest) if largest > 0 else 0.0
            kind = "plus" if weight > 0 else "minus"
            spans.append(
                f'<span class="{kind}" style="--share:{share:.2f}" title="{weight:+.3f}">'
                f"{escape(word)}</span>"
            )
        head = f'<div class="head"><strong>{escape(title)}</strong> {escape(remark)}</div>'
        self._parts.append(f'<div class="words">{head if title else ""}{"".join(spans)}</div>')

    def details(self, summary: str, text: str) -> None:
        """Long plain text that opens when it is clicked."""
        self._parts.append(
            f"<details><summary>{escape(summary)}</summary><pre>{escape(text)}</pre></details>"
        )

    def html(self) -> str:
        """The page."""
        style = resources.files("leftfold.tasks.report").joinpath("style.css").read_text("utf-8")
        links = "".join(f'<a href="#{a}">{escape(t)}</a>' for a, t in self._sections)
        title = escape(self.title)
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "style-src 'unsafe-inline'; img-src data:\">"
            f'<meta name="generator" content="Leftfold {__version__}">'
            f"<title>{title}</title><style>{style}</style></head><body>"
            f"<header><h1>{title}</h1><p>{escape(self.subtitle)}</p></header>"
            f'<nav aria-label="contents">{links}</nav><main>{"".join(self._parts)}</main>'
            f"<footer>Made by Leftfold {__version__}. This file is complete: it loads nothing."
            "</footer></body></html>\n"
        )

    def save(self, path: Path | str) -> None:
        """Write the page, whole or not at all.

        Raises:
            SavingError: when the file cannot be written.
        """
        content = self.html().encode("utf-8", "replace")
        with replacing(path) as file:
            file.write(content)


def _looks_numeric(value: Any) -> bool:
    if isinstance(value, int | float):
        return True
    return bool(re.fullmatch(r"[+-]?[\d,. ]+ ?(%|s|ms|MB)?", str(value))) if value != "" else True


def _cell(tag: str, value: Any, right: bool) -> str:
    side = ' class="right"' if right else ""
    return f"<{tag}{side}>{escape(_told(value))}</{tag}>"


def _told(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def _own_ids(svg: str, number: int) -> str:
    """Drawings on one page must not share the names of their parts."""
    prefix = f"f{number}-"
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}\1"', svg)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}\1)", svg)
