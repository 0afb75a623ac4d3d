"""Decimal numbers in text."""

from __future__ import annotations

import numpy as np


def parse_numbers(text: bytes, count: int) -> np.ndarray | None:
    """Numbers that blanks keep apart, each rounded to float64 and then to float32.

    Args:
        text: the numbers, in ASCII.
        count: how many there are.

    Returns:
        (count,), or `None` where the text holds anything else or another count of numbers. The
        native kernel gives up as well on numbers of more than 15 digits and on powers of ten
        beyond 22, NaN and infinity, which are read here.
    """
    if b"_" in text:  # Python's own numbers may have them
        return None
    try:
        with np.errstate(over="ignore"):
            numbers = np.array(text.split(), np.float32)
    except ValueError:
        return None
    return numbers if len(numbers) == count else None
