"""Whether a network beats what it must beat, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from leftfold.tasks.evaluation import Interval


class Lead(NamedTuple):
    """By how much a network is ahead of a reference.

    Attributes:
        name: of the reference.
        figure: the reference's own.
        difference: the network's figure minus that, with its interval.
    """

    name: str
    figure: float
    difference: Interval


def best_reference(leads: Iterable[Lead]) -> Lead:
    """The one with the largest figure."""
    return max(leads, key=lambda lead: lead.figure)


def verdict(leads: Iterable[Lead]) -> str:
    """Whether the network beats the best of the others, in one sentence.

    Example:
        >>> verdict([Lead("chance", 0.5, Interval(0.2, 0.1, 0.3))])
        'The network beats chance (+0.2000, 95% interval +0.1000 to +0.3000).'
    """
    best = best_reference(leads)
    lead = best.difference
    bounds = f"{lead.value:+.4f}, {lead.level:.0%} interval {lead.low:+.4f} to {lead.high:+.4f}"
    if lead.low > 0:
        return f"The network beats {best.name} ({bounds})."
    if lead.high < 0:
        return f"The network loses to {best.name} ({bounds}): use that instead."
    return f"The network and {best.name} cannot be told apart on this test part ({bounds})."


def told(difference: Interval | None) -> str:
    """A lead as a cell of a table; nothing for the network itself."""
    if difference is None:
        return ""
    return f"{difference.value:+.4f} ({difference.low:+.4f} to {difference.high:+.4f})"


def bounds(interval: Interval) -> str:
    """The bounds of an interval as a cell of a table."""
    return f"{interval.low:.4f} to {interval.high:.4f}"
