"""`SequenceClassifier`: what it learns, explains, saves, and says of bad input."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold.saving import SavingError
from leftfold.tasks import SequenceClassifier
from leftfold.tasks.errors import DataError
from leftfold.tasks.networks import CELLS

GOOD = ("good", "fine", "lovely", "great")
BAD = ("bad", "poor", "awful", "dull")


def reviews(rows: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts of which one word tells the class; "not" before it turns it around."""
    generator = np.random.default_rng(seed)
    texts, labels = [], []
    for row in range(rows):
        positive, turned = bool(generator.integers(2)), generator.random() < 0.3
        word = generator.choice(GOOD if positive != turned else BAD)
        filler = " ".join(generator.choice(["film", "plot", "actor", "scene", "the"], 4))
        texts.append(f"{filler} is {'not ' if turned else ''}{word}, number {row}!")
        labels.append("yes" if positive else "no")
    return texts, labels


def waves(rows: int, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Sequences of two features and different lengths, rising or falling."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(2, size=rows)
    sequences = []
    for label in labels:
        steps = int(generator.integers(5, 15))
        trend = np.linspace(0, 3 if label else -3, steps)
        noise = generator.normal(size=(steps, 2))
        sequences.append(np.stack([trend, np.zeros(steps)], 1) + 0.5 * noise + 100)
    return sequences, labels


@pytest.fixture(scope="module")
def fitted() -> SequenceClassifier:
    texts, labels = reviews(600)
    return SequenceClassifier(units=16, epochs=40, seed=1).fit(texts, labels)


def test_it_reads_negations(fitted: SequenceClassifier) -> None:
    texts, labels = reviews(300, seed=5)
    assert fitted.score(texts, labels) > 0.95
    assert fitted.predict(["the plot is not good", "the plot is good"]).tolist() == ["no", "yes"]
    probabilities = fitted.predict_proba(texts)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert fitted.classes_.tolist() == ["no", "yes"]


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns_and_explains(cell: str) -> None:
    texts, labels = reviews(300)
    found = SequenceClassifier(cell, units=8, epochs=8, seed=1).fit(texts, labels)
    assert found.score(texts, labels) > 0.75
    explanation = found.explain(texts[0])
    total = explanation.base + float(explanation.contributions.sum())
    assert abs(total - explanation.score) <= 0.01 * max(
        0.1, abs(explanation.score - explanation.base)
    )
    assert explanation.gap == pytest.approx(explanation.score - total)


def test_contributions_add_up_to_the_logarithm_of_the_odds(fitted: SequenceClassifier) -> None:
    explanation = fitted.explain("The plot is good.", "yes")
    probability = fitted.predict_proba(["The plot is good."])[0, 1]
    assert explanation.score == pytest.approx(np.log(probability / (1 - probability)), rel=1e-3)
    assert explanation.probability == pytest.approx(probability)
    assert explanation.strongest(1)[0][0] == "good"
    assert dict(explanation.strongest())["good"] > 0
    other = fitted.explain("The plot is good.", "no")
    np.testing.assert_allclose(other.contributions, -explanation.contributions, atol=1e-4)
    assert "".join(piece for piece, _ in explanation.pieces()) == "The plot is good."
    assert explanation.summary().startswith(f"yes {probability:.2f}: base ")


def test_explanations_show_unknown_words_and_survive_markup(fitted: SequenceClassifier) -> None:
    import io

    from rich.console import Console

    explanation = fitted.explain("<br />A [bold]good[/bold] zzzyx & <film>")
    assert [t.text for t, new in zip(explanation.tokens, explanation.unknown, strict=True) if new]
    console = Console(file=io.StringIO(), width=200)
    console.print(explanation)
    assert "A [bold]good[/bold] zzzyx" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "&lt;br /&gt;" in explanation._repr_html_()


def test_numeric_sequences_in_every_form() -> None:
    sequences, labels = waves(200)
    found = SequenceClassifier("gru", units=8, epochs=10, seed=1).fit(sequences, labels)
    fresh, truth = waves(100, seed=3)
    assert found.score(fresh, truth) > 0.9
    longest = max(map(len, fresh))
    padded = np.zeros((len(fresh), longest, 2))
    mask = np.zeros((len(fresh), longest), bool)
    for row, sequence in enumerate(fresh):
        padded[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = True
    np.testing.assert_allclose(
        found.predict_proba(padded, mask), found.predict_proba(fresh), atol=1e-5
    )
    explanation = found.explain(fresh[0])
    assert explanation.contributions.shape == fresh[0].shape
    assert explanation.base + explanation.contributions.sum() == pytest.approx(
        explanation.score, abs=0.01 * max(1, abs(explanation.score))
    )


def test_flat_arrays_are_sequences_of_one_feature() -> None:
    x = np.random.default_rng(0).normal(size=(120, 10))
    y = (x[:, -1] > 0).astype(int)
    found = SequenceClassifier("lstm", units=8, epochs=40).fit(x, y)
    assert found.score(x, y) > 0.85


def test_columns_of_pandas_and_arrays_of_texts_are_rows() -> None:
    pandas = pytest.importorskip("pandas")
    texts, labels = reviews(60)
    frame = pandas.DataFrame({"text": texts, "label": labels})
    small = SequenceClassifier("embedding", epochs=1)
    expected = small.fit(texts, labels).predict_proba(texts)
    for x in (frame["text"], frame[["text"]], np.array(texts), np.array(texts, object)[:, None]):
        found = small.fit(x, frame["label"]).predict_proba(x)
        np.testing.assert_array_equal(found, expected)


def test_gaps_are_filled_and_said() -> None:
    sequences, labels = waves(60)
    sequences[3][2, 0] = np.nan
    found = SequenceClassifier("gru", units=4, epochs=1).fit(sequences, labels)
    assert any(warning.startswith("gaps: 1 sequences") for warning in found.warnings_)
    assert np.isfinite(found.predict_proba(sequences)).all()


def test_vocabulary_and_scale_come_from_the_training_part_only() -> None:
    texts, labels = reviews(100)
    other = ["plot is good unheard", "plot is bad unheard"]
    found = SequenceClassifier(units=4, epochs=1).fit(texts, labels, (other, ["yes", "no"]))
    assert "plot" in found.encoder_.index and "unheard" not in found.encoder_.index
    sequences, numbers = waves(60)
    high = [sequence + 1e6 for sequence in sequences]
    scaled = SequenceClassifier("gru", units=4, epochs=1).fit(sequences, numbers, (high, numbers))
    assert np.all(scaled.encoder_.mean < 200)


def test_many_classes_characters_and_numbers_for_labels() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(3, size=300)
    texts = [
        "".join(generator.choice(list("abc" if k == 0 else "abd" if k == 1 else "xyz"), 12))
        for k in labels
    ]
    found = SequenceClassifier("gru", level="character", units=16, epochs=15).fit(texts, labels)
    assert found.classes_.tolist() == [0, 1, 2]
    assert found.score(texts, labels) > 0.85
    assert "characters" in " ".join(found.describe())


def test_the_same_seed_gives_the_same_model_and_another_another() -> None:
    texts, labels = reviews(80)
    first, again, other = (
        SequenceClassifier(units=4, epochs=2, seed=seed).fit(texts, labels).predict_proba(texts)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_auto_tries_all_and_keeps_the_best() -> None:
    texts, labels = reviews(120)
    found = SequenceClassifier("auto", units=4, epochs=2, seed=1).fit(texts, labels)
    assert sorted(candidate.cell for candidate in found.candidates_) == sorted(CELLS)
    losses = [candidate.loss for candidate in found.candidates_]
    assert losses == sorted(losses)
    assert found.plan_.cell == found.candidates_[0].cell
    assert found.model_.count_params() == found.candidates_[0].parameters


def test_a_time_limit_is_shared_by_all_candidates() -> None:
    texts, labels = reviews(100)
    found = SequenceClassifier("auto", units=4, epochs=1000, time_limit=0.6).fit(texts, labels)
    assert len(found.candidates_) == len(CELLS)
    assert {candidate.ended_by for candidate in found.candidates_} <= {"time limit", "patience"}
    assert any(candidate.ended_by == "time limit" for candidate in found.candidates_)


def test_an_interrupt_leaves_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    from leftfold.tasks import training

    class Interrupts(training.KeepBest):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(epoch, logs)
            if epoch == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(training, "KeepBest", Interrupts)
    texts, labels = reviews(100)
    found = SequenceClassifier(units=4, epochs=9)
    with pytest.raises(KeyboardInterrupt):
        found.fit(texts, labels)
    assert found.training_.ended_by == "interrupt"
    assert found.predict(texts[:2]).shape == (2,)


def test_balanced_hears_the_rare_class() -> None:
    generator = np.random.default_rng(0)
    texts, labels = [], []
    for row in range(400):
        rare = row % 20 == 0
        odd = generator.random() < (0.9 if rare else 0.15)
        word = "odd" if odd else "usual"
        texts.append(f"{word} thing {generator.integers(1000)}")
        labels.append("rare" if rare else "common")
    plain, fair = (
        SequenceClassifier("embedding", epochs=15, seed=2, balanced=balanced).fit(texts, labels)
        for balanced in (False, True)
    )
    odd = ["odd thing"]
    assert fair.predict(odd)[0] == "rare" and plain.predict(odd)[0] == "common"
    assert any(warning.startswith("imbalance: 'common' is 19.0") for warning in plain.warnings_)


def test_saved_and_loaded_it_is_the_same(fitted: SequenceClassifier, tmp_path: Path) -> None:
    texts, _ = reviews(20, seed=9)
    fitted.save(tmp_path / "x.leftfold")
    loaded = SequenceClassifier.load(tmp_path / "x.leftfold")
    np.testing.assert_array_equal(loaded.predict_proba(texts), fitted.predict_proba(texts))
    assert loaded.get_params() == fitted.get_params()
    assert loaded.describe() == fitted.describe()
    assert loaded.training_ == fitted.training_
    assert loaded.explain(texts[0]).summary() == fitted.explain(texts[0]).summary()
    sequences, labels = waves(40)
    numeric = SequenceClassifier("gru", units=4, epochs=1).fit(sequences, labels)
    numeric.save(tmp_path / "y.leftfold")
    again = SequenceClassifier.load(tmp_path / "y.leftfold")
    np.testing.assert_array_equal(again.predict_proba(sequences), numeric.predict_proba(sequences))
    assert again.classes_.dtype == numeric.classes_.dtype


@pytest.mark.parametrize(
    ("member", "old", "new", "message"),
    [
        ("settings.json", b'"classes": ["no", "yes"]', b'"classes": ["no"]', "for 1 classes"),
        ("settings.json", b'"kind": "text"', b'"kind": "sequence"', "is damaged: "),
        ("vocabulary.json", b'"words": [', b'"words": ["new", "newer", ', "has more words than"),
        ("vocabulary.json", b'"level": "word"', b'"level": "page"', "level expected one of"),
        ("vocabulary.json", b'"cut": [', b'"cut": [[], ', "is damaged: "),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused(
    fitted: SequenceClassifier, tmp_path: Path, member: str, old: bytes, new: bytes, message: str
) -> None:
    path = tmp_path / "x.leftfold"
    fitted.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert old in members[member]
    members[member] = members[member].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(SavingError, match=message):
        SequenceClassifier.load(path)


def test_scikit_learn_uses_it() -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    texts, labels = reviews(90)
    small = SequenceClassifier("embedding", units=4, epochs=2)
    assert is_classifier(small) and clone(small).get_params() == small.get_params()
    assert len(cross_val_score(small, texts, labels, cv=3)) == 3
    lower = FunctionTransformer(lambda x: [text.lower() for text in x])
    assert make_pipeline(lower, small).fit(texts, labels).predict(texts).shape == (90,)
    search = GridSearchCV(small, {"cell": ["embedding", "gru"]}, cv=2).fit(texts, labels)
    assert search.best_params_["cell"] in ("embedding", "gru")
    x = np.random.default_rng(0).normal(size=(60, 6))
    scaled = make_pipeline(StandardScaler(), small).fit(x, (x[:, 0] > 0).astype(int))
    assert scaled.predict(x).shape == (60,)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([], [], "X expected at least one row"),
        ("one text", ["a"], r"X expected a list of texts, got one text"),
        (["a", ""], ["x", "y"], r"X, row 2: the text is empty"),
        (["a", "  @@"], ["x", "y"], r"X, row 2: the text is empty"),
        (["a", None], ["x", "y"], r"X, row 2: expected a text, got None"),
        (["a", "b"], ["x"], r"y expected one label for each of 2 rows, got 1"),
        (["a", "b"], ["x", None], r"y, row 2: the label is missing"),
        (["a", "b"], ["x", float("nan")], r"y, row 2: the label is missing"),
        (["a", "b"], ["x", "x"], r"y expected at least two classes, got only 'x'"),
        (["a"] * 9, list(range(9)), r"y has 9 different labels in 9 rows"),
        ([1, 2], ["x", "y"], r"X, row 1: expected a text, got 1"),
        ([[1, 2], []], ["x", "y"], r"row 2: the sequence is empty"),
        ([[1, 2], [1, np.inf]], ["x", "y"], r"row 2, step 2: the value is infinite"),
        ([[1, 2], ["a"]], ["x", "y"], r"x expected numbers, got in row 2"),
        ([[[1, 2]], [[1]]], ["x", "y"], r"row 2: expected 2 features as in the first, got 1"),
        (np.zeros((2, 2, 2, 2)), ["x", "y"], r"got shape \(2, 2, 2, 2\)"),
    ],
)
def test_bad_data_is_named_by_row(x: Any, y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        SequenceClassifier(epochs=1).fit(x, y)


def test_bad_settings_are_named() -> None:
    for settings, message in [
        ({"cell": "transformer"}, "cell expected one of simple_rnn, "),
        ({"level": "line"}, "level expected 'word' or 'character'"),
        ({"units": 0}, "units expected a positive whole number, got 0"),
        ({"validation_share": 1.5}, "validation_share expected a number between 0 and 1"),
        ({"seed": -1}, "seed expected an integer from 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            SequenceClassifier(**settings).fit(["a", "b"], ["x", "y"])  # type: ignore[arg-type]


def test_what_was_not_there_in_training_is_named(fitted: SequenceClassifier) -> None:
    with pytest.raises(DataError, match="'maybe' is none of the classes 'no', 'yes'"):
        fitted.explain("good", "maybe")
    with pytest.raises(DataError, match="expected a text"):
        fitted.predict([[1.0, 2.0]])
    sequences, labels = waves(40)
    numeric = SequenceClassifier("gru", units=4, epochs=1).fit(sequences, labels)
    with pytest.raises(DataError, match="expected a sequence of numbers"):
        numeric.predict(["text"])
    with pytest.raises(DataError, match="expected 2 features, got 1"):
        numeric.predict([[1.0, 2.0]])
    with pytest.raises(DataError, match=r"mask expected shape \(1, 3\), got \(1, 2\)"):
        numeric.predict(np.zeros((1, 3, 2)), np.ones((1, 2)))
