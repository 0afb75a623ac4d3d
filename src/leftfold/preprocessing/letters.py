"""What words of any script are made of, for regular expressions.

To `re`, the vowels of Hindi and the accents of Hebrew are no part of a word: its letters and digits
come without the marks that are written on them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import chain

APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"

_WITH_MARKS = (range(0x300, 0x1F000), range(0xE0100, 0xE01F0))
"""Where Unicode has marks."""

_JOINER, _NON_JOINER = "\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"
"""They stand inside words of Persian and Hindi, and inside emoji."""


def _ranges(numbers: Iterable[int]) -> str:
    """Characters as the inside of a class of `re`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)


MARKS = (
    _JOINER
    + _NON_JOINER
    + _ranges(
        number
        for number in chain(*_WITH_MARKS)
        if unicodedata.category(chr(number)).startswith("M")
    )
)
"""Every mark, as the inside of a class of `re`."""

WORD = rf"\w[\w{MARKS}]*"
"""Letters and digits with their marks. A text matches in one way only, or patterns that go on from
here would try them all, twice as many for every mark more."""

_SKINS = "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}-\N{EMOJI MODIFIER FITZPATRICK TYPE-6}"
_ONE_SIGN = rf"[^\w\s][{MARKS}{_SKINS}]*"

SIGN = rf"{_ONE_SIGN}(?:(?<={_JOINER}){_ONE_SIGN})*"
"""Anything else that is no space, with its marks; emoji that are joined are one."""
