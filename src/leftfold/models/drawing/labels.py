"""How large the text of a label is, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from leftfold.models.drawing.picture import Field, Label

_HEAD, _TEXT = 14.0, 12.0
"""Sizes of the letters of a name, and of fields."""
_HEAD_HEIGHT, _ROW_HEIGHT = 28.0, 26.0
_SIDE = 12.0
_WIDTHS = {
    **dict.fromkeys("ijl'|", 0.24),
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
_WIDER = 1.08
"""Bold letters, and those of other fonts."""
_COLOURS = {
    "plain": ("#ffffff", "#1f2937"),
    "yes": ("#dcfce7", "#166534"),
    "no": ("#fee2e2", "#991b1b"),
}


def text_width(text: str, size: float) -> float:
    """About how wide a text is, rather too much than too little."""
    return _WIDER * size * sum(_WIDTHS.get(letter, _USUAL) for letter in text)


def label_size(label: Label) -> tuple[float, float]:
    """The width and height of a box."""
    widths = [text_width(_head(label), _HEAD) + 2 * _SIDE]
    widths += [sum(_field_width(field) for field in row) for row in label.rows]
    return max(widths), _HEAD_HEIGHT + _ROW_HEIGHT * len(label.rows)


def label_svg(label: Label, x: float, y: float) -> Iterator[str]:
    """The elements of a box whose middle is at `(x, y)`."""
    width, height = label_size(label)
    left, top = x - width / 2, y - height / 2
    yield f'<g transform="translate({left:.1f} {top:.1f})">'
    yield f'<rect width="{width:.1f}" height="{height:.1f}" rx="5" fill="#1f2937"/>'
    kind = escape(label.kind)
    head = f'<tspan font-weight="bold">{kind}</tspan>'
    if label.name:
        head = f'<tspan font-weight="bold">{escape(label.name)}</tspan> ({kind})'
    yield (
        f'<text x="{width / 2:.1f}" y="{_HEAD_HEIGHT / 2 + 5:.1f}" font-size="{_HEAD:g}" '
        f'fill="#ffffff" text-anchor="middle">{head}</text>'
    )
    for number, row in enumerate(label.rows):
        yield from _row_svg(row, width, _HEAD_HEIGHT + number * _ROW_HEIGHT)
    yield (
        f'<rect width="{width:.1f}" height="{height:.1f}" rx="5" fill="none" stroke="#1f2937" '
        'stroke-width="1.5"/></g>'
    )


def _head(label: Label) -> str:
    return f"{label.name} ({label.kind})" if label.name else label.kind


def _field_text(field: Field) -> str:
    return f"{field.title}: {field.text}" if field.title else field.text


def _field_width(field: Field) -> float:
    return text_width(_field_text(field), _TEXT) + 2 * _SIDE


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
        title = f"{escape(field.title)}: " if field.title else ""
        yield (
            f'<text x="{left + wide / 2:.1f}" y="{top + _ROW_HEIGHT / 2 + 4:.1f}" '
            f'font-size="{_TEXT:g}" fill="{ink}" text-anchor="middle">{title}'
            f'<tspan font-weight="bold">{escape(field.text)}</tspan></text>'
        )
        left += wide
