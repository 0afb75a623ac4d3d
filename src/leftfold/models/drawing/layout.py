"""Where boxes and lines lie: layer by layer, lines between boxes and never across them.

All in two directions: *along* that in which the data flows, and *across* it.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from typing import NamedTuple

from leftfold.models.drawing.layering import flow, ordered, ranks, spaced

Point = tuple[float, float]
"""Across, along."""

_BESIDE, _BETWEEN, _LINE = 28.0, 44.0, 18.0
"""The distance of boxes of one layer, that of layers, the room of a line that passes a layer."""
_INWARDS = 20.0
"""The distance of the border of a group from its first and last layers."""
_PORT = 22.0
"""The distance of two lines that end at one box."""


class Size(NamedTuple):
    """How large a box is."""

    across: float
    along: float


class Link(NamedTuple):
    """A line from a box to another.

    Args:
        source: number of the box it leaves.
        target: number of the box it reaches.
        leave: where it leaves, from the middle of the box; there, if it is `None`.
        arrive: where it arrives; beside the others that do, if it is `None`.
    """

    source: int
    target: int
    leave: float | None = None
    arrive: float | None = None


class Layout(NamedTuple):
    """Where everything lies.

    Args:
        middles: of each box.
        routes: the points of each line, from its source to its target. Between two points of
            the same place across it is straight, elsewhere it changes over between two layers.
        size: of the whole.
    """

    middles: list[Point]
    routes: list[list[Point]]
    size: Size


def arrange(
    sizes: Sequence[Size],
    links: Sequence[Link],
    first: Collection[int] = (),
    last: Collection[int] = (),
) -> Layout:
    """Place boxes and lines.

    Args:
        sizes: of the boxes.
        links: the lines; none leads from a box to itself. Those to a layer that is called on
            what followed from its own output run against the others.
        first: boxes that must come before all others.
        last: boxes that must come behind all others.
    """
    boxes = len(sizes)
    sizes = list(sizes)
    pairs = [(link.source, link.target) for link in links]
    place = flow(boxes, pairs)
    ends = [pair if place[pair[0]] < place[pair[1]] else pair[::-1] for pair in pairs]
    rank = ranks(boxes, sorted(ends, key=lambda end: place[end[0]]), set(first), set(last))
    paths = []
    for source, target in ends:
        between = range(rank[source] + 1, rank[target])
        paths.append([source, *range(len(sizes), len(sizes) + len(between)), target])
        sizes += [Size(_LINE, 0.0)] * len(between)
        rank += between
    rows: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for box, level in enumerate(rank):
        rows[level].append(box)
    steps = [step for path in paths for step in itertools.pairwise(path)]
    rows = ordered(rows, steps)
    across = _across(rows, steps, sizes, boxes)
    bands = _bands(rows, sizes)
    middles = [(across[box], sum(bands[rank[box]]) / 2) for box in range(len(sizes))]
    routes = []
    for link, path, ports in zip(links, paths, _ports(links, paths, sizes, across), strict=True):
        route = _route(path, ports, middles, sizes, [bands[rank[box]] for box in path])
        routes.append(route if link.source == path[0] else route[::-1])
    width = max((across[box] + size.across / 2 for box, size in enumerate(sizes)), default=0.0)
    return Layout(middles[:boxes], routes, Size(width, bands[-1][1] if bands else 0.0))


def _across(
    rows: list[list[int]], pairs: list[tuple[int, int]], sizes: list[Size], boxes: int
) -> list[float]:
    """The middle of each box and of each passing line: as straight above each other as can be."""
    place = [0.0] * len(sizes)
    apart = [
        [(sizes[a].across + sizes[b].across) / 2 + _BESIDE for a, b in itertools.pairwise(row)]
        for row in rows
    ]
    for row, distances in zip(rows, apart, strict=True):
        x = -sum(distances) / 2
        for box, distance in zip(row, [*distances, 0.0], strict=True):
            place[box] = x
            x += distance
    up: dict[int, list[int]] = {}
    down: dict[int, list[int]] = {}
    for source, target in pairs:
        down.setdefault(source, []).append(target)
        up.setdefault(target, []).append(source)
    for turn in range(24):
        sides = [(up, down), (down, up)][turn % 2] if turn < 20 else (up, up)
        order = list(zip(rows, apart, strict=True))
        for row, distances in order if turn % 2 == 0 else reversed(order):
            beside = [sides[0].get(box) or sides[1].get(box) or [box] for box in row]
            wishes = [sum(place[other] for other in others) / len(others) for others in beside]
            # A long line should be straight more than a box should be in the middle.
            weights = [4.0 if box >= boxes else 1.0 for box in row]
            for box, x in zip(row, spaced(wishes, weights, distances), strict=True):
                place[box] = x
    left = min((x - size.across / 2 for x, size in zip(place, sizes, strict=True)), default=0.0)
    return [x - left for x in place]


def _bands(rows: list[list[int]], sizes: list[Size]) -> list[tuple[float, float]]:
    """Where each layer begins and ends along the flow."""
    lengths = [max(sizes[box].along for box in row) for row in rows]
    bands: list[tuple[float, float]] = []
    for level, length in enumerate(lengths):
        at_border = level and not (length and lengths[level - 1])
        gap = _INWARDS if at_border else _BETWEEN
        start = bands[-1][1] + gap if bands else 0.0
        bands.append((start, start + length))
    return bands


def _ports(
    links: Sequence[Link], paths: list[list[int]], sizes: list[Size], across: list[float]
) -> list[tuple[float, float]]:
    """Where each line, followed along the flow, leaves its first box and arrives at its last."""
    arriving: dict[int, list[int]] = {}
    for i, path in enumerate(paths):
        arriving.setdefault(path[-1], []).append(i)
    found = {}
    for box, several in arriving.items():
        several.sort(key=lambda i: across[paths[i][-2]])
        step = min(_PORT, 0.8 * sizes[box].across / len(several))
        for place, i in enumerate(several):
            found[i] = across[box] + step * (place - (len(several) - 1) / 2)
    ports = []
    for i, (link, path) in enumerate(zip(links, paths, strict=True)):
        given = {link.source: link.leave, link.target: link.arrive}
        ends = [across[path[0]], found[i]]
        for end, box in enumerate((path[0], path[-1])):
            offset = given[box]
            ends[end] = ends[end] if offset is None else across[box] + offset
        ports.append((ends[0], ends[1]))
    return ports


def _route(
    path: list[int],
    ports: tuple[float, float],
    middles: list[Point],
    sizes: list[Size],
    bands: list[tuple[float, float]],
) -> list[Point]:
    """The points of a line: it changes over between the layers, and goes straight inside them."""
    start, end = path[0], path[-1]
    points = [(ports[0], middles[start][1] + sizes[start].along / 2), (ports[0], bands[0][1])]
    for box, band in zip(path[1:-1], bands[1:-1], strict=True):
        points += [(middles[box][0], band[0]), (middles[box][0], band[1])]
    points += [(ports[1], bands[-1][0]), (ports[1], middles[end][1] - sizes[end].along / 2)]
    return points
