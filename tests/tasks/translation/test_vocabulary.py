"""Sentences become ids and come back; languages decide where words end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.saving import SavingError
from leftfold.tasks.errors import DataError
from leftfold.tasks.translation.languages import bleu_tokenizer, check_language, tidy, words
from leftfold.tasks.translation.vocabulary import SPECIAL, Vocabulary

LINES = ["A dog, a cat.", "the cat (a cat) sleeps!", "Zwei Männer lächeln", "l'eau n'est pas là"]


@pytest.mark.parametrize("unit", ["word", "character", "subword"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_sentences_of_known_parts_come_back_as_they_were(unit: str, lowercase: bool) -> None:
    (vocabulary,) = Vocabulary.learn([LINES * 2], unit, 400, [None], lowercase)
    again = Vocabulary.from_plain(vocabulary.plain())
    for line in LINES:
        ids = vocabulary.encode(line)
        assert ids.min() >= SPECIAL and ids.max() < vocabulary.size
        assert vocabulary.decode(ids) == (line.lower() if lowercase else line)
        assert again.encode(line).tolist() == ids.tolist() and again.size == vocabulary.size
        assert len(vocabulary.pieces(line)) == len(ids) == len(vocabulary.names(ids))


def test_a_word_is_the_same_in_front_and_in_the_middle() -> None:
    (vocabulary,) = Vocabulary.learn([["cat dog", "dog cat"]], "word", 10, ["en"], False)
    assert vocabulary.encode("cat dog").tolist() == vocabulary.encode("dog cat").tolist()[::-1]


def test_unknown_words_are_found_and_copied() -> None:
    (vocabulary,) = Vocabulary.learn([["a cat"] * 2], "word", 10, ["en"], False)
    ids = vocabulary.encode("a zebra cat")
    assert vocabulary.unknown(ids).tolist() == [1]
    assert vocabulary.decode(ids, {1: "zebra"}) == "a zebra cat"
    assert vocabulary.decode(ids) == "a� cat"


def test_subwords_know_every_character() -> None:
    (vocabulary,) = Vocabulary.learn([LINES], "subword", 300, [None], False)
    ids = vocabulary.encode("naïve 漢字 🙂")
    assert vocabulary.unknown(ids).size == 0 and vocabulary.decode(ids) == "naïve 漢字 🙂"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"])))
@pytest.mark.parametrize("language", [None, "en", "fr", "zh"])
def test_words_together_are_the_text(language: str | None, text: str) -> None:
    text = tidy(text, language)
    assert "".join(words(text, language)) == text


@pytest.mark.parametrize("language", [None, "en", "fr"])
def test_a_letter_under_many_marks_is_read_at_once(language: str | None) -> None:
    piled = "a" + "\N{COMBINING ACUTE ACCENT}" * 5000
    assert words(f"{piled} {piled}", language) == [piled, f" {piled}"]


def test_languages_end_words_in_their_own_way() -> None:
    assert words(" aujourd'hui l'eau", "fr") == [" aujourd'", "hui", " l'", "eau"]
    assert words(" it's", "en") == [" it's"]
    assert words("我爱你 GRU", "zh") == ["我", "爱", "你", " GRU"]
    assert words(" हिन्दी भाषा।", "hi") == [" हिन्दी", " भाषा", "।"]
    assert words(" נ\u05b7ת\u05bc חת\u200c", "he") == [" נ\u05b7ת\u05bc", " חת\u200c"]
    assert words(" I \u2764\ufe0f it", "en") == [" I", " \u2764\ufe0f", " it"]
    assert words("ที่", "th") == ["ที่"]
    coder, thumb = "\U0001f469\U0001f3fd\u200d\U0001f4bb", "\U0001f44d\U0001f3fd"
    for language in ("en", "fr", "ja"):
        assert words(f"{coder}{thumb} {thumb}!", language) == [coder, thumb, f" {thumb}", "!"]
    assert tidy("I\u0307zmir DIŞ", "tr", True) == "izmir d\u0131ş"
    assert (bleu_tokenizer("zh"), bleu_tokenizer("th"), bleu_tokenizer("de")) == (
        "zh", "char", "13a",
    )  # fmt: skip


@pytest.mark.parametrize("code", ["xx", "german", "", "d"])
def test_an_unknown_code_is_named(code: str) -> None:
    with pytest.raises(DataError, match=f"source_language expected .* got '{code}'"):
        check_language("source_language", code)


def test_a_damaged_vocabulary_is_refused() -> None:
    with pytest.raises(SavingError):
        Vocabulary.from_plain({"unit": "word", "known": [3], "letters": {}, "lowercase": True})
    with pytest.raises(SavingError):
        Vocabulary.from_plain({"unit": "word", "known": ["a"], "letters": {}, "lowercase": 1})
