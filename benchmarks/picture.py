"""The benchmark's results as a picture: how many times as long as Leftfold each peer takes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.report import TITLES

COLOURS = {"keras-tensorflow": "#E69F00", "keras-jax": "#56B4E9", "torch": "#009E73"}
"""Told apart with every kind of colour vision (Okabe and Ito 2008)."""

LABELS, WIDTH, RIGHT = 170, 470, 60
BAR, GAP, TOP, BOTTOM = 11, 12, 52, 34


def relative_times(row: dict[str, Any]) -> dict[str, float]:
    """The times of the peers that trained exactly the model asked for, Leftfold's being 1."""
    own = row["milliseconds"]["leftfold"]
    return {
        name: value / own
        for name, value in row["milliseconds"].items()
        if name in COLOURS and name not in row["inexact"]
    }


def draw(results: dict[str, Any]) -> str:
    """An SVG picture, on a logarithmic scale: what is twice as slow is as far away everywhere."""
    rows = [(row["workload"], relative_times(row)) for row in results["workloads"]]
    ratios = [ratio for _, ratios in rows for ratio in ratios.values()]
    lowest, highest = min([0.9, *ratios]), max([2.0, *ratios])
    scale = WIDTH / math.log(highest / lowest)

    def x(ratio: float) -> float:
        return LABELS + scale * math.log(ratio / lowest)

    parts, y = [], TOP
    for workload, times in rows:
        middle = y + len(times) * BAR / 2 + 4
        parts.append(f'<text x="{LABELS - 8}" y="{middle:.0f}" text-anchor="end">{workload}</text>')
        for name, ratio in times.items():
            start, end = sorted((x(1.0), x(ratio)))
            parts.append(
                f'<rect x="{start:.1f}" y="{y}" width="{end - start:.1f}" height="{BAR - 1}" '
                f'fill="{COLOURS[name]}"/>'
                f'<text x="{end + 4:.1f}" y="{y + BAR - 2}" font-size="10">{ratio:.1f}</text>'
            )
            y += BAR
        y += GAP
    height, one = y - GAP + BOTTOM, x(1.0)
    key, at = [], LABELS
    for name, colour in COLOURS.items():
        if any(name in times for _, times in rows):
            key.append(f'<rect x="{at}" y="14" width="12" height="12" fill="{colour}"/>')
            key.append(f'<text x="{at + 17}" y="24">{escape(TITLES[name])}</text>')
            at += 110
    machine = results["machine"]
    under = (
        f"A training step, times as long as Leftfold's (the line at 1). {machine['processor']}, "
        f"{machine['threads']} threads, {machine['isa']}, {results['date']}"
    )
    size = LABELS + WIDTH + RIGHT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {height}" '
            f'width="{size}" height="{height}" font-family="sans-serif" font-size="12">',
            f"<title>{escape(under)}</title>",
            '<rect width="100%" height="100%" fill="white"/>',
            *key,
            *parts,
            f'<path d="M{one:.1f} {TOP - 8}V{y - GAP + 6}" stroke="black" stroke-width="1.5"/>',
            f'<text x="8" y="{height - 10}" font-size="10" fill="#555">{escape(under)}</text>',
            "</svg>",
            "",
        ]
    )


def write(results: dict[str, Any], path: Path) -> None:
    """Put the picture into the documentation."""
    path.write_text(draw(results), encoding="utf-8")
