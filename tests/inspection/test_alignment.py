"""The alignment picture: words on both axes, the weights between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leftfold import inspection

pytest.importorskip("matplotlib")

WEIGHTS = np.array([[0.96, 0.04, 0.0], [0.1, 0.3, 0.6], [0.0, 0.0, 1.0]])
SOURCE = ["ein", "kleiner", "Hund"]


def test_words_stand_on_both_axes_and_weights_between() -> None:
    picture = inspection.plot_alignment(WEIGHTS, SOURCE, ["a", "dog"])
    (axis,) = picture.figure.axes
    assert [label.get_text() for label in axis.get_xticklabels()] == SOURCE
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "dog", "(end)"]
    np.testing.assert_array_equal(axis.images[0].get_array(), WEIGHTS)
    written = {(round(t.get_position()[0]), round(t.get_position()[1])): t for t in axis.texts}
    assert {place: text.get_text() for place, text in written.items()} == {
        (0, 0): "96", (1, 0): "4", (0, 1): "10", (1, 1): "30", (2, 1): "60", (2, 2): "100",
    }  # fmt: skip
    svg = picture.svg()
    assert all(word in svg for word in (*SOURCE, "dog"))


def test_large_tables_show_colours_only() -> None:
    weights = np.full((20, 30), 1 / 30)
    picture = inspection.plot_alignment(weights, ["w"] * 30, ["v"] * 20, title="long")
    (axis,) = picture.figure.axes
    assert not axis.texts
    assert axis.get_xlabel() == "long"


def test_spaces_between_letters_can_be_seen() -> None:
    picture = inspection.plot_alignment(WEIGHTS, ["a", " ", "b"], ["a", " "])
    (axis,) = picture.figure.axes
    assert [label.get_text() for label in axis.get_xticklabels()] == ["a", "␣", "b"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "␣", "(end)"]


@pytest.mark.filterwarnings("error")
def test_letters_that_no_font_has_are_told_once_and_only_where_they_are_lost(
    tmp_path: Path,
) -> None:
    letters = [chr(0x12000), chr(0x12001), chr(0x12000)]  # cuneiform
    picture = inspection.plot_alignment(WEIGHTS, letters, ["a", "dog"])
    picture.save(tmp_path / "a.svg")
    assert letters[1] in picture.svg()
    with pytest.warns(UserWarning, match=f"boxes for {letters[0]}{letters[1]}, which") as caught:
        picture.save(tmp_path / "a.png")
    assert len(caught) == 1


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 3\), or one row more for the end, got \(3, 3\)"):
        inspection.plot_alignment(WEIGHTS, SOURCE, ["a"])
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        inspection.plot_alignment(-WEIGHTS, SOURCE, ["a", "dog"])
