"""Text to integers: the `Tokenizer`, and words hashed without a vocabulary."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_MODES = ("binary", "count", "freq", "tfidf")
_INDEX_MAPS = ("word_counts", "word_docs", "index_docs", "word_index", "index_word")

Analyzer = Callable[[str], Iterable[str]]


def text_to_word_sequence(
    input_text: str, filters: str = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Cut a text into words.

    Args:
        input_text: the text.
        filters: characters that separate words and are dropped.
        lower: whether to lower the case first.
        split: what separates words, and takes the place of each filtered character.

    Returns:
        The words, none of them empty.

    Example:
        >>> text_to_word_sequence("It's good, very good!")
        ["it's", 'good', 'very', 'good']
    """
    if not isinstance(input_text, str):
        raise TypeError(f"text_to_word_sequence expected a string, got {input_text!r}.")
    if lower:
        input_text = input_text.lower()
    words = input_text.translate(_separators("".join(filters), split)).split(split)
    return [word for word in words if word]


@functools.lru_cache(maxsize=16)
def _separators(filters: str, split: str) -> dict[int, str]:
    return str.maketrans(dict.fromkeys(filters, split))


def one_hot(
    input_text: str,
    n: int,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Analyzer | None = None,
) -> list[int]:
    """Hash each word of a text to an integer from 1 to `n - 1` with Python's own `hash`.

    Python changes the hash of strings from run to run unless `PYTHONHASHSEED` is set; use
    `hashing_trick(text, n, hash_function="md5")` for numbers that last.
    """
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: Callable[[str], int] | str | None = None,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Analyzer | None = None,
) -> list[int]:
    """Hash each word of a text to an integer from 1 to `n - 1`. Different words may collide.

    Args:
        text: the text.
        n: size of the hashing space; 0 is kept free for padding.
        hash_function: from word to integer; `"md5"` gives the same numbers in every run,
            `None` is Python's `hash`, which does not.
        filters: characters that separate words and are dropped.
        lower: whether to lower the case first.
        split: what separates words.
        analyzer: from text to words, instead of `filters`, `lower` and `split`.

    Returns:
        One integer per word.

    Example:
        >>> hashing_trick("good, very good", 1000, hash_function="md5")
        [444, 482, 444]
    """
    if n < 2:
        raise ValueError(f"hashing_trick expected n to be at least 2, got {n}.")
    hasher: Any = hash if hash_function is None else hash_function
    if hash_function == "md5":
        hasher = _md5
    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [hasher(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Gives every word an integer: 1 for the most frequent, and so on. 0 is for padding.

    Args:
        num_words: keep only words whose index is below this; all of them by default.
        filters: characters that separate words and are dropped.
        lower: whether to lower the case.
        split: what separates words.
        char_level: whether every character is a token.
        oov_token: stands for words outside the vocabulary, with index 1; without it they are
            left out.
        analyzer: from text to tokens, instead of `filters`, `lower` and `split`.

    Texts may also be lists of tokens already.

    Example:
        >>> tokenizer = Tokenizer(num_words=4, oov_token="?")
        >>> tokenizer.fit_on_texts(["the cat sat", "the cat ran", "the end"])
        >>> tokenizer.texts_to_sequences(["The cat, the dog."])
        [[2, 3, 2, 1]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Analyzer | None = None,
        **kwargs: Any,
    ) -> None:
        if "nb_words" in kwargs:
            warnings.warn("Tokenizer's nb_words is now called num_words.", stacklevel=2)
            num_words = kwargs.pop("nb_words")
        self.document_count: int = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"Tokenizer got unknown arguments: {', '.join(map(repr, kwargs))}.")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.word_counts: dict[str, int] = OrderedDict()
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[str | list[str]]) -> None:
        """Count the words of `texts` and rank them. Ties keep the order of first appearance.

        A second call adds to the counts of the first.
        """
        counts = Counter(self.word_counts)
        documents = Counter(self.word_docs)
        for text in texts:
            tokens = self._tokens(text)
            self.document_count += 1
            counts.update(tokens)
            documents.update(set(tokens))
        self.word_counts = OrderedDict(counts)
        self.word_docs = defaultdict(int, documents)
        vocabulary = [] if self.oov_token is None else [self.oov_token]
        vocabulary += sorted(counts, key=counts.__getitem__, reverse=True)
        self.word_index = {word: index for index, word in enumerate(vocabulary, 1)}
        self.index_word = {index: word for word, index in self.word_index.items()}
        for word, count in documents.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Sequence[Iterable[int]]) -> None:
        """Count in how many sequences each index occurs, for the mode `"tfidf"`."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for index in set(sequence):
                self.index_docs[index] += 1

    def texts_to_sequences(self, texts: Iterable[str | list[str]]) -> list[list[int]]:
        """The index of each known word, text by text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[str | list[str]]) -> Iterator[list[int]]:
        """As `texts_to_sequences`, one text at a time."""
        lookup = self.word_index.get
        limit = self.num_words or sys.maxsize
        unknown = self._oov_index()
        for text in texts:
            indices = map(lookup, self._tokens(text))
            if unknown is None:
                yield [i for i in indices if i is not None and i < limit]
            else:
                yield [unknown if i is None or i >= limit else i for i in indices]

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """The words behind the indices, joined by spaces. Unknown indices are left out."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """As `sequences_to_texts`, one sequence at a time."""
        limit = self.num_words or sys.maxsize
        unknown = self._oov_index()
        for sequence in sequences:
            words = [self.index_word.get(i) if i < limit else None for i in sequence]
            if unknown is not None:
                words = [self.index_word[unknown] if word is None else word for word in words]
            yield " ".join(word for word in words if word is not None)

    def texts_to_matrix(self, texts: Iterable[str | list[str]], mode: str = "binary") -> np.ndarray:
        """One row per text, one column per word: see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(
        self, sequences: Sequence[Sequence[int]], mode: str = "binary"
    ) -> np.ndarray:
        """Forget the order of words: a matrix of shape `(len(sequences), num_words)`.

        Args:
            sequences: lists of word indices; those from `num_words` on do not count.
            mode: `"binary"` (1 where the word occurs), `"count"`, `"freq"` (count divided by
                the length of the sequence) or `"tfidf"`
                (`(1 + log(count)) * log(1 + documents / (1 + documents with the word))`).

        Returns:
            A float64 matrix; without `num_words` its width is the vocabulary's size plus one.
        """
        if not self.num_words and not self.word_index:
            raise ValueError("Tokenizer needs num_words, or texts to fit on, to make a matrix.")
        width = self.num_words or len(self.word_index) + 1
        if mode not in _MODES:
            raise ValueError(f"mode expected one of {', '.join(_MODES)}, got {mode!r}.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some texts before using the mode 'tfidf'.")
        lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
        indices = np.array([index for sequence in sequences for index in sequence])
        if indices.size and (indices.dtype.kind not in "iu" or indices.min() < 0):
            raise ValueError("sequences_to_matrix expected lists of integers from 0 on.")
        kept = indices < width
        rows = np.repeat(np.arange(lengths.size), lengths)[kept]
        counts = np.zeros((lengths.size, width))
        np.add.at(counts, (rows, indices[kept].astype(np.int64)), 1.0)
        if mode == "binary":
            return np.minimum(counts, 1.0, out=counts)
        if mode == "freq":
            return counts / np.maximum(lengths, 1)[:, None]
        if mode == "tfidf":
            documents = np.array([self.index_docs.get(i, 0) for i in range(width)])
            rarity = np.log(1 + self.document_count / (1 + documents))
            seen = counts > 0
            counts[seen] = 1 + np.log(counts[seen])
            return counts * rarity
        return counts

    def get_config(self) -> dict[str, Any]:
        """Settings and what was learnt, the dictionaries as JSON strings."""
        settings = ("num_words", "filters", "lower", "split", "char_level", "oov_token")
        return {
            **{name: getattr(self, name) for name in (*settings, "document_count")},
            **{name: json.dumps(getattr(self, name)) for name in _INDEX_MAPS},
        }

    def to_json(self, **kwargs: Any) -> str:
        """Everything but the `analyzer` as a JSON string; `kwargs` go to `json.dumps`."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )

    def _tokens(self, text: str | list[str]) -> Sequence[str]:
        if self.char_level or isinstance(text, list):
            if not self.lower:
                return text
            return [word.lower() for word in text] if isinstance(text, list) else text.lower()
        if self.analyzer is not None:
            return list(self.analyzer(text))
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def _oov_index(self) -> int | None:
        if self.oov_token is None:
            return None
        if self.oov_token not in self.word_index:
            raise ValueError("Tokenizer has no vocabulary yet: call fit_on_texts first.")
        return self.word_index[self.oov_token]


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The `Tokenizer` that `to_json` wrote, Keras's or Leftfold's.

    Example:
        >>> tokenizer = Tokenizer()
        >>> tokenizer.fit_on_texts(["one two two"])
        >>> tokenizer_from_json(tokenizer.to_json()).word_index
        {'two': 1, 'one': 2}
    """
    try:
        config = dict(json.loads(json_string)["config"])
        maps = {name: dict(json.loads(config.pop(name))) for name in _INDEX_MAPS}
        for name in ("index_docs", "index_word"):
            maps[name] = {int(key): value for key, value in maps[name].items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"json_string is not what Tokenizer.to_json writes: {error!r}.") from error
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = OrderedDict(maps["word_counts"])
    tokenizer.word_docs = defaultdict(int, maps["word_docs"])
    tokenizer.index_docs = defaultdict(int, maps["index_docs"])
    tokenizer.word_index = maps["word_index"]
    tokenizer.index_word = maps["index_word"]
    return tokenizer
