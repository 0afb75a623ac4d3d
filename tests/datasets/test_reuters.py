"""`reuters.load_data` against Keras's rules, on a small file of the same format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold.datasets import files, ragged, reuters
from leftfold.datasets.files import DatasetError

TEXTS = [[1, 2, 3], [4, 1], [5], [2, 2, 9, 7], [3, 3], [1, 8, 1, 6, 2]]
TOPICS = np.array([3, 4, 3, 19, 0, 45])


@pytest.fixture
def stored(home: Path) -> Path:
    """`reuters.npz` in the data folder."""
    path = home / "datasets" / "reuters.npz"
    path.parent.mkdir(parents=True)
    ragged.write_npz(path, {"x": TEXTS, "y": TOPICS})
    return path


def in_order(seed: int = 113) -> np.ndarray:
    order = np.arange(len(TEXTS))
    np.random.RandomState(seed).shuffle(order)
    return order


@pytest.mark.usefixtures("stored")
def test_defaults_shuffle_shift_mark_the_start_and_keep_a_fifth_for_testing() -> None:
    (x_train, y_train), (x_test, y_test) = reuters.load_data()
    order = in_order()
    # The rarest word, 9 + 3, is lost, as in Keras.
    expected = [[1, *(w + 3 if w < 9 else 2 for w in TEXTS[i])] for i in order]
    assert x_train.tolist() == expected[:4]
    assert x_test.tolist() == expected[4:]
    assert x_train.dtype == x_test.dtype == object
    assert [*y_train, *y_test] == TOPICS[order].tolist()


@pytest.mark.usefixtures("stored")
def test_arguments_mean_what_they_mean_in_keras() -> None:
    (x_train, _), (x_test, y_test) = reuters.load_data(
        num_words=6,
        skip_top=2,
        test_split=0.5,
        seed=7,
        start_char=None,
        oov_char=None,
        index_from=0,
    )
    expected = [[w for w in TEXTS[i] if 2 <= w < 6] for i in in_order(7)]
    assert x_train.tolist() == expected[:3]
    assert x_test.tolist() == expected[3:]
    assert y_test.tolist() == TOPICS[in_order(7)][3:].tolist()


@pytest.mark.usefixtures("stored")
def test_maxlen_leaves_out_before_the_split() -> None:
    (x_train, y_train), (x_test, _) = reuters.load_data(maxlen=4)
    assert (len(x_train), len(x_test)) == (2, 1)
    assert all(len(text) < 4 for text in [*x_train, *x_test])
    assert set(y_train) <= {4, 3, 0}
    with pytest.raises(ValueError, match="No newswire is shorter than maxlen=2"):
        reuters.load_data(maxlen=2)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(("split", "sizes"), [(0, (6, 0)), (1, (0, 6)), (0.34, (3, 3))])
def test_the_share_for_testing(split: float, sizes: tuple[int, int]) -> None:
    train, test = reuters.load_data(test_split=split)
    assert (len(train[0]), len(test[0])) == sizes
    with pytest.raises(ValueError, match=r"test_split to be from 0 to 1, got 1\.5"):
        reuters.load_data(test_split=1.5)


def test_broken_files_are_named(stored: Path) -> None:
    stored.write_bytes(stored.read_bytes()[:-40])
    with pytest.raises(DatasetError, match=r"reuters\.npz cannot be read as a data set"):
        reuters.load_data()
    ragged.write_npz(stored, {"x": TEXTS})
    with pytest.raises(DatasetError, match="no member y"):
        reuters.load_data()
    ragged.write_npz(stored, {"x": TEXTS, "y": TOPICS[:2]})
    with pytest.raises(DatasetError, match="6 newswires but 2 labels"):
        reuters.load_data()


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("load", [reuters.load_data, reuters.get_word_index])
def test_without_file_and_network_the_error_says_how_to_mend_it(load: Any, home: Path) -> None:
    with pytest.raises(DatasetError, match=f"put a copy of reuters.* into {home}") as error:
        load()
    assert "\n" not in str(error.value)


def test_a_download_keeps_the_name_asked_for_and_is_verified(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(url: str, target: Path, file_hash: str) -> Path:
        asked.append((url.rsplit("/", 1)[1], target.name, file_hash.split(":")[0]))
        target.parent.mkdir(parents=True)
        ragged.write_npz(target, {"x": TEXTS, "y": TOPICS})
        return target

    monkeypatch.setattr(files, "download", download)
    for _ in range(2):
        reuters.load_data("news.npz")
    assert asked == [("reuters.npz", "news.npz", "sha256")]
    assert (home / "datasets" / "news.npz").exists()


def test_word_index_is_read_and_checked(home: Path) -> None:
    path = home / "datasets" / "reuters_word_index.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"mdbl": 10996, "é": 2}), encoding="utf-8")
    assert reuters.get_word_index() == {"mdbl": 10996, "é": 2}
    path.write_text("[1")
    with pytest.raises(DatasetError, match="not a word index"):
        reuters.get_word_index()


def test_topics_have_names() -> None:
    names = reuters.get_label_names()
    assert len(names) == len(set(names)) == 46
    assert (names[3], names[4], names[45]) == ("earn", "acq", "lead")
