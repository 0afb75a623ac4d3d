"""The Large Movie Review data set: 25,000 training and 25,000 test reviews as word indices.

Source: Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis".
"""

from __future__ import annotations

import json
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.datasets import files, ragged
from leftfold.datasets.files import DatasetError

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_NPZ_HASH = "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_WORDS_HASH = "md5:bfafd718b763782e994055a2d397834f"

Reviews = tuple[np.ndarray, np.ndarray]


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Reviews, Reviews]:
    """IMDb reviews as lists of word indices, the most frequent word lowest; 0 is for padding.

    The file is looked for in the data folder (`LEFTFOLD_HOME`, else `KERAS_HOME`, else
    `~/.keras`; in its `datasets`) and downloaded if it is not there. `leftfold data add imdb
    PATH` builds the same file from the data set's own archive.

    Args:
        path: name of the file in the data folder.
        num_words: indices from here on become `oov_char`; that of the rarest word by default,
            as in Keras.
        skip_top: indices below this become `oov_char`.
        maxlen: reviews of this length or more (with `start_char`) are left out.
        seed: for the order of the reviews.
        start_char: put before each review; `None` puts nothing.
        oov_char: stands for left-out words; `None` drops them.
        index_from: added to each word's rank, which counts from 1.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of integers, and arrays of
        labels, 0 for a negative and 1 for a positive review.

    Raises:
        DatasetError: where the file is missing or broken; the message says how to mend it.
    """
    members = ragged.read_npz(_located(path, _NPZ_HASH))
    generator = np.random.RandomState(seed)
    parts = []
    for part in ("train", "test"):
        sequences, labels = _member(members, f"x_{part}", path), _member(members, f"y_{part}", path)
        if len(sequences) != len(labels):
            raise DatasetError(f"{path} has {len(sequences)} reviews but {len(labels)} labels.")
        order = np.arange(len(sequences))
        generator.shuffle(order)
        if maxlen:
            longest = maxlen - (start_char is not None)
            order = order[[len(sequences[i]) < longest for i in order]]
            if not order.size:
                raise ValueError(f"No review is shorter than maxlen={maxlen}. Increase maxlen.")
        parts.append(([sequences[i] for i in order], labels[order]))
    (x_train, y_train), (x_test, y_test) = parts
    reviews = _shifted(x_train + x_test, num_words, skip_top, start_char, oov_char, index_from)
    split = len(x_train)
    return (
        (ragged.object_array(reviews[:split]), y_train),
        (ragged.object_array(reviews[split:]), y_test),
    )


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The rank of each word, from 1; `load_data` adds `index_from` to it."""
    located = _located(path, _WORDS_HASH)
    try:
        return dict(json.loads(located.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise DatasetError(
            f"{located} is not a word index: {error}. Delete it and load the data again."
        ) from error


def _located(name: str, file_hash: str) -> Path:
    target = files.data_folder() / name
    if not target.exists():
        try:
            files.download(_ORIGIN + target.name, target, file_hash)
        except DatasetError as error:
            raise DatasetError(
                f"{error} To do without this download, fetch aclImdb_v1.tar.gz from "
                "https://ai.stanford.edu/~amaas/data/sentiment/ and run: "
                "leftfold data add imdb aclImdb_v1.tar.gz"
            ) from error
    return target


def _member(members: dict[str, Any], name: str, path: str) -> Any:
    if name not in members:
        raise DatasetError(f"{path} has no member {name}. Delete it and load the data again.")
    return members[name]


def _shifted(
    reviews: list[list[int]],
    num_words: int | None,
    skip_top: int,
    start_char: int | None,
    oov_char: int | None,
    index_from: int,
) -> list[list[int]]:
    """Ranks to the indices asked for, all reviews in one flat array."""
    lengths = np.fromiter(map(len, reviews), np.int64, len(reviews))
    words = np.fromiter(chain.from_iterable(reviews), np.int64, int(lengths.sum())) + index_from
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
