"""Folders of texts as data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold.utils import set_random_seed, text_dataset_from_directory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, count in (("neg", 6), ("pos", 4)):
        (tmp_path / name / "deep").mkdir(parents=True)
        for index in range(count):
            inner = tmp_path / name / ("deep" if index == 0 else "")
            (inner / f"{index}.txt").write_text(f"{name} text {index} é", encoding="utf-8")
        (tmp_path / name / "notes.md").write_text("not a text")
    return tmp_path


def pairs(dataset: Any) -> list[tuple[str, Any]]:
    return [
        (text, np.asarray(label).tolist())
        for texts, labels in dataset
        for text, label in zip(texts.tolist(), labels.numpy(), strict=True)
    ]


def test_every_file_comes_with_the_number_of_its_folder(folder, capsys):
    data = text_dataset_from_directory(folder, batch_size=4, shuffle=False)
    assert capsys.readouterr().out == "Found 10 files belonging to 2 classes.\n"
    assert data.class_names == ["neg", "pos"]
    assert len(data) == 3
    found = pairs(data)
    assert sorted(text for text, label in found if label == 1) == [
        f"pos text {index} é" for index in range(4)
    ]
    assert [label for _, label in found] == [0] * 6 + [1] * 4


@pytest.mark.parametrize(
    ("mode", "labels"), [("binary", [[0.0], [1.0]]), ("categorical", [[1.0, 0.0], [0.0, 1.0]])]
)
def test_labels_come_as_wanted(folder, mode, labels):
    data = text_dataset_from_directory(folder, label_mode=mode, shuffle=False, verbose=False)
    found = pairs(data)
    assert [found[0][1], found[-1][1]] == labels


def test_texts_alone_and_cut(folder):
    data = text_dataset_from_directory(folder, labels=None, max_length=3, verbose=False)
    assert sorted({text for batch in data for text in batch.tolist()}) == ["neg", "pos"]
    single = text_dataset_from_directory(folder, label_mode=None, batch_size=None, verbose=False)
    assert next(iter(single)).shape == ()


def test_a_split_shares_no_text_and_loses_none(folder, capsys):
    settings: dict[str, Any] = {"validation_split": 0.3, "seed": 7, "batch_size": 2}
    training = text_dataset_from_directory(folder, subset="training", **settings)
    assert "Using 7 files for training." in capsys.readouterr().out
    validation = text_dataset_from_directory(folder, subset="validation", **settings)
    parts = [{text for text, _ in pairs(part)} for part in (training, validation)]
    assert [len(part) for part in parts] == [7, 3] and not parts[0] & parts[1]
    both = text_dataset_from_directory(folder, subset="both", **settings)
    assert [{text for text, _ in pairs(part)} for part in both] == parts


def test_the_order_changes_from_pass_to_pass_and_follows_the_seed(folder):
    def orders() -> list[Any]:
        set_random_seed(3)
        data = text_dataset_from_directory(folder, verbose=False)
        return [pairs(data) for _ in range(3)]

    first = orders()
    assert first == orders()
    assert first[0] != first[1] or first[1] != first[2]
    assert sorted(first[0]) == sorted(first[1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"label_mode": "words"}, "label_mode in"),
        ({"labels": "guess"}, "labels 'inferred' or a list"),
        ({"validation_split": 0.2}, "validation_split and subset"),
        ({"validation_split": 0.2, "subset": "training"}, "expected a seed for a split"),
        ({"validation_split": 2, "subset": "training", "seed": 1}, "between 0 and 1"),
        ({"batch_size": 0}, "positive batch_size"),
        ({"labels": [1, 2]}, "labels for 10 files, got 2"),
        ({"class_names": ["neg", "bad"]}, "expected class_names to be the folders neg, pos"),
    ],
)
def test_wrong_settings_are_named(folder, settings, message):
    with pytest.raises(ValueError, match=message):
        text_dataset_from_directory(folder, verbose=False, **settings)


def test_a_folder_must_exist_and_hold_texts(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a folder, found none"):
        text_dataset_from_directory(tmp_path / "nothing")
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match=r"files that end in \.txt, found none"):
        text_dataset_from_directory(tmp_path)
