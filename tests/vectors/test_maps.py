"""Maps: the right tokens, a picture, a page of one file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold.vectors import UnknownTokenError, WordVectors
from leftfold.vectors.maps import neighbourhood

RNG = np.random.default_rng(0)
CENTRES = np.eye(3, 8) * 4
VECTORS = WordVectors(
    [f"{kind}{i}" for kind in ("a", "b", "<c>") for i in range(10)],
    np.repeat(CENTRES, 10, axis=0) + RNG.normal(size=(30, 8)) * 0.3,
)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_map_shows_neighbours_in_their_groups_apart(method: str) -> None:
    if method == "tsne":
        pytest.importorskip("sklearn")
    found = neighbourhood(VECTORS, ["a0", "b0", "<c>0"], near=9, method=method)
    assert len(found.tokens) == 30
    for token, group in zip(found.tokens, found.groups, strict=True):
        assert token.startswith(("a", "b", "<c>")[group])
    groups = np.array(found.groups)
    middles = np.stack([found.points[groups == g].mean(0) for g in range(3)])
    distances = np.linalg.norm(found.points[:, None] - middles, axis=2)
    assert (distances.argmin(1) == groups).all()
    assert dict(found.near[0]).keys() <= {f"a{i}" for i in range(10)}


def test_umap_is_asked_for_by_its_extra() -> None:
    try:
        import umap  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match=r"leftfold\[umap\]"):
            neighbourhood(VECTORS, method="umap")
    else:
        assert neighbourhood(VECTORS, method="umap").points.shape == (30, 2)


def test_without_tokens_the_first_ones_are_shown() -> None:
    assert neighbourhood(VECTORS).tokens == tuple(VECTORS.tokens)


def test_a_page_is_one_file_whose_data_cannot_end_its_script(tmp_path: Path) -> None:
    path = neighbourhood(VECTORS, ["<c>0"], near=9).save(tmp_path / "map.html")
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://|src=|@import|url\(", page)
    data = json.loads(re.search(r"const data = (.*);\n", page).group(1))  # type: ignore[union-attr]
    assert data["tokens"][0] == "<c>0" and len(data["points"]) == 10
    assert page.count("<script>") == page.count("</script>") == 1
    assert "10 tokens around &lt;c&gt;0 (PCA" in page


@pytest.mark.parametrize(
    ("name", "begins"), [("m.png", b"\x89PNG"), ("m.svg", b"<?xml"), ("m.pdf", b"%PDF")]
)
def test_a_picture_is_drawn(tmp_path: Path, name: str, begins: bytes) -> None:
    pytest.importorskip("matplotlib")
    found = neighbourhood(VECTORS, ["a0"]).save(tmp_path / name)
    assert found.read_bytes().startswith(begins)


def test_names_in_a_picture_stand_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = pytest.importorskip("matplotlib.figure")
    drawn: list[Any] = []
    save = figures.Figure.savefig

    def keep(figure: Any, *arguments: Any, **options: Any) -> None:
        save(figure, *arguments, **options)
        drawn.append(figure)

    monkeypatch.setattr(figures.Figure, "savefig", keep)
    neighbourhood(VECTORS, ["a0"], near=29).save(tmp_path / "m.png")
    boxes = [text.get_window_extent() for text in drawn[0].axes[0].texts]
    assert 10 < len(boxes) <= 30 and drawn[0].axes[0].texts[0].get_text() == "a0"
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_what_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownTokenError, match="no vector for 'zebra'"):
        neighbourhood(VECTORS, ["zebra"])
    with pytest.raises(ValueError, match="method expected one of pca, tsne, umap"):
        neighbourhood(VECTORS, method="mds")
    with pytest.raises(ValueError, match="at least three tokens, got 2"):
        neighbourhood(WordVectors(["a", "b"], np.eye(2)))
    with pytest.raises(ValueError, match=r"saved as \.html or"):
        neighbourhood(VECTORS).save(tmp_path / "m.bmp")
