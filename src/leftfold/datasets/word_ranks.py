"""Texts stored as ranks of words, which `imdb` and `reuters` turn into indices in the same way."""

from __future__ import annotations

import json
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.datasets import files
from leftfold.datasets.files import DatasetError

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def located(name: str, file_hash: str, advice: str, published: str | None = None) -> Path:
    """The file in the data folder, downloaded from where Keras keeps it if it is not there.

    Args:
        name: its name in the data folder.
        file_hash: what a downloaded file must hash to, `"sha256:..."` or `"md5:..."`.
        advice: how to do without the download, for the error.
        published: its name at the address; that in the data folder by default.

    Raises:
        DatasetError: where it cannot be fetched.
    """
    target = files.data_folder() / name
    if not target.exists():
        try:
            files.download(_ORIGIN + (published or target.name), target, file_hash)
        except DatasetError as error:
            raise DatasetError(f"{error} {advice}") from error
    return target


def read_word_index(path: Path) -> dict[str, int]:
    """The rank of each word out of a JSON file.

    Raises:
        DatasetError: where that is not what the file holds.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise DatasetError(
            f"{path} is not a word index: {error}. Delete it and load the data again."
        ) from error


def member(members: dict[str, Any], name: str, path: str) -> Any:
    """A member of a file of arrays.

    Raises:
        DatasetError: where it is missing.
    """
    if name not in members:
        raise DatasetError(f"{path} has no member {name}. Delete it and load the data again.")
    return members[name]


def shuffled(
    texts: list[list[int]],
    labels: np.ndarray,
    generator: np.random.RandomState,
    maxlen: int | None,
    start_char: int | None,
    kind: str,
) -> tuple[list[list[int]], np.ndarray]:
    """Texts and labels in a new order, those left out that reach `maxlen` with `start_char`.

    Args:
        texts: ranks of words.
        labels: one for each text.
        generator: for the order.
        maxlen: the first length that is too long, `None` for no limit.
        start_char: will be put before each text, unless `None`.
        kind: what a text is, for the error: `"review"`.
    """
    order = np.arange(len(texts))
    generator.shuffle(order)
    if maxlen:
        longest = maxlen - (start_char is not None)
        order = order[[len(texts[i]) < longest for i in order]]
        if not order.size:
            raise ValueError(f"No {kind} is shorter than maxlen={maxlen}. Increase maxlen.")
    return [texts[i] for i in order], labels[order]


def to_indices(
    texts: list[list[int]],
    num_words: int | None,
    skip_top: int,
    start_char: int | None,
    oov_char: int | None,
    index_from: int,
) -> list[list[int]]:
    """Ranks to the indices asked for, all texts in one flat array."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    words = np.fromiter(chain.from_iterable(texts), np.int64, int(lengths.sum())) + index_from
    if start_char is not None:
        words = np.insert(words, np.cumsum(lengths) - lengths, start_char)
        lengths += 1
    limit = num_words or words.max(initial=0)
    known = (words >= skip_top) & (words < limit)
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    if oov_char is None:
        bounds = np.concatenate([[0], np.cumsum(known)])[bounds]
        words = words[known]
    else:
        words = np.where(known, words, oov_char)
    flat = words.tolist()
    return [flat[start:end] for start, end in pairwise(bounds.tolist())]
