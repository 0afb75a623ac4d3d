"""Pictures show what they should, in files and notebooks, and embeddings their neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import inspection, layers

pytest.importorskip("matplotlib")

WORDS = ["It", "was", "not", "a", "good", "film"]


@pytest.fixture(scope="module")
def traced() -> Any:
    leftfold.utils.set_random_seed(0)
    model = leftfold.Sequential(
        [
            layers.Input((None,)),
            layers.Embedding(9, 4, mask_zero=True),
            layers.LSTM(12, name="reader"),
        ]
    )
    return inspection.trace(model, np.array([[1, 2, 3, 4, 5, 6, 0, 0], [1, 1, 1, 1, 1, 1, 1, 1]]))


def labels(axis: Any) -> list[str]:
    return [label.get_text() for label in axis.get_xticklabels()]


def test_states_stand_over_their_words(traced: Any) -> None:
    picture = inspection.plot_states(traced.recurrence, WORDS)
    heat, lines = picture.figure.axes[:2]
    shown = heat.images[0].get_array()
    assert shown.shape == (12, 6)  # without the padding
    states = traced.recurrence.states["hidden"][0, :6].T
    assert sorted(map(tuple, np.asarray(shown).tolist())) == sorted(map(tuple, states.tolist()))
    assert labels(lines) == WORDS
    assert len(lines.get_legend().get_texts()) == 5
    svg = picture.svg()
    assert svg.startswith("<svg")
    assert all(word in svg for word in WORDS)


def test_chosen_units_and_states_are_drawn(traced: Any) -> None:
    picture = inspection.plot_states(
        traced.recurrence, row=1, state="cell", units=[7, 2], kind="lines"
    )
    (axis,) = picture.figure.axes
    drawn = [line.get_ydata() for line in axis.lines[:2]]
    np.testing.assert_array_equal(drawn[0], traced.recurrence.states["cell"][1, :, 7])
    np.testing.assert_array_equal(drawn[1], traced.recurrence.states["cell"][1, :, 2])


def test_gates_tell_how_often_they_are_saturated(traced: Any) -> None:
    picture = inspection.plot_gates(traced.recurrence, [*WORDS, "", ""])
    axes = {axis.get_title("left").split(":")[0]: axis for axis in picture.figure.axes}
    forget = traced.recurrence.gates["forget"]
    live = forget[np.isfinite(forget)]
    assert axes["forget"].get_title("left") == (
        f"forget: {(live < 0.1).mean():.0%} shut, {(live > 0.9).mean():.0%} open"
    )
    assert set(axes) == {"reader", "input", "forget", "output"}
    means = {line.get_label(): line.get_ydata() for line in axes["reader"].lines}
    np.testing.assert_allclose(means["forget"], forget[0, :6].mean(1), rtol=1e-5)


def test_gradients_are_drawn_from_the_last_step_back() -> None:
    norms = np.array([1e-6, 1e-3, 0.5])
    flow = inspection.GradientFlow("reader", "GRUCell", norms, norms[None])
    (axis,) = inspection.plot_gradients({"GRU": flow}).figure.axes
    np.testing.assert_allclose(axis.lines[0].get_ydata(), [1, 2e-3, 2e-6])
    assert axis.get_yscale() == "log"


def test_lengths_tell_what_a_cut_costs() -> None:
    picture = inspection.plot_lengths([2, 4, 10], cut=4)
    text = " ".join(t.get_text() for t in picture.figure.axes[0].get_legend().get_texts())
    assert "67% whole" in text
    assert "17% of all steps padding" in text


def test_embeddings_have_neighbours_and_a_map() -> None:
    random = np.random.default_rng(0)
    table = np.concatenate([random.normal(0, 0.1, (4, 6)) + shift for shift in (1, -1)])
    table[:, 3] = random.normal(size=8)
    words = list("abcdefgh")
    near = inspection.neighbours(table, words, "a", 3)
    assert {word for word, _ in near} == {"b", "c", "d"}
    cosine = table[0] @ table[1] / np.linalg.norm(table[0]) / np.linalg.norm(table[1])
    assert dict(near)["b"] == pytest.approx(cosine)
    assert inspection.neighbours(table, words, table[5] * 9, 1)[0][0] == "f"
    points = inspection.flat_map(table)
    assert points.var(0)[0] > points.var(0)[1]
    assert (points[:4, 0] > 0).all() != (points[4:, 0] > 0).all()
    layer = layers.Embedding(8, 6)
    layer.build((None, None))
    layer.set_weights([table])
    np.testing.assert_allclose(inspection.flat_map(layer), points, atol=1e-5)
    picture = inspection.plot_embeddings(points, words, groups=["x"] * 4 + ["y"] * 4)
    assert {t.get_text() for t in picture.figure.axes[0].texts} == set(words)


def test_tsne_keeps_groups_together() -> None:
    pytest.importorskip("sklearn")
    random = np.random.default_rng(0)
    table = np.concatenate([random.normal(3 * shift, 0.1, (6, 5)) for shift in (1, -1)])
    points = inspection.flat_map(table, "tsne")
    inside = np.linalg.norm(points[:6] - points[:6].mean(0), axis=1).max()
    assert np.linalg.norm(points[:6].mean(0) - points[6:].mean(0)) > inside


def test_pictures_go_into_files_and_notebooks(traced: Any, tmp_path: Path) -> None:
    picture = inspection.plot_states(traced.recurrence)
    picture.save(tmp_path / "states.svg")
    picture.save(tmp_path / "states.png")
    assert (tmp_path / "states.svg").read_text(encoding="utf-8").count("<svg") == 1
    assert picture._repr_png_().startswith(b"\x89PNG")
    first, second = (inspection.plot_states(traced.recurrence).svg() for _ in range(2))
    assert first == second


def test_mistakes_are_named(traced: Any) -> None:
    recurrence = traced.recurrence
    with pytest.raises(ValueError, match="one for each of 8 steps or of the 6 that count, got 2"):
        inspection.plot_states(recurrence, ["a", "b"])
    with pytest.raises(ValueError, match="no 'memory' among its states: hidden, cell"):
        inspection.plot_states(recurrence, state="memory")
    with pytest.raises(ValueError, match="row expected a number below 2, got 5"):
        inspection.plot_states(recurrence, row=5)
    with pytest.raises(ValueError, match="kind to be one of"):
        inspection.plot_states(recurrence, kind="bars")
    simple = leftfold.Sequential([layers.Input((3, 2)), layers.SimpleRNN(2)])
    with pytest.raises(ValueError, match="expected an LSTM or GRU, got SimpleRNNCell"):
        inspection.plot_gates(inspection.trace(simple, np.ones((1, 3, 2))).recurrence)
    with pytest.raises(KeyError, match="no vector for 'z'"):
        inspection.neighbours(np.eye(2), ["a", "b"], "z")
    with pytest.raises(ValueError, match="a word for each of 2 vectors, got 1"):
        inspection.neighbours(np.eye(2), ["a"], "a")
    with pytest.raises(ValueError, match="'pca', 'tsne' or 'umap'"):
        inspection.flat_map(np.eye(3), "isomap")
