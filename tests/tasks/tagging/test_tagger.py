"""`SequenceTagger`: what it learns, how it is judged, kept and refused."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.tasks import SequenceTagger, tag
from leftfold.tasks.errors import DataError, NotFittedError
from leftfold.tasks.tagging.evaluation import about_faults, judged, row_counts
from leftfold.tasks.tagging.inputs import row_key, split
from leftfold.tasks.tagging.network import StepBatches, stretches
from leftfold.tasks.tagging.references import MostFrequentOfToken
from leftfold.tasks.tagging.spans import first_fault
from leftfold.tasks.tagging.tokens import TokenEncoder

NAMES = ["Ann", "Bob", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal"]
CITIES = ["Arlton", "Burton", "Colton", "Denton", "Elton", "Fulton"]


def sentences(seed: int = 0, count: int = 60) -> tuple[list[list[str]], list[list[str]]]:
    """The word after `Mr` is a person's even where it is a city's elsewhere."""
    random = np.random.default_rng(seed)
    rows, labels = [], []
    for number in range(count):
        name, city = random.choice(NAMES), random.choice(CITIES)
        if number % 2:
            rows.append(["Mr", city, "lives", "in", "New", city])
            labels.append(["O", "B-PER", "O", "O", "B-LOC", "I-LOC"])
        else:
            rows.append([name, "went", "to", city])
            labels.append(["B-PER", "O", "O", "B-LOC"])
    return rows, labels


def series(seed: int = 0, count: int = 24) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """A step is up or down beside the one before it, which no step knows by itself."""
    random = np.random.default_rng(seed)
    rows = [random.normal(size=(int(n), 1)) for n in random.integers(8, 16, count)]
    return rows, [np.where(np.diff(row[:, 0], prepend=0) > 0, "up", "down") for row in rows]


@pytest.fixture(scope="module")
def fitted() -> SequenceTagger:
    return SequenceTagger("gru", units=16, epochs=40, seed=1).fit(*sentences())


def test_context_decides_where_the_word_does_not(fitted):
    found = fitted.predict([["Mr", "Denton", "lives", "in", "New", "Arlton"]])
    assert found == [["O", "B-PER", "O", "O", "B-LOC", "I-LOC"]]
    assert fitted.score(*sentences(seed=9)) > 0.95


def test_answers_follow_the_scheme_whatever_the_probabilities(fitted):
    random = np.random.default_rng(0)
    p = [random.dirichlet(np.ones(len(fitted.classes_)), 7) for _ in range(20)]
    assert all(first_fault(one, "IOB2") is None for one in fitted.decode(p))


def test_rows_are_predicted_alike_alone_and_together_in_their_own_lengths(fitted):
    rows = [*sentences(3, 6)[0], ["Ann"]]
    together = fitted.predict_proba(rows)
    assert [len(p) for p in together] == [len(row) for row in rows]
    assert fitted.model_.outputs[0]._keras_mask is not None  # padding counts for nothing
    for row, p in zip(rows, together, strict=True):
        np.testing.assert_allclose(fitted.predict_proba([row])[0], p, atol=1e-5)


def test_a_tagger_is_kept_in_one_file(fitted, tmp_path):
    fitted.save(tmp_path / "t.leftfold")
    other = SequenceTagger.load(tmp_path / "t.leftfold")
    rows = sentences(5, 8)[0]
    for a, b in zip(fitted.predict_proba(rows), other.predict_proba(rows), strict=True):
        np.testing.assert_array_equal(a, b)
    assert other.predict(rows) == fitted.predict(rows) and other.scheme_ == "IOB2"


def test_it_can_be_cloned_and_set_like_any_estimator():
    sklearn = pytest.importorskip("sklearn.base")
    tagger = SequenceTagger("gru", units=5, balanced=True)
    other = sklearn.clone(tagger)
    assert other.get_params() == tagger.get_params() and other is not tagger
    assert repr(other.set_params(depth=2)) == (
        "SequenceTagger(balanced=True, cell='gru', depth=2, units=5)"
    )
    with pytest.raises(NotFittedError):
        tagger.predict([["a"]])


def test_numbers_are_read_in_order_and_judged_beside_what_sees_one_step(tmp_path):
    found = tag(
        *series(),
        tagger=SequenceTagger("gru", units=12, epochs=60, window=10, learning_rate=1e-2),
        baselines=False,
    )
    assert found.measure == "accuracy" and found.network.span_f1 is None
    assert found.network.accuracy.value > 0.9
    assert found.leads()[0].difference.low > 0
    found.tagger.save(tmp_path / "n.leftfold")
    other = SequenceTagger.load(tmp_path / "n.leftfold")
    assert other.predict(found.rows) == found.network.predicted
    masked = np.full((1, 20, 1), np.nan)
    masked[0, : len(found.rows[0])] = found.rows[0]
    mask = np.arange(20)[None] < len(found.rows[0])
    assert other.predict(masked, mask)[0] == found.network.predicted[0]


def test_a_tagger_is_judged_by_spans_beside_its_references(tmp_path):
    found = tag(*sentences(), tagger=SequenceTagger("gru", units=16, epochs=30))
    names = [result.name for result in found.results]
    assert names[1:3] == ["most frequent label", "most frequent label of each word"]
    assert len(names) == 4 and found.network.span_f1.value > 0.9
    assert found.results[1].span_f1.value == 0.0
    assert "The network" in found.verdict()
    assert found.names()["span"] == ["LOC", "PER"]
    assert any("tiny data" in warning for warning in found.warnings)
    found.facts = {"Command": "leftfold tag <train>"}
    found.report(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for part in ("test span F1", "Which label is taken for which", "leftfold tag &lt;train&gt;"):
        assert part in page


def test_equal_rows_stay_on_one_side_whatever_their_case():
    rows = [["Same", "words"], ["same", "Words"]] * 5 + [[f"w{n}"] for n in range(30)]
    labels = [["a"] * len(row) for row in rows]
    learn, judge = split(rows, labels, 0.3, seed=0)
    assert len(learn) and len(judge) and len(learn) + len(judge) == 40
    assert not {row_key(rows[i]) for i in learn} & {row_key(rows[i]) for i in judge}


def test_labels_that_only_the_test_part_has_count_as_wrong():
    rows, labels = sentences(count=20)
    test = [["Ann", "went"]], [["B-XYZ", "O"]]
    found = tag(rows, labels, test, SequenceTagger("gru", units=4, epochs=2), baselines=False)
    assert any("'B-XYZ' of the test part" in warning for warning in found.warnings)
    assert found.network.span_f1.value == 0.0


def test_test_rows_that_training_was_stopped_by_are_told():
    rows, labels = sentences(count=40)
    small = SequenceTagger("gru", 4, epochs=1)
    other = (rows[30:], labels[30:])
    found = tag(rows[:30], labels[:30], other, small, baselines=False, validation=other)
    assert any("10 of 10 test rows are in the validation part as well" in w for w in found.warnings)


def test_labels_out_of_place_are_told_with_what_stands_before_them():
    found = about_faults([["B-A", "I-A"], ["O", "I-A"], ["I-B"]], "IOB2")
    assert found == [
        "labels: in 2 sequences they are not IOB2, such as 'I-A' behind 'O'; such a label begins a "
        "span"
    ]
    assert about_faults([["x", "y"]], None) == []


def test_accuracy_and_spans_are_counted_row_by_row():
    truth, said = [["B-A", "I-A"], ["O"]], [["B-A", "O"], ["O"]]
    assert row_counts(truth, said, None).tolist() == [[1, 2, 2], [1, 1, 1]]
    assert row_counts(truth, said, "IOB2").tolist() == [[0, 1, 1], [0, 0, 0]]
    found = judged("x", truth, said, "IOB2")
    assert found.accuracy.value == pytest.approx(2 / 3) and found.span_f1.value == 0.0
    assert judged("x", [["a", "b"]], [["a", "a"]], None).macro_f1 == pytest.approx(1 / 3)


def test_the_reference_for_tokens_falls_back_on_endings():
    reference = MostFrequentOfToken().fit([["running", "cat", "dog"]], [["V", "N", "N"]])
    assert reference.predict([["Running", "jumping", "xyz"]]) == [["V", "V", "N"]]


def test_words_beside_a_token_are_those_beside_it_or_an_edge():
    encoder = TokenEncoder().fit([["a", "b", "c"]])
    found = encoder.encode([["a", "b", "c"], ["c"]])
    a, b, c = found["words"][0]
    assert found["words_before"].tolist() == [[2, a, b], [2, 0, 0]]
    assert found["words_behind"].tolist() == [[b, c, 2], [2, 0, 0]]
    assert found["words_2_before"].tolist() == [[2, 2, a], [2, 0, 0]]
    assert found["words_2_behind"].tolist() == [[c, 2, 2], [2, 0, 0]]


def test_batches_hold_every_row_once_with_weights_only_where_there_are_labels():
    rows, codes = [["a"], ["a", "b"], ["a", "b", "c"]], [np.array([0]), np.array([0, 1])]
    codes.append(np.array([1, 1, 0]))
    encoder = TokenEncoder().fit(rows)
    batches = StepBatches(encoder.encode, rows, codes, np.array([1.0, 2.0]), 2, seed=3)
    batches.on_epoch_begin()
    seen = 0
    for index in range(len(batches)):
        inputs, labels, weights = batches[index]
        assert inputs["words"].shape == labels.shape == weights.shape
        np.testing.assert_array_equal(weights > 0, inputs["words"] > 0)
        np.testing.assert_array_equal(weights[weights > 0], labels[weights > 0] + 1)
        seen += len(labels)
    assert seen == 3


def test_long_sequences_are_learnt_in_stretches():
    rows, codes = stretches([np.arange(5), np.arange(2)], [np.arange(5), np.arange(2)], 2)
    assert [len(row) for row in rows] == [len(code) for code in codes] == [2, 2, 1, 2]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([["a"], []], [["A"], []], "X, row 2: expected a list of tokens"),
        ([["a", " "]], [["A", "B"]], "X, row 1, token 2: expected text"),
        ("abc", [["A"]], "X expected a list of sentences or sequences"),
        (["a text"], [["A"]], "row 1: expected a list of tokens, got one text"),
        ([["a", "b"]], [["A"]], "y, row 1: expected one label for each of 2 steps, got 1"),
        ([["a", "b"]], [["A", None]], "y, row 1, step 2: the label is missing"),
        ([["a", "b"]], [["A", "A"]], "at least two labels, got only 'A'"),
        ([["a"]], [["A"], ["B"]], "labels for each of 1 rows, got 2"),
        ([[f"w{i}" for i in range(9)]], [list("ABCDEFGHI")], "9 different labels in 9 steps"),
        ([], [], "at least one sequence, got none"),
        ([np.array([[np.inf]])], [["A"]], "the value is infinite"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(x, y, message):
    with pytest.raises(DataError, match=message):
        SequenceTagger().fit(x, y)


def test_what_was_not_learnt_is_refused(fitted):
    with pytest.raises(DataError, match="row 1: expected a sentence as a list of tokens"):
        fitted.predict([np.zeros((3, 1))])
    with pytest.raises(DataError, match="'NEW' is none of the labels"):
        SequenceTagger(epochs=1).fit(*sentences(), validation=([["a"]], [["NEW"]]))
    with pytest.raises(DataError, match="too few to set a test part"):
        tag([["a", "b"]], [["A", "B"]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "cnn"}, "cell expected one of simple_rnn, gru, lstm, got 'cnn'"),
        ({"units": 0}, "units expected a positive whole number, got 0"),
        ({"window": 2.5}, "window expected a positive whole number"),
        ({"dropout": 1.0}, "dropout expected a share"),
        ({"validation_share": 0}, "validation_share expected"),
        ({"learning_rate": -1.0}, "learning_rate expected a number above 0, got -1.0"),
        ({"time_limit": 0}, "time_limit expected seconds above 0, got 0"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        SequenceTagger(**settings).fit(*sentences(count=4))
