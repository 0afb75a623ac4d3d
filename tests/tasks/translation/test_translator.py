"""`Translator` learns, copies what it does not know, keeps all that in a file, and is honest."""

from __future__ import annotations

import itertools
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold.callbacks import Callback
from leftfold.saving import SavingError
from leftfold.tasks import SequenceTagger, Translator, translate
from leftfold.tasks.errors import DataError, NotFittedError

WORDS = {"eins": "one", "zwei": "two", "rot": "red", "blau": "blue", "Hund": "dog", "Haus": "house"}


def pairs() -> tuple[list[str], list[str]]:
    """Three words, and their translations the other way around."""
    rows = list(itertools.product(WORDS, repeat=3))
    return (
        [" ".join(row) for row in rows],
        [" ".join(WORDS[word] for word in reversed(row)) for row in rows],
    )


SMALL: dict[str, Any] = {
    "unit": "word",
    "units": 32,
    "embedding": 24,
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "learning_rate": 0.01,
    "batch_size": 16,
    "epochs": 25,
    "validation": 0.1,
}


@pytest.fixture(scope="module")
def fitted() -> Translator:
    return Translator(**SMALL).fit(*pairs())


def test_it_learns_words_and_their_order(fitted: Translator) -> None:
    sources, targets = pairs()
    assert fitted.score(sources, targets) > 95
    assert fitted.predict(["Hund rot eins"], beams=1) == ["one red dog"]
    assert fitted.rows_["training"] + fitted.rows_["validation"] == len(sources)
    assert fitted.tokens_per_second_ > 0 and fitted.training_.ended_by in ("epochs", "patience")


def test_attention_says_which_word_was_read(fitted: Translator) -> None:
    (found,) = fitted.translate(["Hund rot eins"])
    assert found.source == ["Hund", "rot", "eins"] and found.target == ["one", "red", "dog"]
    assert found.attention is not None and found.attention.shape == (4, 3)
    np.testing.assert_allclose(found.attention.sum(1), 1, rtol=1e-4)
    assert found.finished and found.log_probability < 0


def test_an_empty_sentence_has_an_empty_translation(fitted: Translator) -> None:
    assert fitted.predict(["", "Hund rot eins", "  "]) == ["", "one red dog", ""]
    assert fitted.predict([]) == []


def test_a_file_keeps_everything(fitted: Translator, tmp_path: Path) -> None:
    fitted.save(tmp_path / "m.leftfold")
    again = Translator.load(tmp_path / "m.leftfold")
    sources, _ = pairs()
    assert again.predict(sources[:40]) == fitted.predict(sources[:40])
    assert again.get_params() == fitted.get_params() and again.rows_ == fitted.rows_
    assert vars(again.training_) == vars(fitted.training_)
    with pytest.raises(SavingError, match="holds a Translator, expected a SequenceTagger"):
        SequenceTagger.load(tmp_path / "m.leftfold")


