"""Files of vectors: every format round, and each fault named in one line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.vectors import WordVectors

WORDS = ["good", "Bad", "na\u00efve", "plot"]
VALUES = np.array(
    [[2, 0.5, 1], [-2, 0.5, -1e-7], [0, 0.25, 0], [0.1, 1 / 3, 12345.678]], np.float32
)


def text_file(header: bool = False, ending: str = "\n") -> bytes:
    lines = [f"{w} {' '.join(map(str, v.tolist()))}" for w, v in zip(WORDS, VALUES, strict=True)]
    return (ending.join([*(["4 3"] if header else []), *lines]) + ending).encode()


def binary_file(newline: bytes = b"\n") -> bytes:
    rows = [w.encode() + b" " + v.tobytes() + newline for w, v in zip(WORDS, VALUES, strict=True)]
    return b"4 3\n" + b"".join(rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("glove.txt", text_file()),
        ("no_last_line_feed.txt", text_file()[:-1]),
        ("windows.txt", text_file(ending="\r\n")),
        ("spaces_at_the_end.txt", text_file(True, " \n")),
        ("blank_lines.txt", text_file(ending="\n\n")),
        ("word2vec.txt", text_file(True)),
        ("fasttext.vec", text_file(True)),
        ("glove.txt.gz", gzip.compress(text_file(), mtime=0)),
        ("word2vec.bin", binary_file()),
        ("no_line_feeds.bin", binary_file(b"")),
        ("word2vec.bin.gz", gzip.compress(binary_file(), mtime=0)),
    ],
)
def test_every_format_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    found = WordVectors.load(tmp_path / name)
    assert found.tokens == WORDS
    assert found.matrix.dtype == np.float32
    np.testing.assert_array_equal(found.matrix, VALUES)
    assert WordVectors.load(tmp_path / name, most=2).tokens == WORDS[:2]


@pytest.mark.parametrize(
    "name",
    ["a.txt", "a.txt.gz", "a.vec", "a.w2v", "a.bin", "a.bin.gz", "a.npz", "a.safetensors"],
)
def test_every_format_comes_back_bit_for_bit(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(50, 7)).astype(np.float32) * np.float32(10.0) ** rng.integers(
        -30, 30, size=(50, 7)
    ).astype(np.float32)
    vectors = WordVectors([f"w\u00f6rt{i}" for i in range(50)], values)
    found = WordVectors.load(vectors.save(tmp_path / name))
    assert found.tokens == vectors.tokens
    np.testing.assert_array_equal(found.matrix, vectors.matrix)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.npz", "a.safetensors"])
def test_arrays_are_mapped_into_memory(tmp_path: Path, name: str) -> None:
    WordVectors(WORDS, VALUES).save(tmp_path / name)
    found = WordVectors.load(tmp_path / name, mmap=True)
    assert isinstance(found.matrix, np.memmap)
    np.testing.assert_array_equal(found.matrix, VALUES)
    assert found.near("good", 1)[0][0] == WordVectors(WORDS, VALUES).near("good", 1)[0][0]


def test_text_cannot_be_mapped_into_memory(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(text_file())
    with pytest.raises(DataError, match=r"only \.npz and \.safetensors"):
        WordVectors.load(tmp_path / "a.txt", mmap=True)


def test_tokens_with_spaces_are_read_from_text_and_kept_in_arrays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"good 1 2\n. . . 3 4\nnew york 5 6\n")
    found = WordVectors.load(tmp_path / "a.txt")
    assert found.tokens == ["good", ". . .", "new york"]
    assert WordVectors.load(found.save(tmp_path / "a.npz")).tokens == found.tokens
    with pytest.raises(DataError, match=r"'\. \. \.' has a space in it"):
        found.save(tmp_path / "b.txt")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "holds no vectors"),
        (
            "a.txt",
            b"good 1 2\nbad 1\n",
            r"a\.txt, line 2: expected a token and 2 numbers, as line 1",
        ),
        ("a.txt", b"good 1 2\nbad 1 2 3\nx 1 2\n", r"line 2: expected a token and 2 numbers"),
        ("a.txt", b"good 1 2\nbad 1 x\n", r"line 2: expected a token and 2 numbers"),
        ("a.txt", b"good 1 2\nbad 1 1_0\n", r"line 2: expected a token and 2 numbers"),
        ("a.txt", b"good\n", r"line 1: expected a token and 1 to 10,000 numbers"),
        ("a.txt", b"good 1 nan\n", r"line 1: the vector of 'good' is not finite"),
        ("a.txt", b"good 1 2\nbad 1e39 2\n", r"line 2: the vector of 'bad' is not finite"),
        ("a.txt", b"good 1 2\n\nfine 1 2\ngood 3 4\n", "line 4: 'good' stands on line 1 already"),
        ("a.txt", b"good 1 2\n 3 4\n", "line 2: the token is empty"),
        ("a.txt", b"good 1 2\nb\xe4d 3 4\n", r"line 2: the token is not UTF-8: 'b\\\\xe4d'"),
        ("a.txt", b"5 2\ngood 1 2\nbad 3 4\n", "line 1 announces 5 vectors, the file has 2"),
        ("a.txt", b"2 3\ngood 1 2\nbad 3 4\n", "line 2: expected a token and 3 numbers, as line 1"),
        ("a.txt", b"1 20000\ngood 1 2\n", r"line 1: expected a token and 1 to 10,000 numbers"),
        ("a.txt", b"1" * 5_000_000, "line 1 is longer than any vector"),
        (
            "a.txt",
            gzip.compress(text_file(), mtime=0),
            "is packed by gzip: give it a name that ends in .gz",
        ),
        ("a.txt", "good 1 2".encode("utf-16"), "is UTF-16: expected UTF-8"),
        ("a.txt.gz", b"no gzip", "cannot be read"),
        ("a.txt.gz", gzip.compress(text_file(), mtime=0)[:-20], "cannot be read"),
        ("a.bin", b"no header", "does not begin as word2vec's binary format"),
        ("a.bin", b"9 99999999\n", "does not begin as word2vec's binary format"),
        ("a.bin", binary_file(b"")[:-4], "ends in vector 4 of 4"),
        (
            "a.bin",
            b"99999999999999 3\n" + binary_file()[4:],
            "announces 99,999,999,999,999 vectors, the file has 4",
        ),
        ("a.bin", b"5" + binary_file()[1:], "line 1 announces 5 vectors, the file has 4"),
        ("a.bin", binary_file() + b"more", "has more than the 4 vectors"),
        ("a.bin", b"1 3\n" + b"x" * 10_000, "ends in vector 1 of 1"),
        ("a.bin", b"2 1\na 1234\na 1234\n", "vector 2: 'a' stands on vector 1 already"),
        ("a.npz", b"PK", "is not a file of NumPy arrays"),
        ("a.safetensors", b"PK", "no sound safetensors file"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        WordVectors.load(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is no file\."):
        WordVectors.load(tmp_path / "missing")
    with pytest.raises(DataError, match="is no file but a folder"):
        WordVectors.load(tmp_path)


def test_a_mark_of_utf8_is_no_part_of_the_first_token_or_size(tmp_path: Path) -> None:
    for text in ("good 1 2\r\nbad 3 4\r\n", "2 2\ngood 1 2\nbad 3 4\n"):
        (tmp_path / "a.txt").write_text(text, encoding="utf-8-sig", newline="")
        found = WordVectors.load(tmp_path / "a.txt")
        assert found.tokens == ["good", "bad"] and found["bad"].tolist() == [3, 4]


def test_faulty_lines_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(
        b"good 1 2\nragged 1\ngood 3 4\nb\xe4d 1 2\nnan nan 1\nfine 5 6\n"
    )
    found = WordVectors.load(tmp_path / "a.txt", skip_faults=True)
    assert found.tokens == ["good", "fine"]
    assert found.matrix.tolist() == [[1, 2], [5, 6]]
    assert found.faults.count == 4
    assert "line 2: expected a token and 2 numbers" in found.faults.messages[0]
