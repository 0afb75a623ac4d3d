"""Folders of texts, one folder a class, as a data set."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.engine.random import SeedGenerator
from leftfold.preprocessing.dataset import Dataset

_FUNCTION = "text_dataset_from_directory"
_LABEL_MODES = ("int", "binary", "categorical", None)
_SUBSETS = ("training", "validation", "both", None)


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Texts and their classes out of `directory/class_a/*.txt`, `directory/class_b/*.txt`, ...

    Args:
        directory: the folder that holds one folder for each class.
        labels: `"inferred"` from the folders, a list with one class number for each file in
            order, or `None` for texts alone.
        label_mode: how labels come: `"int"` numbers, `"binary"` 0 or 1 as floats
            `(batch, 1)`, `"categorical"` one-hot rows, or `None` for texts alone.
        class_names: the folders in the order of their numbers; sorted by default.
        batch_size: texts in a batch; `None` for single texts.
        max_length: characters of a text beyond which it is cut.
        shuffle: whether the texts come in a new order each time.
        seed: of the order and the split; needed for a split of shuffled texts.
        validation_split: the share of texts to keep for validation.
        subset: with a split which part: `"training"`, `"validation"`, or `"both"` of them.
        follow_links: whether to go into folders that are links.
        format: `"tf"` or `"grain"`, accepted as in Keras: the data set is the same.
        verbose: whether to print how many texts were found.

    Returns:
        A `Dataset` of `(texts, labels)` batches with the attribute `class_names`; two of them
        for `subset="both"`.

    Raises:
        FileNotFoundError: where there is no such folder.
        ValueError: for settings that cannot be, or where no text was found.
    """
    _check(label_mode, labels, validation_split, subset, shuffle, seed, batch_size)
    root = Path(directory)
    if not root.is_dir():
        raise FileNotFoundError(f"{_FUNCTION} expected a folder, found none at {root}.")
    inferred = isinstance(labels, str)
    names = _class_names(root, class_names) if inferred else []
    paths, numbers = _find(root, names, follow_links)
    if not inferred and labels is not None:
        if len(labels) != len(paths):
            raise ValueError(
                f"{_FUNCTION} expected labels for {len(paths)} files, got {len(labels)}."
            )
        numbers = [int(label) for label in labels]
        names = [str(number) for number in sorted(set(numbers))]
    if not paths:
        raise ValueError(f"{_FUNCTION} expected files that end in .txt, found none in {root}.")
    if label_mode == "binary" and len(names) != 2:
        raise ValueError(f"{_FUNCTION} expected two classes for 'binary', found {len(names)}.")
    if labels is None:
        label_mode = None
    if verbose:
        classes = f" belonging to {len(names)} classes" if label_mode else ""
        print(f"Found {len(paths)} files{classes}.")
    files = list(zip(paths, numbers, strict=True))
    if shuffle:
        begin = SeedGenerator().seed if seed is None else seed
        np.random.RandomState(begin).shuffle(files)  # type: ignore[arg-type]

    def data_set(part: list[tuple[Path, int]]) -> Dataset:
        found = _texts(part, label_mode, len(names), max_length)
        if shuffle:
            found = found.shuffle(8 * (batch_size or 128), seed=seed)
        if batch_size is not None:
            found = found.batch(batch_size)
        found.class_names = names
        return found

    if not validation_split:
        return data_set(files)
    held_out = int(validation_split * len(files))
    parts = {
        "training": files[: len(files) - held_out],
        "validation": files[len(files) - held_out :],
    }
    wanted = list(parts) if subset == "both" else [str(subset)]
    if verbose:
        for name in wanted:
            print(f"Using {len(parts[name])} files for {name}.")
    made = [data_set(parts[name]) for name in wanted]
    return made if subset == "both" else made[0]


def _check(
    label_mode: Any,
    labels: Any,
    validation_split: float | None,
    subset: Any,
    shuffle: bool,
    seed: int | None,
    batch_size: int | None,
) -> None:
    if label_mode not in _LABEL_MODES:
        raise ValueError(f"{_FUNCTION} expected label_mode in {_LABEL_MODES}, got {label_mode!r}.")
    if isinstance(labels, str) and labels != "inferred":
        raise ValueError(f"{_FUNCTION} expected labels 'inferred' or a list, got {labels!r}.")
    if subset not in _SUBSETS or bool(validation_split) != bool(subset):
        raise ValueError(
            f"{_FUNCTION} expected validation_split and subset ('training', 'validation' or "
            f"'both') together, got {validation_split!r} and {subset!r}."
        )
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(
            f"{_FUNCTION} expected validation_split between 0 and 1, got {validation_split!r}."
        )
    if validation_split and shuffle and seed is None:
        raise ValueError(
            f"{_FUNCTION} expected a seed for a split of shuffled texts: without one, texts would "
            "be in both parts."
        )
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"{_FUNCTION} expected a positive batch_size, got {batch_size!r}.")


def _class_names(root: Path, class_names: Sequence[str] | None) -> list[str]:
    found = sorted(path.name for path in root.iterdir() if path.is_dir())
    if class_names is None:
        return found
    if set(class_names) != set(found):
        raise ValueError(
            f"{_FUNCTION} expected class_names to be the folders {', '.join(found)}, got "
            f"{', '.join(class_names)}."
        )
    return list(class_names)


def _find(root: Path, names: list[str], follow_links: bool) -> tuple[list[Path], list[int]]:
    """The text files, class by class, each class sorted by path, and their class numbers."""
    paths: list[Path] = []
    numbers: list[int] = []
    for number, folder in enumerate([root / name for name in names] or [root]):
        for inner, _, files in sorted(os.walk(folder, followlinks=follow_links)):
            found = [Path(inner) / file for file in sorted(files) if file.lower().endswith(".txt")]
            paths += found
            numbers += [number] * len(found)
    return paths, numbers


def _texts(
    files: list[tuple[Path, int]], label_mode: str | None, classes: int, max_length: int | None
) -> Dataset:
    """One element for each file, read when it is wanted."""

    def label_of(number: int) -> np.ndarray:
        if label_mode == "categorical":
            return np.eye(classes, dtype=np.float32)[number]
        if label_mode == "binary":
            return np.array([number], np.float32)
        return np.array(number, np.int32)

    def elements() -> Iterator[Any]:
        for path, number in files:
            text = path.read_text(encoding="utf-8", errors="replace")[:max_length]
            value = np.array(text, object)
            yield value if label_mode is None else (value, label_of(number))

    return Dataset(elements, len(files))
