"""How large the text of a label is, and how it is written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from html import escape

from leftfold.models.drawing.picture import Field, Label

Part = tuple[str, bool]
"""A text, and whether it is bold."""

_HEAD, _TEXT = 14.0, 12.0
"""Sizes of the letters of a name, and of fields."""
_HEAD_HEIGHT, _ROW_HEIGHT = 28.0, 26.0
_SIDE = 10.0
_WIDTHS = {
    **dict.fromkeys("ijl'|", 0.27),
    **dict.fromkeys(" .,:;!/\\[]()ftI", 0.30),
    **dict.fromkeys('r-"`*', 0.36),
    **dict.fromkeys("cksvxyzJ", 0.52),
    **dict.fromkeys("ABEKPSVXY&", 0.69),
    **dict.fromkeys("CDHNRUw", 0.74),
    **dict.fromkeys("GOQ", 0.80),
    **dict.fromkeys("mMW%@", 0.88),
}
"""Widths of letters as shares of their size, as in Helvetica; all others have `_USUAL`."""
_USUAL = 0.57
_PLAIN, _BOLD = 1.14, 1.28
"""How much wider letters are in DejaVu Sans, the widest font that may stand in for Helvetica."""
_COLOURS = {
    "plain": ("#ffffff", "#1f2937"),
    "yes": ("#dcfce7", "#166534"),
    "no": ("#fee2e2", "#991b1b"),
}


def escaped(text: str) -> str:
    """A text as it stands in XML, which has no room for control characters."""
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in text))


def text_width(text: str, size: float, bold: bool = False) -> float:
    """About how wide a text is, rather too much than too little."""
    return (_BOLD if bold else _PLAIN) * size * sum(map(_letter_width, text))


def label_size(label: Label) -> tuple[float, float]:
    """The width and height of a box."""
    widths = [_parts_width(_head(label), _HEAD) + 2 * _SIDE]
    widths += [sum(_field_width(field) for field in row) for row in label.rows]
    return max(widths), _HEAD_HEIGHT + _ROW_HEIGHT * len(label.rows)


def label_svg(label: Label, x: float, y: float) -> Iterator[str]:
    """The elements of a box whose middle is at `(x, y)`."""
    width, height = label_size(label)
    left, top = x - width / 2, y - height / 2
    yield f'<g class="layer" transform="translate({left:.1f} {top:.1f})">'
    yield f'<rect width="{width:.1f}" height="{height:.1f}" rx="5" fill="#1f2937"/>'
    yield from _parts_svg(_head(label), width / 2, _HEAD_HEIGHT / 2 + 5, _HEAD, "#ffffff")
    for number, row in enumerate(label.rows):
        yield from _row_svg(row, width, _HEAD_HEIGHT + number * _ROW_HEIGHT)
    yield (
        f'<rect width="{width:.1f}" height="{height:.1f}" rx="5" fill="none" stroke="#1f2937" '
        'stroke-width="1.5"/></g>'
    )


def _letter_width(letter: str) -> float:
    wide = unicodedata.east_asian_width(letter) in "WF"
    return 1.0 if wide else _WIDTHS.get(letter, _USUAL)


def _head(label: Label) -> list[Part]:
    return [(label.name, True), (f" ({label.kind})", False)] if label.name else [(label.kind, True)]


def _parts(field: Field) -> list[Part]:
    return [*([(f"{field.title}: ", False)] if field.title else []), (field.text, True)]


def _parts_width(parts: list[Part], size: float) -> float:
    return sum(text_width(text, size, bold) for text, bold in parts)


def _field_width(field: Field) -> float:
    return _parts_width(_parts(field), _TEXT) + 2 * _SIDE


def _parts_svg(parts: list[Part], x: float, y: float, size: float, ink: str) -> Iterator[str]:
    """One or two texts beside each other, around `x`.

    Two meet at one point, where the first ends and the second begins, so that they do not
    overlap in any font. (CairoSVG places every part of a centred text for itself.)
    """
    anchors = ["middle"] if len(parts) == 1 else ["end", "start"]
    first = _parts_width(parts[:1], size)
    meet = x if len(parts) == 1 else x - _parts_width(parts, size) / 2 + first
    gap = 0.3 * size if len(parts) == 2 else 0.0
    for (text, bold), anchor, aside in zip(parts, anchors, (-gap / 2, gap / 2), strict=False):
        weight = ' font-weight="bold"' if bold else ""
        yield (
            f'<text x="{meet + aside:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{ink}" '
            f'text-anchor="{anchor}"{weight}>{escaped(text.strip())}</text>'
        )


def _row_svg(row: list[Field], width: float, top: float) -> Iterator[str]:
    """A row of fields, which share what room is left."""
    spare = (width - sum(_field_width(field) for field in row)) / len(row)
    left = 0.0
    for field in row:
        wide = _field_width(field) + spare
        back, ink = _COLOURS[field.kind]
        yield (
            f'<rect x="{left + 0.75:.1f}" y="{top:.1f}" width="{wide - 1.5:.1f}" '
            f'height="{_ROW_HEIGHT - 0.75:.1f}" fill="{back}"/>'
        )
        middle, line = left + wide / 2, top + _ROW_HEIGHT / 2 + 4
        yield from _parts_svg(_parts(field), middle, line, _TEXT, ink)
        left += wide
