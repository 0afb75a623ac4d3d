"""Reports: complete, escaped, and drawn in colours of the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from leftfold.saving import SavingError
from leftfold.tasks.report import Page, figures

NASTY = '<script>alert("x")</script>&<img src=x onerror=y>'


class _Balanced(HTMLParser):
    """Complains where tags do not close in order."""

    VOID = frozenset({"meta", "link", "br", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def full_page() -> Page:
    page = Page(NASTY, NASTY)
    page.section(NASTY)
    page.subsection(NASTY)
    page.text(NASTY)
    page.code(NASTY)
    page.callout(NASTY, "warning", NASTY)
    page.figures_of_merit([(NASTY, NASTY, NASTY)])
    page.table([NASTY, "n"], [[NASTY, 12345], [NASTY, 0.5]], NASTY, [1])
    page.colored_words([(NASTY, 0.5), (" b", -1.0)], 1.0, NASTY, NASTY)
    page.details(NASTY, NASTY)
    return page


def test_everything_is_escaped_and_tags_close() -> None:
    html = full_page().html()
    assert "<script" not in html and "<img" not in html
    assert html.count("&lt;script&gt;") >= 15
    parser = _Balanced()
    parser.feed(html)
    assert not parser.open


def test_nothing_is_loaded() -> None:
    page = full_page()
    page.figure(figures.lines({"a": [1, 2]}, "x", "y"), NASTY)
    html = page.html()
    links = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert all(link.startswith("#") for link in links)
    assert "@import" not in html and "default-src 'none'" in html


def test_numbers_stand_right_and_are_readable() -> None:
    html = full_page().html()
    assert '<td class="right">12,345</td>' in html
    assert '<td class="right">0.5000</td>' in html
    assert '<tr class="strong">' in html


def test_drawings_do_not_share_the_names_of_their_parts() -> None:
    page = Page("t")
    drawing = figures.bars(["a", "b"], [1, 2], "x")
    page.figure(drawing)
    page.figure(drawing)
    ids = re.findall(r'\bid="([^"]+)"', page.html())
    assert len(ids) == len(set(ids))
    used = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page.html())
    assert {a or b for a, b in used} <= set(ids)


def test_a_drawing_with_code_is_refused() -> None:
    with pytest.raises(ValueError, match="without scripts"):
        Page("t").figure("<svg><script>x</script></svg>")


@pytest.mark.parametrize(
    "drawing",
    [
        lambda: figures.lines({"a $x_1$": [1, 2], "b": [2, 1]}, "$", "_{", mark=2, mark_label="m"),
        lambda: figures.histogram(np.arange(100), "words", "texts", 40, "cut"),
        lambda: figures.bars(["$a", "b"], [0.5, 0.7], "accuracy", [(0.4, 0.6), (0.6, 0.8)], [1]),
    ],
)
def test_drawings_have_the_colour_of_the_text_and_take_any_name(drawing) -> None:
    svg = drawing()
    assert svg.startswith("<svg") and "currentColor" in svg and figures._INK not in svg
    assert svg == drawing()


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    full_page().save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").endswith("</html>\n")
    with pytest.raises(SavingError, match="cannot be written"):
        full_page().save(tmp_path / "missing" / "report.html")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
