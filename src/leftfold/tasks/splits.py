"""Splits that do not leak: by class, with equal rows on one side, or by time."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from leftfold.preprocessing.letters import MARKS

_BETWEEN_WORDS = re.compile(rf"(?:[^\w{MARKS}]|_)+")


def stratified_split(
    labels: Sequence[Hashable] | np.ndarray,
    shares: Sequence[float],
    seed: int,
    groups: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Rows at random parts, every part with the classes in about the same proportions.

    Args:
        labels: the class of each row, `(rows,)`.
        shares: of the parts, above 0, with the sum 1. The first part gets what a class has too
            little of to share.
        seed: of the order.
        groups: whole numbers from 0, `(rows,)`; rows of one group stay together, and count for
            the class of the group's first row.

    Returns:
        The rows of each part, in ascending order.

    Example:
        >>> train, test = stratified_split(["a"] * 8 + ["b"] * 4, [0.75, 0.25], seed=0)
        >>> len(train), len(test)
        (9, 3)
    """
    _check_shares(shares)
    codes = np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1)
    group = np.arange(len(codes)) if groups is None else np.asarray(groups)
    first = np.unique(group, return_index=True)
    names, begin, sizes = first[0], first[1], np.bincount(group)[first[0]]
    order = np.random.default_rng(seed).permutation(len(names))
    bounds = np.cumsum(shares)[:-1]
    part_of = np.zeros(int(group.max(initial=0)) + 1, int)
    for code in range(codes.max(initial=-1) + 1):
        mine = order[codes[begin[order]] == code]
        middle = (np.cumsum(sizes[mine]) - sizes[mine] / 2) / max(1, sizes[mine].sum())
        part_of[names[mine]] = np.searchsorted(bounds, middle, side="right")
    parts = part_of[group]
    return [np.flatnonzero(parts == number) for number in range(len(shares))]


def time_split(times: Sequence[float] | np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
    """Rows in parts one behind the other in time; equal times stay in the earlier part.

    Args:
        times: when each row was, `(rows,)`, in any order.
        shares: of the parts, above 0, with the sum 1, the earliest first.

    Returns:
        The rows of each part, by time.

    Example:
        >>> [part.tolist() for part in time_split([3, 1, 2, 4], [0.75, 0.25])]
        [[1, 2, 0], [3]]
    """
    _check_shares(shares)
    times = np.asarray(times)
    order = np.argsort(times, kind="stable")
    bounds = [0]
    for share in np.cumsum(shares)[:-1]:
        at = max(bounds[-1], round(float(share) * len(order)))
        while 0 < at < len(order) and times[order[at]] == times[order[at - 1]]:
            at += 1
        bounds.append(at)
    return [order[a:b] for a, b in zip(bounds, [*bounds[1:], len(order)], strict=True)]


def duplicate_groups(keys: Iterable[Hashable]) -> np.ndarray:
    """The same number for equal keys, counted from 0 as they first appear, `(rows,)`.

    Example:
        >>> duplicate_groups(["a", "b", "a"]).tolist()
        [0, 1, 0]
    """
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], int)


def text_key(text: str) -> str:
    """What two texts have in common that differ only in case, spaces and punctuation.

    Example:
        >>> text_key("Good  film!") == text_key("good film")
        True
    """
    composed = unicodedata.normalize("NFC", text.casefold())
    return _BETWEEN_WORDS.sub(" ", composed).strip() or text.strip()


def _check_shares(shares: Sequence[float]) -> None:
    if any(not share > 0 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=1e-6):
        raise ValueError(f"shares expected numbers above 0 with the sum 1, got {list(shares)}.")
