"""Corpora from every source, tokenised once, in bounded memory."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.preprocessing.text import Tokenizer
from leftfold.vectors import Corpus
from leftfold.vectors import sources as reading
from leftfold.vectors.corpus import words

TEXTS = ["A good film.", "Na\u00efve, \U0001f600 but good!"]
TOKENS = [["a", "good", "film"], ["na\u00efve", "but", "good"]]


def archive(path: Path) -> None:
    with tarfile.open(path, "w:gz") as file:
        for name, text in (("d/1.txt", TEXTS[0]), ("d/readme.md", "no"), ("d/2.txt", TEXTS[1])):
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            file.addfile(info, io.BytesIO(text.encode()))


def sources(folder: Path) -> dict[str, tuple[Path, list[str]]]:
    lines = "\n\n".join(TEXTS).encode()
    table = 'id,text\n1,"A good\nfilm."\n2,"Na\u00efve, \U0001f600 but good!"\n'.encode()
    (folder / "lines.txt").write_bytes(lines)
    (folder / "lines.txt.gz").write_bytes(gzip.compress(lines))
    (folder / "table.csv").write_bytes(b"\xef\xbb\xbf" + table)
    (folder / "table.csv.gz").write_bytes(gzip.compress(table))
    (folder / "table.tsv").write_text("text\nA good film.\nNa\u00efve, but good!\n", "utf-8")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text(TEXTS[0], "utf-8")
    (folder / "deep" / "er" / "b.txt.gz").write_bytes(gzip.compress(TEXTS[1].encode()))
    archive(folder / "files.tar.gz")
    return {
        "lines.txt": (folder / "lines.txt", ["lines.txt:1", "lines.txt:3"]),
        "lines.txt.gz": (folder / "lines.txt.gz", ["lines.txt.gz:1", "lines.txt.gz:3"]),
        "table.csv": (folder / "table.csv", ["table.csv:3", "table.csv:4"]),
        "table.csv.gz": (folder / "table.csv.gz", ["table.csv.gz:3", "table.csv.gz:4"]),
        "table.tsv": (folder / "table.tsv", ["table.tsv:2", "table.tsv:3"]),
        "folder": (folder / "deep", ["a.txt", "er/b.txt.gz"]),
        "archive": (folder / "files.tar.gz", ["d/1.txt", "d/2.txt"]),
    }


@pytest.mark.parametrize(
    "kind",
    ["lines.txt", "lines.txt.gz", "table.csv", "table.csv.gz", "table.tsv", "folder", "archive"],
)
def test_every_source_gives_the_same_tokens(kind: str, tmp_path: Path) -> None:
    path, names = sources(tmp_path)[kind]
    corpus = Corpus(path)
    assert list(corpus) == list(corpus) == TOKENS
    assert [name for name, _ in corpus.documents()] == names
    assert list(corpus.encoded()) == TOKENS


def test_lists_of_texts_and_of_tokens_are_corpora_too() -> None:
    assert list(Corpus(TEXTS)) == TOKENS
    assert list(Corpus(TOKENS)) == TOKENS
    with pytest.raises(DataError, match="text 2: expected a list of tokens"):
        list(Corpus([["a"], ["b", ""]]))


def test_tokenizers_of_every_kind_cut_texts() -> None:
    text = "It's <br /> a GOOD_film!"
    assert list(Corpus([text])) == [["it's", "a", "good", "film"]]
    assert list(Corpus(["A b."], "whitespace")) == [["A", "b."]]
    assert list(Corpus(["ab"], "characters")) == [["a", "b"]]
    assert list(Corpus(["a-b c"], lambda text: text.split("-"))) == [["a", "b c"]]
    tokenizer = Tokenizer(lower=False, filters="!")
    assert list(Corpus(["Good, film!"], tokenizer)) == [["Good,", "film"]]
    assert list(Corpus(["Ab"], Tokenizer(char_level=True))) == [["a", "b"]]
    with pytest.raises(ValueError, match="tokenizer expected one of words, whitespace"):
        Corpus(["a"], "letters")


def test_sentences_are_texts_of_their_own() -> None:
    text = 'One two. Three "four!" Five?<br /><br />six'
    assert list(Corpus([text], sentences=True)) == [
        ["one", "two"],
        ["three", "four"],
        ["five"],
        ["six"],
    ]


def test_a_corpus_is_read_once_and_counted() -> None:
    texts = ["b a b", "c b", ""]
    reads = []

    def counting(text: str) -> list[str]:
        reads.append(text)
        return text.split()

    corpus = Corpus(texts, counting)
    encoded = corpus.encoded()
    assert corpus.encoded() is encoded and list(encoded) == list(encoded)
    assert len(reads) == 3
    assert encoded.tokens == ["b", "a", "c"] and encoded.counts.tolist() == [3, 1, 1]
    vocabulary = encoded.vocabulary(min_count=1, most=2)
    assert vocabulary.tokens == ["b", "a"] and vocabulary.rank.tolist() == [0, 1, -1]
    with pytest.raises(DataError, match="no token occurs 4 times; the most frequent occurs 3"):
        encoded.vocabulary(min_count=4)


def test_the_numbers_of_a_corpus_lie_in_a_file() -> None:
    encoded = Corpus(["one two three"] * 10).encoded()
    assert isinstance(encoded.ids, np.memmap)
    assert [text.tolist() for text in encoded.texts()] == [[0, 1, 2]] * 10


def test_texts_longer_than_a_piece_are_read_in_parts_and_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PIECE", 50)
    words = [f"w{i}" for i in range(100)]
    (tmp_path / "long.txt").write_text(" ".join(words))
    for source in (tmp_path, tmp_path / "long.txt"):
        found = list(Corpus(source).documents())
        assert len(found) > 3
        assert [token for _, tokens in found for token in tokens] == words
        assert len({name for name, _ in found}) == 1
    long = Corpus([["a"] * 25_000]).encoded()
    assert [len(text) for text in long.texts()] == [10_000, 10_000, 5_000]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "holds no tokens"),
        ("a.txt", b"fine\n\xff\n", r"a\.txt, line 2: not utf-8"),
        ("a.txt", b"\xef fine\n", r"a\.txt, line 1: not utf-8"),
        ("a.txt", b"fine\n" * 50_000 + b"\xff\n", r"a\.txt, line 50001: not utf-8"),
        ("a.csv", b"id,stars\n1,2\n", "name the column with the texts; it has 'id', 'stars'"),
        ("a.csv", b"id,text\n1,fine\n2\n", r"a\.csv, line 3: expected 2 fields, got 1"),
        ("a.txt.gz", b"no gzip", "cannot be read"),
        ("a.txt.gz", gzip.compress(b"some text\n" * 100, mtime=0)[:-12], "cannot be read"),
        ("a.tar.gz", b"no archive", "cannot be read"),
        ("missing.txt", None, "is no file or folder"),
    ],
)
def test_faults_are_named_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        Corpus(tmp_path / name).encoded()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["foo", "hex"])
def test_an_unknown_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(DataError, match=f"encoding expected that of a text, got '{encoding}'"):
        Corpus(tmp_path / "a.txt", encoding=encoding).encoded()


def test_empty_folders_archives_and_wrong_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no files that end in"):
        Corpus(tmp_path).encoded()
    with tarfile.open(tmp_path / "a.tar", "w"):
        pass
    with pytest.raises(DataError, match="has no files that end in"):
        Corpus(tmp_path / "a.tar").encoded()
    (tmp_path / "a.csv").write_text("one,two\n1,2\n")
    with pytest.raises(DataError, match="has no column 'text'; it has 'one', 'two'"):
        Corpus(tmp_path / "a.csv", column="text").encoded()
    assert list(Corpus(tmp_path / "a.csv", column="two")) == [["2"]]
    bad = tmp_path / "folder"
    bad.mkdir()
    (bad / "x.txt").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"x\.txt is not utf-8"):
        Corpus(bad).encoded()


def test_words_keep_the_marks_on_their_letters() -> None:
    assert words("हिन्दी भाषा, don't_stop") == ["हिन्दी", "भाषा", "don't", "stop"]
