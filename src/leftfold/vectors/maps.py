"""A neighbourhood of vectors as a map in two dimensions: a picture, or a page to look around in."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.datasets.extras import require
from leftfold.inspection.embeddings import flat_map
from leftfold.saving.archive import replacing
from leftfold.vectors.container import WordVectors
from leftfold.vectors.neighbours import unit_rows

METHODS = ("pca", "tsne", "umap")
PICTURES = (".png", ".svg", ".pdf")
_FIRST = 300
_NAMED = 8
_COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5")
_PLACES = (
    ((4, 0), "left", "center"),
    ((-4, 0), "right", "center"),
    ((0, 4), "center", "bottom"),
    ((0, -4), "center", "top"),
)
"""Of names beside their points, in points of type: right, left, above, below."""


@dataclass(frozen=True)
class Map:
    """Tokens as points of a plane.

    Attributes:
        tokens: of the points.
        points: `(tokens, 2)`.
        groups: the number of the token that each was found near; each token of its own is in its
            own group.
        centres: the tokens that were asked for; empty for a map of the first tokens.
        near: the nearest tokens of each, in all dimensions, with their cosines.
        method: how the plane was found.
        kept: for PCA the share of the variance that the plane shows, NaN else.
    """

    tokens: tuple[str, ...]
    points: np.ndarray
    groups: tuple[int, ...]
    centres: tuple[str, ...]
    near: tuple[tuple[tuple[str, float], ...], ...]
    method: str
    kept: float

    @property
    def title(self) -> str:
        """What is to be seen, in a line."""
        count = len(self.tokens)
        what = f"{count} tokens around {', '.join(self.centres[:6])}"
        if not self.centres:
            what = f"the first {count} tokens"
        names = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
        kept = f", {self.kept:.0%} of the variance" if self.kept == self.kept else ""
        return f"{what} ({names[self.method]}{kept})"

    def save(self, path: Path | str) -> Path:
        """Write a page (`.html`) or a picture (`.png`, `.svg`, `.pdf`).

        The page is one file that needs no network: drag to move, turn the wheel to come near,
        point at a token for its neighbours in all dimensions, type to find one.

        Raises:
            ValueError: for another ending.
            MissingExtraError: for a picture without Matplotlib.
            SavingError: when the file cannot be written.
        """
        path = Path(path)
        ending = path.suffix.lower()
        if ending not in (".html", *PICTURES):
            raise ValueError(f"a map is saved as .html or {', '.join(PICTURES)}, got {path.name}.")
        content = self.page().encode() if ending == ".html" else self._picture(ending[1:])
        with replacing(path) as file:
            file.write(content)
        return path

    def _picture(self, format: str) -> bytes:
        figures = require("matplotlib.figure", "vectors", "A picture of a map")
        figure = figures.Figure(figsize=(10, 8), dpi=120, layout="constrained")
        axes: Any = figure.add_subplot()
        colours = [_COLOURS[group % len(_COLOURS)] for group in self.groups]
        axes.scatter(self.points[:, 0], self.points[:, 1], s=14, c=colours)
        axes.set_title(self.title)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.margins(0.08)
        for side in axes.spines.values():
            side.set_color("#cccccc")
        figure.draw_without_rendering()  # places on the screen are known from now on
        self._name_points(axes, colours)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=format)
        return buffer.getvalue()

    def _name_points(self, axes: Any, colours: Sequence[str]) -> None:
        """Write tokens where nothing else stands, those asked for first; others are left out."""
        boxes = require("matplotlib.transforms", "vectors", "A picture of a map").Bbox
        effects = require("matplotlib.patheffects", "vectors", "A picture of a map")
        halo = effects.withStroke(linewidth=2.5, foreground="white")
        dots = axes.transData.transform(self.points)
        taken = [boxes.from_extents(x - 3, y - 3, x + 3, y + 3) for x, y in dots]
        for row in sorted(
            range(len(self.tokens)), key=lambda r: self.tokens[r] not in self.centres
        ):
            token, own = self.tokens[row], self.tokens[row] in self.centres
            name = axes.annotate(
                token.replace("$", r"\$"),
                self.points[row],
                xytext=(0, 0),
                textcoords="offset points",
                fontsize=11 if own else 8,
                fontweight="bold" if own else "normal",
                color=colours[row] if own else "#333333",
                path_effects=[halo],
                annotation_clip=False,
            )
            for offset, across, up in _PLACES:
                name.set(position=offset, ha=across, va=up)
                box = name.get_window_extent()
                if not any(box.overlaps(other) for other in taken):
                    break
            else:
                if not own:
                    name.remove()
                    continue
            taken.append(box)

    def page(self) -> str:
        """The page as HTML."""
        low, high = self.points.min(0), self.points.max(0)
        scaled = (self.points - low) / np.where(high > low, high - low, 1)
        data = {
            "tokens": self.tokens,
            "points": np.round(scaled, 5).tolist(),
            "colours": [_COLOURS[group % len(_COLOURS)] for group in self.groups],
            "centres": [token in self.centres for token in self.tokens],
            "near": [[[token, round(cosine, 3)] for token, cosine in some] for some in self.near],
        }
        # Within a script, only these could end it or open a comment.
        text = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
        template = Path(__file__).with_name("map_page.html").read_text(encoding="utf-8")
        return template.replace("{{title}}", html.escape(self.title)).replace("{{data}}", text)


def neighbourhood(
    vectors: WordVectors,
    tokens: Sequence[str] = (),
    near: int = 20,
    method: str = "pca",
    seed: int = 0,
) -> Map:
    """A map of some tokens and their neighbours.

    Args:
        vectors: to be looked at; directions count, lengths do not.
        tokens: whose neighbours are shown; without any, the first 300 tokens are.
        near: neighbours of each.
        method: `"pca"`, `"tsne"` or `"umap"`; see `leftfold.inspection.flat_map`.
        seed: of the last two.

    Raises:
        UnknownTokenError: for a token without a vector.
        ValueError: for another method, or fewer than three tokens in all.
        ImportError: when the package that a method needs is not installed.

    Example:
        >>> vectors = WordVectors(["sun", "star", "mud"], [[1, 0], [0.9, 0.1], [0, 1]])
        >>> neighbourhood(vectors, ["sun"]).tokens
        ('sun', 'star', 'mud')
    """
    if method not in METHODS:
        raise ValueError(f"method expected one of {', '.join(METHODS)}, got {method!r}.")
    centres = [vectors.tokens[row] for row in vectors.rows(list(dict.fromkeys(tokens)))]
    groups = {token: number for number, token in enumerate(centres)}
    if centres:
        for number, some in enumerate(vectors.near(centres, near)):
            for token, _ in some:
                groups.setdefault(token, number)
    else:
        groups = dict.fromkeys(vectors.tokens[:_FIRST], 0)
    shown = list(groups)
    if len(shown) < 3:
        raise ValueError(f"a map expected at least three tokens, got {len(shown)}.")
    unit = unit_rows(vectors[shown]).astype(float)
    points = flat_map(unit, method, seed)
    kept = float("nan")
    if method == "pca":
        centred = unit - unit.mean(0)
        kept = float((points**2).sum() / max((centred**2).sum(), 1e-12))
    named = [tuple(some) for some in vectors.near(shown, _NAMED)]
    return Map(
        tuple(shown), points, tuple(groups.values()), tuple(centres), tuple(named), method, kept
    )