def test_a_vocabulary_that_does_not_fit_the_model_is_refused(
    fitted: Translator, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "m.leftfold")
    with zipfile.ZipFile(tmp_path / "m.leftfold") as file:
        members = {name: file.read(name) for name in file.namelist()}
    members["vocabulary.json"] = members["vocabulary.json"].replace(b'" rot"', b'" rot", " x"')
    with zipfile.ZipFile(tmp_path / "n.leftfold", "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    with pytest.raises(SavingError, match="differ in size"):
        Translator.load(tmp_path / "n.leftfold")


@pytest.mark.parametrize("unit", ["subword", "character"])
def test_other_units_share_a_vocabulary_if_wanted(unit: str, tmp_path: Path) -> None:
    small = {**SMALL, "unit": unit, "epochs": 1}
    found = Translator(**small, joint=True, vocabulary=300).fit(*pairs())
    assert found.source_ is found.target_
    found.save(tmp_path / "m.leftfold")
    again = Translator.load(tmp_path / "m.leftfold")
    assert again.source_ is again.target_
    assert again.predict(["Hund rot eins"]) == found.predict(["Hund rot eins"])


def test_without_attention_there_is_no_picture(tmp_path: Path) -> None:
    small = Translator(**{**SMALL, "epochs": 2}, attention=None, cell="lstm", layers=2)
    found = translate(*pairs(), translator=small)
    assert all(one.attention is None for one in found.written)
    found.report(tmp_path / "report.html")
    assert "Attention in test" not in (tmp_path / "report.html").read_text("utf-8")
    small.save(tmp_path / "m.leftfold")
    again = Translator.load(tmp_path / "m.leftfold")
    assert again.predict(found.test.sources[:5]) == found.network.predicted[:5]


def test_the_same_seed_gives_the_same_translator() -> None:
    small = {**SMALL, "epochs": 2, "dropout": 0.3}
    first, second = (Translator(**small, seed=7).fit(*pairs()) for _ in range(2))
    for a, b in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_long_sentences_are_refused_cut_or_kept_and_counted() -> None:
    sources, targets = pairs()
    sources, targets = [*sources, " ".join(["rot"] * 9)], [*targets, "red"]
    small = {**SMALL, "epochs": 1, "longest": 5, "validation": 0.1}
    found = Translator(**small).fit(sources, targets, (sources[:20], targets[:20]))
    assert found.rows_["too long (refuse)"] == 1
    assert found.rows_["in the validation part as well"] == 20
    with pytest.raises(DataError, match=r"X, row 1 has 9 words, more than the 5"):
        found.predict([sources[-1]])
    for way, read in (("truncate", 5), ("keep", 9)):
        other = found.set_params(too_long=way)
        assert len(other.translate([sources[-1]])[0].source) == read
    found.fit(sources, targets, (sources[:20], targets[:20]))
    assert found.rows_["too long (keep)"] == 1


def test_ctrl_c_keeps_the_best_so_far() -> None:
    class Interrupt(Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 3:
                raise KeyboardInterrupt

    sources, targets = pairs()
    found = Translator(**SMALL).fit(sources, targets, callbacks=[Interrupt()])
    assert found.training_.ended_by == "interrupt" and found.training_.best_epoch == 2
    assert found.predict(sources[:1])
    with pytest.raises(KeyboardInterrupt):
        translate(sources, targets, translator=Translator(**SMALL), callbacks=[Interrupt()])


def test_the_best_epoch_can_be_chosen_by_what_is_written() -> None:
    found = Translator(**{**SMALL, "epochs": 6}, monitor="figure").fit(*pairs())
    figures = found.training_.history["val_figure"]
    assert figures[found.training_.best_epoch] == max(figures) > figures[0]


def test_it_follows_the_conventions_of_scikit_learn() -> None:
    from sklearn.base import clone

    translator = Translator("word", units=8, dropout=0.2)
    again = clone(translator)
    assert again.get_params() == translator.get_params() and again is not translator
    assert again.set_params(units=10).units == 10
    with pytest.raises(NotFittedError):
        translator.predict(["a"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"unit": "sentence"}, "unit expected one of character, word, subword, got 'sentence'"),
        ({"attention": "some"}, "attention expected one of"),
        ({"beams": 0}, "beams expected a positive whole number, got 0"),
        ({"units": 7}, "units expected an even number"),
        ({"dropout": 1.0}, "dropout expected a share"),
        ({"seed": -1}, "seed expected a whole number from 0"),
        ({"vocabulary": 1}, "vocabulary expected at least 2 words, got 1"),
        ({"unit": "subword", "vocabulary": 255}, "vocabulary expected at least 256 subwords"),
        ({"too_long": "drop"}, "too_long expected one of keep, truncate, refuse"),
        ({"source_language": "german"}, "source_language expected a two-letter code"),
        ({"longest": 2, "epochs": 1}, "All .* pairs are longer than 2 words"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Translator(**{**SMALL, **settings}).fit(*pairs())


def test_translate_judges_beside_what_must_be_beaten(tmp_path: Path) -> None:
    sources, targets = pairs()
    other = ["eins zwei rot", "blau Hund Haus"]
    found = translate(
        sources, targets, (other, ["red two one", "house dog blue"]), None, Translator(**SMALL)
    )
    assert [one.name for one in found.results] == [
        "network (gru, luong-general)", "copy the source", "word-for-word table",
    ]  # fmt: skip
    assert found.measure.name == "exact match" and found.network.figure.value == 100.0
    assert any("2 training pairs have a source of the test part" in w for w in found.warnings)
    assert all(one.lead is not None for one in found.results[1:])
    found.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "word-for-word table" in page and "<script" not in page


def test_a_test_sentence_that_is_refused_counts_as_wrong_and_is_told(tmp_path: Path) -> None:
    sources, targets = pairs()
    test = ["eins zwei rot", " ".join(["rot"] * 9)], ["red two one", "red"]
    small = Translator(**{**SMALL, "longest": 5})
    found = translate(sources, targets, test, None, small)
    assert found.network.predicted == ["red two one", ""] and found.network.exact == 50.0
    assert any("too long: 1 of 2 test sources have more than 5 words" in w for w in found.warnings)
    assert small.refused(test[0]) == [(1, 9)]
    found.report(tmp_path / "report.html")


def test_nothing_is_chosen_by_a_test_source() -> None:
    sources, targets = pairs()
    test, stop_by = (sources[:10], targets[:10]), (sources[5:30], targets[5:30])
    small = Translator(**{**SMALL, "epochs": 1})
    found = translate(sources, targets, test, stop_by, small)
    assert small.rows_["validation"] == 20
    assert any("5 validation pairs have a source of the test part" in w for w in found.warnings)
    with pytest.raises(DataError, match="nothing is left to stop by"):
        translate(sources, targets, test, test, small)
    with pytest.raises(DataError, match=r"validation expected \(X, y\), got 1 parts"):
        translate(sources, targets, test, (sources,), small)


def test_the_report_shows_the_worst_with_their_alignment(tmp_path: Path) -> None:
    small = Translator(**{**SMALL, "epochs": 1})
    found = translate(*pairs(), translator=small)
    (worst, *_) = found.worst(3)
    assert found.network.predicted[worst] != found.test.targets[worst]
    found.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert f"Attention in test sentence {worst + 1}." in page


def test_no_test_source_is_learnt_from() -> None:
    class Seen(Translator):
        def fit(self, X: Any, y: Any, validation: Any = None, callbacks: Any = ()) -> Any:
            self.seen = set(X)
            return super().fit(X, y, validation, callbacks)

    sources, targets = pairs()
    small = Seen.__new__(Seen)
    Translator.__init__(small, **{**SMALL, "epochs": 1})
    found = translate(sources * 2, targets * 2, translator=small)
    assert found.test.sources and not small.seen & set(found.test.sources)
