"""`imdb.load_data` against Keras's rules, on a small file of the same format."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.datasets import imdb, ragged
from leftfold.datasets.files import DatasetError

TRAIN = [[1, 2, 3], [4, 1], [5], [2, 2, 9, 7]]
TEST = [[3, 3], [1, 8, 1], [6, 1, 1, 1]]


@pytest.fixture
def stored(home: Path) -> Path:
    """`imdb.npz` in the data folder."""
    path = home / "datasets" / "imdb.npz"
    path.parent.mkdir(parents=True)
    members = {"x_train": TRAIN, "y_train": np.array([1, 0, 0, 1])}
    ragged.write_npz(path, {**members, "x_test": TEST, "y_test": np.array([0, 1, 1])})
    return path


def expected(
    sequences: list[list[int]],
    generator: np.random.RandomState,
    limit: int,
    skip_top: int = 0,
    start: int | None = 1,
    oov: int | None = 2,
    index_from: int = 3,
) -> list[list[int]]:
    order = np.arange(len(sequences))
    generator.shuffle(order)
    result = []
    for i in order:
        words = [] if start is None else [start]
        words += [word + index_from for word in sequences[i]]
        keep = [w if skip_top <= w < limit else oov for w in words]
        result.append([w for w in keep if w is not None])
    return result


@pytest.mark.usefixtures("stored")
def test_defaults_shuffle_shift_mark_the_start_and_lose_the_rarest_word() -> None:
    (x_train, y_train), (x_test, y_test) = imdb.load_data()
    generator = np.random.RandomState(113)
    assert x_train.tolist() == expected(TRAIN, generator, limit=12)
    assert x_test.tolist() == expected(TEST, generator, limit=12)
    assert x_train.dtype == object
    assert y_train.dtype == y_test.dtype == np.int64
    labels = dict(zip(map(len, TRAIN), [1, 0, 0, 1], strict=True))
    assert [labels[len(x) - 1] for x in x_train] == y_train.tolist()


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    "arguments",
    [
        dict(num_words=6, seed=7),
        dict(num_words=8, skip_top=2),
        dict(num_words=5, oov_char=None),
        dict(num_words=99, start_char=None, index_from=0),
        dict(num_words=99, start_char=None, oov_char=None, skip_top=6),
    ],
    ids=str,
)
def test_arguments_mean_what_they_mean_in_keras(arguments: dict[str, Any]) -> None:
    (x_train, _), (x_test, _) = imdb.load_data(**arguments)
    settings = {name.removesuffix("_char"): value for name, value in arguments.items()}
    generator = np.random.RandomState(settings.pop("seed", 113))
    limit = settings.pop("num_words")
    assert x_train.tolist() == expected(TRAIN, generator, limit, **settings)
    assert x_test.tolist() == expected(TEST, generator, limit, **settings)


@pytest.mark.usefixtures("stored")
def test_maxlen_leaves_out_what_reaches_it_with_the_start_mark() -> None:
    (x_train, y_train), (x_test, _) = imdb.load_data(maxlen=4)
    assert sorted(map(len, x_train)) == [2, 3]
    assert y_train.tolist() == [0, 0]
    assert list(map(len, x_test)) == [3]
    assert x_test.shape == (1,)
    with pytest.raises(ValueError, match="maxlen=2"):
        imdb.load_data(maxlen=2)


@pytest.mark.usefixtures("stored")
def test_reviews_of_one_length_stay_lists() -> None:
    (x_train, _), _ = imdb.load_data(maxlen=4, num_words=99)
    assert all(type(review) is list for review in x_train)


def test_numpy_reads_what_was_written(stored: Path) -> None:
    with np.load(stored, allow_pickle=True) as members:
        assert members["x_train"].tolist() == TRAIN
        assert members["y_test"].tolist() == [0, 1, 1]


@given(st.lists(st.lists(st.integers(0, 2**40), max_size=5), max_size=6))
def test_lists_survive_the_file(tmp_path: Path, sequences: list[list[int]]) -> None:
    ragged.write_npz(tmp_path / "x.npz", {"x": sequences})
    assert ragged.read_npz(tmp_path / "x.npz") == {"x": sequences}


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_arrays_of_arrays_are_read(tmp_path: Path, protocol: int) -> None:
    array = ragged.object_array([[1, 2], []])
    array[1] = np.array([3, 4], np.int32)
    store(tmp_path / "x.npz", array, pickle.dumps(array, protocol))
    if protocol == 5:  # holds its arrays in a way that NumPy does not use in files
        with pytest.raises(DatasetError, match="_frombuffer"):
            ragged.read_npz(tmp_path / "x.npz")
    else:
        assert ragged.read_npz(tmp_path / "x.npz") == {"x": [[1, 2], [3, 4]]}


def store(path: Path, like: np.ndarray, pickled: bytes) -> None:
    """An `.npz` with one member `x`: the header of `like`, then any bytes."""
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, np.lib.format.header_data_from_array_1_0(like))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", content.getvalue() + pickled)


class Attack:
    """Unpickled in the usual way, this creates the file that it names."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (open, (str(self.target), "w"))


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_a_file_that_asks_to_run_code_is_refused_by_name(tmp_path: Path, protocol: int) -> None:
    array = np.array([Attack(tmp_path / "owned")], dtype=object)
    store(tmp_path / "x.npz", array, pickle.dumps(array, protocol))
    with pytest.raises(DatasetError, match=r"it asks for (_io|io)\.open, which no list needs"):
        ragged.read_npz(tmp_path / "x.npz")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("pickled", "message"),
    [
        (b"cos\nsystem\n(S'exit'\ntR.", r"it asks for os\.system"),
        (b"\x80\x02cbuiltins\neval\n.", r"it asks for builtins\.eval"),
        (b"cnumpy\nndarray\n(I1\ntR.", "cannot be read"),
        (b"cnumpy\ndtype\n}(S'__setstate__'\nI1\nsb.", "cannot be read"),
        (pickle.dumps([1, 2]), "cannot be read"),
        (b"garbage", "cannot be read"),
        (b"", "cannot be read"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f", "cannot be read"),
    ],
)
def test_broken_and_crafted_pickles_end_in_one_error(
    tmp_path: Path, pickled: bytes, message: str
) -> None:
    store(tmp_path / "x.npz", np.array([None]), pickled)
    with pytest.raises(DatasetError, match=message):
        ragged.read_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [[["a"]], [[1.5]], [[[1]]], [[None]], [3], [{1: 2}]], ids=str)
