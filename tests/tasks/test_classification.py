"""`classify`: a test part that nothing saw, references on the same rows, suspects named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leftfold.tasks import SequenceClassifier, checks, classify, scores
from leftfold.tasks.errors import DataError
from leftfold.tasks.references import Summaries, WordCounts, summary_statistics

TEXTS = [f"{word} film {n} seen" for n in range(50) for word in ("good", "bad", "dull")]
LABELS = ["yes", "no", "no"] * 50


@pytest.fixture(scope="module")
def found():
    return classify(TEXTS, LABELS, classifier=SequenceClassifier("gru", 4, epochs=12, seed=2))


def test_parts_do_not_overlap_and_classes_are_in_proportion(found) -> None:
    assert len(found.truth) == 30
    assert np.bincount(found.truth).tolist() == [20, 10]
    rows = found.classifier.rows_
    assert rows["training"] + rows["validation"] == 120


def test_duplicates_stay_on_one_side() -> None:
    doubled = [*TEXTS, *(text.upper() + "!" for text in TEXTS)]
    judged = classify(
        doubled, [*LABELS, *LABELS], classifier=SequenceClassifier("embedding", epochs=1)
    )
    assert not any(warning.startswith("leakage:") for warning in judged.warnings)


def test_the_network_stands_beside_references_with_intervals(found) -> None:
    assert [result.name for result in found.results] == [
        "network (gru)", "most frequent class", "TF-IDF, logistic regression",
    ]  # fmt: skip
    assert found.results[1].accuracy.value == pytest.approx(2 / 3)
    lead = found.results[1].lead
    assert lead.value == pytest.approx(found.network.accuracy.value - 2 / 3)
    assert lead.low <= lead.value <= lead.high
    assert "C=" in found.results[2].remark
    table = found.table()
    assert len({len(column) for column in table.values()}) == 1


def test_the_verdict_says_who_wins(found) -> None:
    from dataclasses import replace

    from leftfold.tasks.evaluation import Interval

    best = found.results[2]
    for bounds, words in [
        ((0.1, 0.05, 0.2), "The network beats TF-IDF"),
        ((-0.1, -0.2, -0.05), "The network loses to TF-IDF"),
        ((0.01, -0.05, 0.06), "cannot be told apart"),
    ]:
        changed = replace(
            found, results=[*found.results[:2], replace(best, lead=Interval(*bounds))]
        )
        assert words in changed.verdict()


def test_a_word_that_gives_the_class_away_is_named() -> None:
    texts = [f"sentiment{label} film {n}" for n, label in enumerate(LABELS)]
    judged = classify(texts, LABELS, classifier=SequenceClassifier("embedding", epochs=1))
    assert any("leakage suspect: 'sentiment" in warning for warning in judged.warnings)


def test_test_rows_in_training_are_counted() -> None:
    settings = SequenceClassifier("embedding", epochs=1)
    judged = classify(TEXTS, LABELS, (TEXTS[:9], LABELS[:9]), settings)
    assert "leakage: 9 of 9 test rows" in " ".join(judged.warnings)
    with pytest.raises(DataError, match="'maybe' is none of the classes"):
        classify(TEXTS, LABELS, (["new"], ["maybe"]), SequenceClassifier("embedding", epochs=1))


def test_numeric_sequences_have_a_reference_of_their_own(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(90) % 3
    rows = [generator.normal(size=(6 + k, 2)) + 2 * k for k in labels]
    judged = classify(rows, labels, classifier=SequenceClassifier("gru", 4, epochs=3))
    assert judged.results[2].name.startswith("summary statistics")
    assert judged.results[2].accuracy.value > 0.9
    judged.report(tmp_path / "r.html")
    assert "of 3 classes" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_references_choose_on_training_rows_and_know_absent_classes() -> None:
    codes = np.array([0, 2] * 30)
    words = WordCounts().fit([f"w{code} x" for code in codes], codes, 3, 0)
    probabilities = words.probabilities(["w2 x"])
    assert probabilities.shape == (1, 3) and probabilities[0, 1] == 0
    assert probabilities.argmax() == 2
    rows = [np.full((4, 1), float(code)) for code in codes]
    assert Summaries().fit(rows, codes, 3, 0).probabilities(rows[:2]).argmax(1).tolist() == [0, 2]
    assert summary_statistics([np.array([[np.nan], [2.0]])]).shape == (1, 8)


def test_scores_against_known_values() -> None:
    truth, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert scores.accuracy(truth, predicted) == 0.75
    assert scores.confusion(truth, predicted, 2).tolist() == [[2, 1], [0, 1]]
    assert scores.per_class(np.array([[2, 1], [0, 1]]))[0] == pytest.approx((1.0, 2 / 3, 0.8))
    assert scores.macro_f1(truth, predicted, 2) == pytest.approx((0.8 + 2 / 3) / 2)
    assert scores.balanced_accuracy(truth, predicted, 2) == pytest.approx((2 / 3 + 1) / 2)
    half = np.full((4, 2), 0.5)
    assert scores.log_loss(truth, half) == pytest.approx(np.log(2))
    sure = np.array([[0.9, 0.1]] * 9 + [[0.1, 0.9]])
    judged = scores.calibration(np.array([0] * 9 + [0]), sure, bins=1)
    assert judged.error == pytest.approx(0) and judged.counts.tolist() == [10]


def test_warnings_on_labels() -> None:
    assert checks.about_labels(["a", "b"] * 300) == []
    few = checks.about_labels(["a"] * 300 + ["b"] * 290 + ["c"] * 20)
    assert [line.split(":")[0] for line in few] == ["imbalance", "tiny class"]
