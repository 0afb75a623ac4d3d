"""The layout of a picture with groups in it: each is laid out, then placed as one box."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from leftfold.models.drawing.labels import label_size, text_width
from leftfold.models.drawing.layout import Link, Point, Size, arrange
from leftfold.models.drawing.picture import Edge, Group, Label

_PAD, _TITLE = 18.0, 20.0
NAME_INDENT, NAME_SIZE = 10.0, 12.0
"""The name of a group: its distance from the side, and the size of its letters."""
_LOOP = 34.0
"""The room beside a box for a line that leads back to it."""


class Frame(NamedTuple):
    """The border of a group: its name, its first corner, its size."""

    name: str
    corner: Point
    size: Size


@dataclass
class Placed:
    """Where everything of a group lies, from its first corner on.

    Args:
        size: of the whole.
        labels: each with its middle.
        frames: of the groups inside, outer ones first.
        lines: each from its source to its target.
        entries: for each input the points from the border to the box that reads it.
        exits: for each output the points from the box that gives it to the border.
    """

    size: Size
    labels: list[tuple[Label, Point]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    lines: list[list[Point]] = field(default_factory=list)
    entries: list[list[Point]] = field(default_factory=list)
    exits: list[list[Point]] = field(default_factory=list)


def place(group: Group, rankdir: str, inside: bool = False) -> Placed:
    """Lay a picture out.

    Args:
        group: the model.
        rankdir: where the data flows: `"TB"`, `"BT"`, `"LR"` or `"RL"`.
        inside: whether the group lies in another one, whose lines lead into it.
    """
    inner = [place(i, rankdir, True) if isinstance(i, Group) else None for i in group.items]
    loops = {edge.source for edge in group.edges if edge.source == edge.target}
    corners: list[Point] = [(0.0, 0.0)] * len(group.items)
    sizes = []
    for number, (item, laid) in enumerate(zip(group.items, inner, strict=True)):
        if laid is not None:
            corners[number], room = _frame(rankdir, item.name, laid)
            size = Size(laid.size.across + room.across, laid.size.along + room.along)
        else:
            width, height = label_size(item)  # type: ignore[arg-type]
            size = Size(width, height) if rankdir in ("TB", "BT") else Size(height, width)
        sizes.append(size._replace(across=size.across + 2 * _LOOP * (number in loops)))

    # Points on the border count as boxes without a size: entries in front, exits behind.
    entries, exits = (group.entries, group.exits) if inside else ([], [])
    count, start = len(group.items), len(entries)
    bare = Size(0.0, 0.0)
    edges = [edge for edge in group.edges if edge.source != edge.target]
    links = [_link(edge, inner, sizes, corners, start) for edge in edges]
    for i, (item_number, port) in enumerate(entries):
        offset = _offset(
            inner[item_number], "entries", port, sizes[item_number], corners[item_number]
        )
        links.append(Link(i, start + item_number, None, offset))
    for i, (item_number, port) in enumerate(exits):
        offset = _offset(
            inner[item_number], "exits", port, sizes[item_number], corners[item_number]
        )
        links.append(Link(start + item_number, start + count + i, offset, None))
    layout = arrange(
        [*[bare] * start, *sizes, *[bare] * len(exits)],
        links,
        first=range(start),
        last=range(start + count, start + count + len(exits)),
    )

    placed = Placed(layout.size)
    moved: list[Placed | None] = []
    for number, (item, laid) in enumerate(zip(group.items, inner, strict=True)):
        middle, size = layout.middles[start + number], sizes[number]
        if laid is None:
            placed.labels.append((item, middle))  # type: ignore[arg-type]
            moved.append(None)
            continue
        first = (middle[0] - size.across / 2, middle[1] - size.along / 2)
        loop = _LOOP * (number in loops)
        first, size = (first[0] + loop, first[1]), size._replace(across=size.across - 2 * loop)
        placed.frames.append(Frame(item.name, first, size))
        corner = corners[number]
        own = _shifted(laid, (first[0] + corner[0], first[1] + corner[1]))
        placed.labels += own.labels
        placed.frames += own.frames
        placed.lines += own.lines
        moved.append(own)
    for edge, route in zip(edges, layout.routes, strict=False):
        before = _way(moved[edge.source], "exits", edge.output)
        behind = _way(moved[edge.target], "entries", edge.input)
        placed.lines.append([*before, *route, *behind])
    rest = layout.routes[len(edges) :]
    for (number, port), route in zip(entries, rest, strict=False):
        placed.entries.append([*route, *_way(moved[number], "entries", port)])
    for (number, port), route in zip(exits, rest[len(entries) :], strict=True):
        placed.exits.append([*_way(moved[number], "exits", port), *route])
    for number in sorted(loops):
        placed.lines.append(_loop(layout.middles[start + number], sizes[number]))
    return placed


def _frame(rankdir: str, name: str, laid: Placed) -> tuple[Point, Size]:
    """Where the inside of a group begins, and how much larger its frame is.

    The name stands at the top left, where it needs room of its own: beside the lines that come
    from above, or above them, where they come from the side.
    """
    title = NAME_INDENT + text_width(name, NAME_SIZE, bold=True) + NAME_INDENT
    if rankdir in ("LR", "RL"):
        wider = max(0.0, title - laid.size.along - 2 * _PAD)
        return (_PAD + _TITLE, _PAD + wider / 2), Size(2 * _PAD + _TITLE, 2 * _PAD + wider)
    from_above = laid.entries if rankdir == "TB" else laid.exits
    ends = [across for line in from_above for across, _ in line]
    side = max(_PAD, title - min(ends, default=laid.size.across))
    return (side, _PAD + _TITLE * (rankdir == "TB")), Size(2 * side, 2 * _PAD + _TITLE)


def _link(
    edge: Edge, inner: list[Placed | None], sizes: list[Size], corners: list[Point], start: int
) -> Link:
    source, target = edge.source, edge.target
    leave = _offset(inner[source], "exits", edge.output, sizes[source], corners[source])
    arrive = _offset(inner[target], "entries", edge.input, sizes[target], corners[target])
    return Link(start + source, start + target, leave, arrive)


def _offset(laid: Placed | None, side: str, port: int, size: Size, corner: Point) -> float | None:
    """Where a line goes through the border of a group, from its middle; `None` for a label."""
    if laid is None:
        return None
    way = getattr(laid, side)[port]
    point = way[0] if side == "entries" else way[-1]
    return corner[0] + point[0] - size.across / 2


def _way(laid: Placed | None, side: str, port: int) -> list[Point]:
    """The points of a line inside a group; none for a label."""
    return [] if laid is None else getattr(laid, side)[port]


def _shifted(placed: Placed, by: Point) -> Placed:
    def move(points: list[Point]) -> list[Point]:
        return [(across + by[0], along + by[1]) for across, along in points]

    return Placed(
        placed.size,
        [(label, move([middle])[0]) for label, middle in placed.labels],
        [frame._replace(corner=move([frame.corner])[0]) for frame in placed.frames],
        *[[move(line) for line in getattr(placed, k)] for k in ("lines", "entries", "exits")],
    )


def _loop(middle: Point, size: Size) -> list[Point]:
    """A line from the end of a box around its side to its beginning."""
    side = middle[0] + size.across / 2 - _LOOP / 2
    half = size.across / 2 - _LOOP
    inside = middle[0] + half - min(_LOOP, half / 2)
    top, bottom = middle[1] - size.along / 2, middle[1] + size.along / 2
    return [
        (inside, bottom), (inside, bottom + 10), (side, bottom + 10), (side, top - 10),
        (inside, top - 10), (inside, top),
    ]  # fmt: skip
