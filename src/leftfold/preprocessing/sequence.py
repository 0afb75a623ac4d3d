"""Sequences of unequal length to arrays, windows over a series, word pairs for embeddings."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from leftfold.models.data_sources import PyDataset


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Make sequences equally long and stack them.

    Args:
        sequences: lists or arrays; each element may itself be an array of a common shape.
        maxlen: the length to reach; that of the longest sequence by default.
        dtype: element type of the result, `object` for strings of any length.
        padding: whether `value` goes before (`"pre"`) or after (`"post"`) a short sequence.
        truncating: whether a long sequence loses its beginning (`"pre"`) or its end (`"post"`).
        value: fills what is missing.

    Returns:
        An array of shape `(len(sequences), maxlen, ...)`.

    Raises:
        ValueError: where an argument cannot be understood or element shapes differ.

    Example:
        >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
        array([[0, 1],
               [2, 3],
               [5, 6]], dtype=int32)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"pad_sequences expected {name} to be 'pre' or 'post', got {side!r}.")
    if isinstance(value, str) and np.dtype(dtype).kind not in "OSU":
        raise ValueError(
            f"pad_sequences cannot put the value {value!r} into an array of dtype {dtype}; "
            "dtype=object holds strings of any length."
        )
    lengths = _lengths(sequences)
    if maxlen is None:
        if not lengths:
            raise ValueError(
                "pad_sequences expected at least one sequence, or maxlen; got neither."
            )
        maxlen = max(lengths)
    elif maxlen < 1:
        raise ValueError(f"pad_sequences expected maxlen to be a positive integer, got {maxlen}.")
    first = next((s for s, length in zip(sequences, lengths, strict=True) if length), ())
    element_shape = np.asarray(first, dtype=dtype).shape[1:]
    padded = np.full((len(lengths), maxlen, *element_shape), value, dtype=dtype)
    for row, (sequence, length) in enumerate(zip(sequences, lengths, strict=True)):
        if not length:
            continue
        kept = sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen]
        kept = np.asarray(kept, dtype=dtype)
        if kept.shape[1:] != element_shape:
            raise ValueError(
                f"pad_sequences expected elements of shape {element_shape} as in the first "
                f"sequence, got {kept.shape[1:]} in the sequence at position {row}."
            )
        if padding == "pre":
            padded[row, maxlen - len(kept) :] = kept
        else:
            padded[row, : len(kept)] = kept
    return padded


def _lengths(sequences: Any) -> list[int]:
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            f"pad_sequences expected a list of sequences, got {type(sequences).__name__}."
        )
    lengths = []
    for position, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                "pad_sequences expected a list of sequences, but the element at position "
                f"{position} is {sequence!r}."
            )
        lengths.append(len(sequence))
    return lengths


class TimeseriesGenerator(PyDataset):
    """Batches of windows over a series, each with the value that follows it.

    Args:
        data: the series, time along the first axis.
        targets: one per step of `data`; a window that ends before step `i` has `targets[i]`.
        length: steps that a window spans.
        sampling_rate: take every `sampling_rate`-th step of a window.
        stride: steps between the ends of one window and the next.
        start_index: do not look at earlier steps.
        end_index: the last step that may be a target; that of the series by default.
        shuffle: whether to draw windows at random (with replacement, as Keras does).
        reverse: whether windows run backwards in time.
        batch_size: windows in a batch.
        **kwargs: for `PyDataset`: `workers`, `use_multiprocessing`, `max_queue_size`.

    Example:
        >>> windows = TimeseriesGenerator(range(10), range(10), length=3, batch_size=2)
        >>> len(windows), windows[0][0].tolist(), windows[0][1].tolist()
        (4, [[0, 1, 2], [1, 2, 3]], [3, 4])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if len(data) != len(targets):
            raise ValueError(
                "TimeseriesGenerator expected data and targets of the same length, "
                f"got {len(data)} and {len(targets)}."
            )
        sizes = (length, sampling_rate, stride, batch_size)
        names = ("length", "sampling_rate", "stride", "batch_size")
        for name, size in zip(names, sizes, strict=True):
            if size < 1:
                raise ValueError(
                    f"TimeseriesGenerator expected {name} to be a positive integer, got {size}."
                )
        last = len(data) - 1
        self.start_index = start_index + length
        self.end_index = last if end_index is None else end_index
        if start_index < 0 or self.end_index > last or self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator has no window of {length} steps from start_index "
                f"{start_index} with a target up to end_index {self.end_index} in a series of "
                f"{len(data)} steps."
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        self._series = np.asarray(data)
        self._targets = np.asarray(targets)

    def __len__(self) -> int:
        """The number of batches."""
        windows = (self.end_index - self.start_index) // self.stride + 1
        return -(-windows // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch number `index`: windows `(batch, length / sampling_rate, ...)` and targets."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} is not one of the {len(self)} batches.")
        if self.shuffle:
            ends = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            span = self.batch_size * self.stride
            start = self.start_index + span * index
            ends = np.arange(start, min(start + span, self.end_index + 1), self.stride)
        steps = np.arange(-self.length, 0, self.sampling_rate)
        if self.reverse:
            steps = steps[::-1]
        return self._series[ends[:, None] + steps], self._targets[ends]

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self[index] for index in range(len(self)))

    def get_config(self) -> dict[str, Any]:
        """The settings, data and targets as JSON strings."""
        names = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle")
        return {
            "data": json.dumps(self._series.tolist()),
            "targets": json.dumps(self._targets.tolist()),
            **{name: getattr(self, name) for name in (*names, "reverse", "batch_size")},
        }

    def to_json(self, **kwargs: Any) -> str:
        """The class's name and `get_config()` as a JSON string."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """How probably `skipgrams` should keep the word of each frequency rank.

    The frequency of rank `r` is taken from Zipf's law, about
    `1 / (r * (log(r) + 0.577) + 1/2 - 1 / (12 r))`; a word of frequency `f` is kept with
    probability `min(1, sqrt(sampling_factor / f))`.

    Args:
        size: number of ranks, 0 (treated as 1) to `size - 1`.
        sampling_factor: the smaller, the fewer frequent words are kept.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases", section 2.3.

    Example:
        >>> make_sampling_table(4).round(5)
        array([0.00315, 0.00315, 0.00548, 0.00742])
    """
    if size < 1:
        raise ValueError(f"make_sampling_table expected a positive size, got {size}.")
    rank = np.maximum(np.arange(size), 1)
    inverse_frequency = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))


def skipgrams(
    sequence: Sequence[int],
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Sequence[float] | np.ndarray | None = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of a word and its neighbours (label 1), and of a word and random words (label 0).

    Args:
        sequence: word indices; 0 is no word and is skipped.
        vocabulary_size: random words are drawn from 1 to `vocabulary_size - 1`.
        window_size: how far a neighbour may be, on either side.
        negative_samples: random pairs per pair of neighbours.
        shuffle: whether to mix the pairs.
        categorical: labels `[0, 1]` and `[1, 0]` instead of 1 and 0.
        sampling_table: probability of keeping the word of each index: `make_sampling_table`.
        seed: for `shuffle`; the other draws follow `leftfold.utils.set_random_seed`.

    Returns:
        `(pairs, labels)`, two lists of the same length.

    Example:
        >>> skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0, shuffle=False)
        ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    pairs: list[list[int]] = []
    for position, word in enumerate(sequence):
        if not word:
            continue
        if sampling_table is not None and sampling_table[word] < random.random():
            continue
        start = max(0, position - window_size)
        for other in range(start, min(len(sequence), position + window_size + 1)):
            if other != position and sequence[other]:
                pairs.append([word, sequence[other]])
    positive: Any = [0, 1] if categorical else 1
    negative: Any = [1, 0] if categorical else 0
    labels = [positive] * len(pairs)
    if negative_samples > 0:
        words = [word for word, _ in pairs]
        random.shuffle(words)
        count = int(len(pairs) * negative_samples)
        pairs += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)
        ]
        labels += [negative] * count
    if shuffle:
        seed = random.randint(0, 10_000_000) if seed is None else seed
        random.Random(seed).shuffle(pairs)
        random.Random(seed).shuffle(labels)
    return pairs, labels
