"""Pairs are checked by name and row, split without leaks, and read from files by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from leftfold.tasks.errors import DataError
from leftfold.tasks.translation.files import Layout, read_pairs, read_sources
from leftfold.tasks.translation.pairs import (
    Pairs,
    near_duplicates,
    pairs_of,
    source_key,
    split_pairs,
    without,
)


def test_equal_sources_are_on_one_side_whatever_their_case() -> None:
    sources = [f"{word} {number % 20}" for number in range(100) for word in ("Ein", "ein ")]
    learn, judge = split_pairs(Pairs(sources, sources), 0.2, seed=3)
    kept, held_out = set(map(source_key, learn.sources)), set(map(source_key, judge.sources))
    assert kept and held_out and not kept & held_out
    assert len(learn.sources) + len(judge.sources) == 200


def test_pairs_of_the_held_out_part_are_left_out_and_counted() -> None:
    pairs, again = without(Pairs(["a b", "A  B", "c"], ["x", "y", "z"]), ["a b"])
    assert pairs == Pairs(["c"], ["z"]) and again == 2


def test_near_duplicates_differ_in_one_word() -> None:
    train = ["a man in a red shirt runs"]
    test = [
        "A man in a red shirt runs!",
        "a man in a blue shirt runs",
        "a man in a red shirt",
        "a man in a big red shirt runs",
        "a woman in a blue shirt runs",
        "a man",
    ]
    assert near_duplicates(train, test).tolist() == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["a"], ["b", "c"], "X and y expected as many sentences, got 1 and 2"),
        (["a", " "], ["b", "c"], "X, row 2 is empty"),
        (["a", "b"], ["", "c"], "y, row 1 is empty"),
        ("ab", ["a", "b"], "X expected a list of sentences, got 'ab'"),
        ([1], ["a"], "X, row 1: expected a text, got int"),
    ],
)
def test_pairs_that_cannot_be_are_named(X: object, y: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pairs_of(X, y)


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_two_files_are_read_line_by_line_and_tell_their_languages(tmp_path: Path) -> None:
    paths = write(tmp_path / "t.de", "Ein Hund\nZwei\n"), write(tmp_path / "t.en", "A dog\nTwo\n")
    found = read_pairs(paths)
    assert found.pairs == Pairs(["Ein Hund", "Zwei"], ["A dog", "Two"])
    assert found.languages == ("de", "en")


def test_files_of_other_lengths_are_both_named_with_their_lines(tmp_path: Path) -> None:
    paths = write(tmp_path / "a.txt", "1\n2\n3\n"), write(tmp_path / "b.txt", "1\n2\n")
    with pytest.raises(DataError, match=r"a\.txt has 3 lines and .*b\.txt 2"):
        read_pairs(paths)


def test_an_empty_line_is_named_or_left_out(tmp_path: Path) -> None:
    paths = write(tmp_path / "a.txt", "x\n \nz\n"), write(tmp_path / "b.txt", "1\n2\n3\n")
    with pytest.raises(DataError, match=r"a\.txt, line 2: the sentence is empty"):
        read_pairs(paths)
    found = read_pairs(paths, Layout(skip_empty=True))
    assert found.pairs.sources == ["x", "z"] and "1 with an empty side" in found.said[-1]


def test_columns_are_guessed_announced_and_overridden(tmp_path: Path) -> None:
    path = write(tmp_path / "chat.csv", "id,answer,question\n1,fine,how\n2,no,yes\n")
    found = read_pairs([path])
    assert found.pairs == Pairs(["how", "yes"], ["fine", "no"])
    assert any("--source NAME" in line for line in found.said)
    other = read_pairs([path], Layout(source="answer", target="id"))
    assert other.pairs == Pairs(["fine", "no"], ["1", "2"])
    with pytest.raises(DataError, match="no column 'nobody'"):
        read_pairs([path], Layout(source="nobody"))


def test_a_tsv_without_names_keeps_its_first_row(tmp_path: Path) -> None:
    path = write(tmp_path / "pairs.tsv", "Go.\tVa !\tCC-BY\nHi.\tSalut !\tCC-BY\n")
    found = read_pairs([path], Layout(source="2", target="1"))
    assert found.pairs == Pairs(["Va !", "Salut !"], ["Go.", "Hi."])
    assert read_pairs([path], Layout(header=True)).pairs.sources == ["Hi."]
    named = write(tmp_path / "named.tsv", "en\tfr\nGo.\tVa !\n")
    found = read_pairs([named])
    assert found.pairs.sources == ["Go."] and found.languages == ("en", "fr")


def test_marks_in_a_tsv_are_text_and_its_faults_have_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "p.tsv", '"Go," he said.\t"Va !" dit-il.\nHi\tHi\n')
    assert read_pairs([path]).pairs.sources == ['"Go," he said.', "Hi"]
    broken = write(tmp_path / "q.tsv", "a\tb\nc\n")
    with pytest.raises(DataError, match=r"q\.tsv, line 2: expected 2 fields .* got 1"):
        read_pairs([broken])
    twice = write(tmp_path / "r.csv", "source,source\na,b\n")
    with pytest.raises(DataError, match="two columns 'source'"):
        read_pairs([twice])


def test_json_lines_and_their_faults(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", '{"source": "a", "target": "b"}\n{"source": "c"}\n')
    with pytest.raises(DataError, match=r"p\.jsonl, line 2, column 'target': .*empty"):
        read_pairs([path])


def test_one_column_is_not_two(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has one column, expected two"):
        read_pairs([write(tmp_path / "one.csv", "source\na\n")])


def test_sentences_to_translate_keep_their_empty_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "x.de", "a\n\nb\n")
    assert read_sources(path).pairs.sources == ["a", "", "b"]
