"""The files built from the data set's own archive, as a folder, packed, or hostile."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from leftfold.datasets import imdb, imdb_archive
from leftfold.datasets.files import DatasetError
from leftfold.datasets.python2 import python2_hash, python2_order

FILES = {
    "train/pos/10_9.txt": "The film, the FILM.<br />It's good",
    "train/pos/9_7.txt": "good good the",
    "train/neg/0_1.txt": "bad é É film",
    "test/pos/0_10.txt": "the good unseen film",
    "test/neg/3_2.txt": "bad",
    "train/unsup/0_0.txt": "unlabelled",
    "train/urls_pos.txt": "http://example.org",
    "README": "about",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "aclImdb"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def archive(folder: Path) -> Path:
    path = folder.with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, "aclImdb")
    return path


def decoded() -> list[tuple[str, int]]:
    words = {rank + 3: word for word, rank in imdb.get_word_index().items()} | {1: ">"}
    (x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=1000)
    return sorted(
        (" ".join(words[i] for i in x), int(y))
        for x, y in [*zip(x_train, y_train, strict=True), *zip(x_test, y_test, strict=True)]
    )


EXPECTED = sorted(
    [
        ("> the film the film br it's good", 1),
        ("> good good the", 1),
        ("> bad é É film", 0),
        ("> the good film", 1),
        ("> bad", 0),
    ]
)


def test_folder_parent_folder_and_archives_give_the_same(folder: Path, archive: Path) -> None:
    plain = folder.with_suffix(".tar")
    plain.write_bytes(gzip.decompress(archive.read_bytes()))
    for source in (folder, folder.parent, archive, plain):
        imdb_archive.add(source)
        assert decoded() == EXPECTED


def test_a_folder_may_hold_archives(archive: Path, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    archive.rename(shelf / "aclImdb_labelled.tar.gz")
    imdb_archive.add(shelf)
    assert decoded() == EXPECTED


def test_reviews_stand_in_the_official_order_with_ranks_by_training_frequency(
    folder: Path, home: Path
) -> None:
    paths = imdb_archive.add(folder)
    assert [path.parent for path in paths] == [home / "datasets"] * 2
    with np.load(paths[0], allow_pickle=True) as members:
        assert members["y_train"].tolist() == [1, 1, 0]
        ranks = imdb.get_word_index()
        assert members["x_train"][0][0] == ranks["the"]
        assert members["x_train"][1][0] == ranks["good"]  # 10_9.txt goes before 9_7.txt
    assert {ranks["the"], ranks["film"], ranks["good"]} == {1, 2, 3}
    assert "unseen" not in ranks


def test_words_of_equal_frequency_follow_python_2() -> None:
    assert python2_hash(b"") == 0
    assert python2_hash(b"a") == 12416037344
    assert python2_order([b"a", b"b", b"c"]) == [b"a", b"c", b"b"]
    keys = [str(i).encode() for i in range(5000)]
    assert sorted(python2_order(keys)) == sorted(keys)


@pytest.mark.skipif("LEFTFOLD_IMDB_ARCHIVE" not in os.environ, reason="needs the real archive")
def test_the_real_archive_gives_the_official_values() -> None:
    imdb_archive.add(Path(os.environ["LEFTFOLD_IMDB_ARCHIVE"]))
    (x_train, y_train), (x_test, _) = imdb.load_data(num_words=10000)
    words = imdb.get_word_index()
    assert len(words) == 88584
    assert [words[w] for w in ("fawn", "tsukino", "vani", "woods")] == [34701, 52006, 63951, 1408]
    assert x_train[0][:8] == [1, 14, 22, 16, 43, 530, 973, 1622]
    assert x_test[0][:8] == [1, 591, 202, 14, 31, 6, 717, 10]
    assert y_train[:10].tolist() == [1, 0, 0, 1, 0, 0, 1, 0, 1, 0]
    assert (max(map(len, x_train)), max(map(len, x_test))) == (2494, 2315)


def test_members_with_foreign_names_and_kinds_touch_nothing(archive: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.tar"
    with tarfile.open(archive) as good, tarfile.open(hostile, "w") as tar:
        for member in good:
            tar.addfile(member, good.extractfile(member) if member.isreg() else None)
        for name, kind in (
            ("../../train/pos/1_1.txt", tarfile.SYMTYPE),
            ("/train/neg/2_2.txt", tarfile.LNKTYPE),
            ("aclImdb/train/neg/3_3.txt", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
    before = set(tmp_path.rglob("*"))
    imdb_archive.add(hostile)
    assert decoded() == EXPECTED
    assert {p.name for p in set(tmp_path.rglob("*")) - before} <= {
        "home",
        "datasets",
        "imdb.npz",
        "imdb_word_index.json",
    }


def test_a_review_of_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("train/pos/0_9.txt")
        member.size = 2 << 20
        tar.addfile(member, io.BytesIO(bytes(member.size)))
    with pytest.raises(DatasetError, match="2097152 bytes long: that is no review"):
        imdb_archive.add(path)


def test_an_archive_that_unpacks_to_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imdb_archive, "_LARGEST_ARCHIVE", 1 << 20)
    path = tmp_path / "bomb.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("filler")
        member.size = 8 << 20
        tar.addfile(member, io.BytesIO(bytes(member.size)))
    with pytest.raises(DatasetError, match="unpacks to more than"):
        imdb_archive.add(path)


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"\x1f\x8bbroken"])
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reviews.tar.gz"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"reviews\.tar\.gz"):
        imdb_archive.add(path)


def test_a_truncated_archive_is_named(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(DatasetError, match="Download it again"):
        imdb_archive.add(archive)


def test_other_data_and_nothing_are_named(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="does not hold the IMDb reviews: expected files such"):
        imdb_archive.add(tmp_path / "empty")
    (folder / "test" / "neg" / "3_2.txt").unlink()
    with pytest.raises(DatasetError, match="found 1 reviews for test"):
        imdb_archive.add(folder)
    with pytest.raises(DatasetError, match="no file or folder"):
        imdb_archive.add(tmp_path / "missing.tar.gz")
