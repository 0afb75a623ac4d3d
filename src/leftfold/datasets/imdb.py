"""The Large Movie Review data set: 25,000 training and 25,000 test reviews as word indices.

Source: Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis".
"""

from __future__ import annotations

import numpy as np

from leftfold.datasets import ragged, word_ranks
from leftfold.datasets.files import DatasetError

_NPZ_HASH = "sha256:69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_WORDS_HASH = "md5:bfafd718b763782e994055a2d397834f"

_ADVICE = (
    "To do without this download, fetch aclImdb_v1.tar.gz from "
    "https://ai.stanford.edu/~amaas/data/sentiment/ and run: "
    "leftfold data add imdb aclImdb_v1.tar.gz"
)

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
    members = ragged.read_npz(word_ranks.located(path, _NPZ_HASH, _ADVICE))
    generator = np.random.RandomState(seed)
    parts = []
    for part in ("train", "test"):
        texts = word_ranks.member(members, f"x_{part}", path)
        labels = word_ranks.member(members, f"y_{part}", path)
        if len(texts) != len(labels):
            raise DatasetError(f"{path} has {len(texts)} reviews but {len(labels)} labels.")
        parts.append(word_ranks.shuffled(texts, labels, generator, maxlen, start_char, "review"))
    (x_train, y_train), (x_test, y_test) = parts
    reviews = word_ranks.to_indices(
        x_train + x_test, num_words, skip_top, start_char, oov_char, index_from
    )
    split = len(x_train)
    return (
        (ragged.object_array(reviews[:split]), y_train),
        (ragged.object_array(reviews[split:]), y_test),
    )


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The rank of each word, from 1; `load_data` adds `index_from` to it."""
    return word_ranks.read_word_index(word_ranks.located(path, _WORDS_HASH, _ADVICE))
