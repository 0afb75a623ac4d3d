"""Which layer of a picture each box belongs to, in which order, and how far from the others."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

Pair = tuple[int, int]


def flow(count: int, pairs: Sequence[Pair]) -> list[int]:
    """The place of each box in an order in which, as far as can be, sources come before targets.

    Where lines lead around in a circle, that of the lowest number comes first.

    Args:
        count: how many boxes there are.
        pairs: source and target of each line.
    """
    targets: list[set[int]] = [set() for _ in range(count)]
    waiting = [0] * count
    for source, target in set(pairs):
        targets[source].add(target)
        waiting[target] += 1
    place: dict[int, int] = {}
    ready = [box for box in range(count) if not waiting[box]]
    heapq.heapify(ready)
    while len(place) < count:
        box = heapq.heappop(ready) if ready else min(set(range(count)) - place.keys())
        if box in place:
            continue
        place[box] = len(place)
        for target in targets[box]:
            waiting[target] -= 1
            if not waiting[target] and target not in place:
                heapq.heappush(ready, target)
    return [place[box] for box in range(count)]


def ranks(count: int, pairs: Sequence[Pair], first: set[int], last: set[int]) -> list[int]:
    """The layer of each box, so that every pair leads at least one layer on.

    Args:
        count: how many boxes there are.
        pairs: boxes, each pair behind those that lead to its first.
        first: boxes that must be in the first layer, in front of all others.
        last: boxes that must be in the last one.
    """
    found = [0 if box in first or not first else 1 for box in range(count)]
    for source, target in pairs:
        found[target] = max(found[target], found[source] + 1)
    sources = set(range(count)) - first - {target for _, target in pairs}
    for box in sources:
        nexts = [found[target] for source, target in pairs if source == box]
        found[box] = min(nexts) - 1 if nexts else found[box]
    bottom = max(found, default=0)
    inner = max((found[box] for box in range(count) if box not in last), default=0)
    bottom = max(bottom, inner + 1) if last else bottom
    return [bottom if box in last else rank for box, rank in enumerate(found)]


def ordered(rows: list[list[int]], pairs: Sequence[Pair], rounds: int = 12) -> list[list[int]]:
    """The boxes of each row from left to right, so that few lines between the rows cross.

    Args:
        rows: the boxes of each layer.
        pairs: boxes of neighbouring rows.
        rounds: how often to sweep down and up.

    Reference: Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical
    system structures" (1981).
    """
    up: dict[int, list[int]] = {}
    down: dict[int, list[int]] = {}
    for source, target in pairs:
        down.setdefault(source, []).append(target)
        up.setdefault(target, []).append(source)
    rows = [list(row) for row in rows]
    best, fewest = rows, crossings(rows, pairs)
    for turn in range(rounds):
        neighbours = up if turn % 2 == 0 else down
        place = {box: i for row in rows for i, box in enumerate(row)}
        for row in rows if turn % 2 == 0 else reversed(rows):

            def wish(box: int, place: dict[int, int] = place, sides: dict = neighbours) -> float:
                beside = [place[other] for other in sides.get(box, ())]
                return sum(beside) / len(beside) if beside else float(place[box])

            row.sort(key=wish)
            place.update({box: i for i, box in enumerate(row)})
        now = crossings(rows, pairs)
        if now < fewest:
            best, fewest = [list(row) for row in rows], now
    return best


def crossings(rows: Sequence[Sequence[int]], pairs: Sequence[Pair]) -> int:
    """How many pairs of lines between neighbouring rows cross."""
    place = {box: (level, i) for level, row in enumerate(rows) for i, box in enumerate(row)}
    levels: dict[int, list[Pair]] = {}
    for source, target in pairs:
        levels.setdefault(place[source][0], []).append((place[source][1], place[target][1]))
    return sum(
        (a - c) * (b - d) < 0
        for lines in levels.values()
        for i, (a, b) in enumerate(lines)
        for c, d in lines[i + 1 :]
    )


def spaced(
    wishes: Sequence[float], weights: Sequence[float], apart: Sequence[float]
) -> list[float]:
    """The places nearest to those wished for that keep their order and their distances.

    Minimises the weighted sum of squared distances, by pooling neighbours that are too close.

    Args:
        wishes: where each would like to be.
        weights: how much it matters.
        apart: the smallest distance from each to the next, one fewer.
    """
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)
    pools: list[tuple[float, float, int]] = []
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        mean, total, size = wish - offset, weight, 1
        while pools and pools[-1][0] >= mean:
            before, mass, many = pools.pop()
            mean = (mean * total + before * mass) / (total + mass)
            total, size = total + mass, size + many
        pools.append((mean, total, size))
    flat = [mean for mean, _, size in pools for _ in range(size)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]