def test_only_lists_of_integers_are_lists_of_words(tmp_path: Path, content: list[Any]) -> None:
    array = np.empty(1, object)
    array[0] = content[0]
    np.savez(tmp_path / "x.npz", x=array)
    with pytest.raises(DatasetError, match="integers"):
        ragged.read_npz(tmp_path / "x.npz")


def test_a_list_repeated_without_end_is_refused(tmp_path: Path) -> None:
    words = [7] * 1_000_000
    np.savez(tmp_path / "x.npz", x=ragged.object_array([words] * 1000))
    with pytest.raises(DatasetError, match="more than 100000000 numbers"):
        ragged.read_npz(tmp_path / "x.npz")


def test_a_member_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY")
        archive.infolist()[0].file_size = 1 << 40
    with pytest.raises(DatasetError, match="bytes long"):
        ragged.read_npz(tmp_path / "x.npz")


def test_broken_files_are_named(stored: Path) -> None:
    stored.write_bytes(stored.read_bytes()[:-40])
    with pytest.raises(DatasetError, match=r"imdb\.npz cannot be read as a data set"):
        imdb.load_data()
    ragged.write_npz(stored, {"x_train": TRAIN})
    with pytest.raises(DatasetError, match="no member y_train"):
        imdb.load_data()
    ragged.write_npz(stored, {"x_train": TRAIN, "y_train": np.array([1])})
    with pytest.raises(DatasetError, match="4 reviews but 1 labels"):
        imdb.load_data()


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("load", [imdb.load_data, imdb.get_word_index])
def test_without_file_and_network_the_error_says_how_to_mend_it(load: Any) -> None:
    with pytest.raises(DatasetError, match="leftfold data add imdb") as error:
        load()
    assert "\n" not in str(error.value)


def test_word_index_is_read_and_checked(home: Path) -> None:
    path = home / "datasets" / "imdb_word_index.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"the": 1, "é": 2}), encoding="utf-8")
    assert imdb.get_word_index() == {"the": 1, "é": 2}
    path.write_text("[1")
    with pytest.raises(DatasetError, match="not a word index"):
        imdb.get_word_index()
