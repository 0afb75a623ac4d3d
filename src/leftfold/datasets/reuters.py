"""11,228 newswires of the agency Reuters from 1987 in 46 topics, as word indices.

Source: Lewis, the collection "Reuters-21578".
"""

from __future__ import annotations

import numpy as np

from leftfold.datasets import files, ragged, word_ranks
from leftfold.datasets.files import DatasetError

_NPZ_HASH = "sha256:d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_WORDS_HASH = "md5:4d44cc38712099c9e383dc6e5f11a921"

_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
)

Newswires = tuple[np.ndarray, np.ndarray]


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Newswires, Newswires]:
    """Reuters newswires as lists of word indices, the most frequent word lowest; 0 is for padding.

    The file is looked for in the data folder (`LEFTFOLD_HOME`, else `KERAS_HOME`, else
    `~/.keras`; in its `datasets`) and downloaded if it is not there.

    Args:
        path: name of the file in the data folder.
        num_words: indices from here on become `oov_char`; that of the rarest word by default,
            as in Keras.
        skip_top: indices below this become `oov_char`.
        maxlen: newswires of this length or more (with `start_char`) are left out.
        test_split: the share that is kept for testing, from 0 to 1.
        seed: for the order of the newswires.
        start_char: put before each newswire; `None` puts nothing.
        oov_char: stands for left-out words; `None` drops them.
        index_from: added to each word's rank, which counts from 1.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of integers, and arrays of
        topics, numbers into `get_label_names()`.

    Raises:
        DatasetError: where the file is missing or broken; the message says how to mend it.
        ValueError: where `test_split` is no share, or `maxlen` leaves nothing.
    """
    if not 0 <= test_split <= 1:
        raise ValueError(f"load_data expected test_split to be from 0 to 1, got {test_split}.")
    members = ragged.read_npz(
        word_ranks.located(path, _NPZ_HASH, _advice("reuters.npz"), "reuters.npz")
    )
    texts, topics = word_ranks.member(members, "x", path), word_ranks.member(members, "y", path)
    if len(texts) != len(topics):
        raise DatasetError(f"{path} has {len(texts)} newswires but {len(topics)} labels.")
    generator = np.random.RandomState(seed)
    texts, topics = word_ranks.shuffled(texts, topics, generator, maxlen, start_char, "newswire")
    indices = word_ranks.to_indices(texts, num_words, skip_top, start_char, oov_char, index_from)
    split = int(len(indices) * (1 - test_split))
    return (
        (ragged.object_array(indices[:split]), topics[:split]),
        (ragged.object_array(indices[split:]), topics[split:]),
    )


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The rank of each word, from 1; `load_data` adds `index_from` to it."""
    name = "reuters_word_index.json"
    return word_ranks.read_word_index(word_ranks.located(path, _WORDS_HASH, _advice(name), name))


def get_label_names() -> tuple[str, ...]:
    """The 46 topics; the label of a newswire is the place of its topic.

    Example:
        >>> get_label_names()[:4]
        ('cocoa', 'grain', 'veg-oil', 'earn')
    """
    return tuple(_TOPICS.split())


def _advice(name: str) -> str:
    return f"To do without this download, put a copy of {name} into {files.data_folder()}."
