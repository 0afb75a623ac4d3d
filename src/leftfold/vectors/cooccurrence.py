"""How often words stand near each other: counted within bounded memory, kept on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.engine.kernels import kernel
from leftfold.vectors.encoded import EncodedCorpus, Vocabulary

_ENTRY = 8
"""Bytes of an entry: the number of a column and a count."""
_TOKEN = 16
"""Bytes for a running token while its segment is counted: its number, its place, their sorting."""


@dataclass
class Cooccurrences:
    """A sparse matrix of weighted counts, row after row, mapped from files.

    Attributes:
        tokens: what rows and columns stand for.
        frequencies: (tokens,) int64, how often each token occurs.
        starts: (tokens + 1,) int64: row `r` is at `[starts[r], starts[r + 1])`.
        columns: (entries,) int32, ascending within a row.
        counts: (entries,) float32, all positive.
    """

    tokens: list[str]
    frequencies: np.ndarray
    starts: np.ndarray
    columns: np.ndarray
    counts: np.ndarray
    _folder: Any = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.columns)

    def chunks(self, entries: int = 1 << 22) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Rows, columns and counts of some entries at a time, from the first to the last."""
        for first in range(0, len(self), entries):
            last = min(first + entries, len(self))
            places = np.arange(first, last)
            rows = np.searchsorted(self.starts, places, "right") - 1
            yield rows.astype(np.int32), self.columns[first:last], self.counts[first:last]


def harmonic(window: int) -> np.ndarray:
    """Weights of distances as GloVe has them: a word at distance d counts 1/d."""
    return (1 / np.arange(1, window + 1)).astype(np.float32)


def flat(window: int) -> np.ndarray:
    """Weights of distances that are all 1."""
    return np.ones(window, np.float32)


def count_cooccurrences(
    corpus: EncodedCorpus,
    vocabulary: Vocabulary,
    weights: np.ndarray,
    both_sides: bool = True,
    memory: int = 1 << 30,
    folder: Path | str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Cooccurrences:
    """Count, for each token, the tokens in the windows around it, within its text.

    Whole texts are taken together, as many as memory allows. Of these the places of each token
    are known after one sort; a kernel then makes the rows one after the other. Where there is more
    than one such segment, their rows are added up in the end, again some at a time. Tokens outside
    of the vocabulary are taken out first, so that windows reach over them.

    Args:
        corpus: the texts.
        vocabulary: the tokens to count.
        weights: (window,), what a token at distance 1, 2, ... counts; see `harmonic` and `flat`.
        both_sides: count the tokens after as well as those before.
        memory: bytes to use, roughly.
        folder: where temporary files go; by default where the system has such files.
        progress: called with the share that is done.

    Example:
        >>> from leftfold.vectors.corpus import Corpus
        >>> corpus = Corpus(["a b a c"]).encoded()
        >>> found = count_cooccurrences(corpus, corpus.vocabulary(), harmonic(2))
        >>> [found.tokens[c] for c in found.columns[found.starts[0] : found.starts[1]]]
        ['a', 'b', 'c']
        >>> found.counts.tolist()
        [1.0, 2.0, 1.0, 2.0, 0.5, 1.0, 0.5]
    """
    keep = tempfile.TemporaryDirectory(prefix="leftfold-", dir=folder)
    size = len(vocabulary.tokens)
    room = max(memory // 2 // _ENTRY, size)
    runs: list[_Run] = []
    for texts in _segments(corpus.ends, memory // 2 // _TOKEN):
        run = _Run(Path(keep.name, str(len(runs))), size)
        run.count(_numbers(corpus, vocabulary, texts), weights, both_sides, room)
        runs.append(run)
        if progress:
            progress(texts.stop / len(corpus))
    whole = runs[0]
    if len(runs) > 1:
        whole = _Run(Path(keep.name, "all"), size)
        whole.add_up(runs, room)
    return Cooccurrences(
        vocabulary.tokens, vocabulary.counts, whole.starts(), *whole.entries(), _folder=keep
    )


def _segments(ends: np.ndarray, most: int) -> Iterator[slice]:
    """Texts that have at most so many tokens together, a mark behind each included."""
    marked = ends + np.arange(1, len(ends) + 1)
    first = 0
    while first < len(ends):
        before = marked[first - 1] if first else 0
        last = max(int(np.searchsorted(marked, before + most, "right")), first + 1)
        yield slice(first, last)
        first = last


def _numbers(corpus: EncodedCorpus, vocabulary: Vocabulary, texts: slice) -> np.ndarray:
    """Some texts as places in the vocabulary, with a mark behind each."""
    first = int(corpus.ends[texts.start - 1]) if texts.start else 0
    ends = corpus.ends[texts] - first
    ranks = vocabulary.rank[corpus.ids[first : first + ends[-1]]]
    kept = ranks >= 0
    ends = np.concatenate([[0], np.cumsum(kept)])[ends]
    return np.insert(ranks[kept], ends, np.int32(-1))


class _Run:
    """The rows of a part of the texts, in files."""

    def __init__(self, path: Path, size: int) -> None:
        self._columns, self._counts = path.with_suffix(".columns"), path.with_suffix(".counts")
        self._size = size
        self.lengths = np.zeros(size, np.int64)

    def starts(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.lengths)])

    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        if not self.lengths.any():
            return np.empty(0, np.int32), np.empty(0, np.float32)
        return np.memmap(self._columns, np.int32, "r"), np.memmap(self._counts, np.float32, "r")

    def count(self, ids: np.ndarray, weights: np.ndarray, both_sides: bool, room: int) -> None:
        """Count one segment, as many rows at a time as surely fit into `room` entries."""
        places = np.flatnonzero(ids >= 0)
        keys = ids[places].astype(np.int64) << 32 | places
        keys.sort()
        positions = (keys & 0xFFFFFFFF).astype(np.int32)
        starts = np.searchsorted(keys >> 32, np.arange(self._size + 1)).astype(np.int64)
        del keys, places
        sides = 1 + both_sides
        longest = np.minimum(np.diff(starts) * len(weights) * sides, self._size)
        columns = np.empty(min(room, int(longest.sum())), np.int32)
        counts = np.empty(len(columns), np.float32)
        count = kernel("cooccurrence_counts")
        with self._columns.open("wb") as columns_file, self._counts.open("wb") as counts_file:
            for first, last in _groups(longest, room):
                visited = slice(starts[first], starts[last])
                found = count(
                    ids, positions[visited], starts[first : last + 1] - starts[first], weights,
                    both_sides, self._size, columns, counts, self.lengths[first:last],
                )  # fmt: skip
                columns[:found].tofile(columns_file)
                counts[:found].tofile(counts_file)

    def add_up(self, runs: list[_Run], room: int) -> None:
        """Add the rows of runs, as many at a time as fit into `room` entries."""
        starts = [run.starts() for run in runs]
        entries = [run.entries() for run in runs]
        longest = np.sum([run.lengths for run in runs], axis=0)
        with self._columns.open("wb") as columns_file, self._counts.open("wb") as counts_file:
            for first, last in _groups(longest, max(room // 4, int(longest.max()))):
                keys, counts = [], []
                for start, (run_columns, run_counts), run in zip(
                    starts, entries, runs, strict=True
                ):
                    part = slice(start[first], start[last])
                    rows = np.repeat(np.arange(first, last), run.lengths[first:last])
                    keys.append(rows * self._size + run_columns[part])
                    counts.append(run_counts[part])
                key, count = np.concatenate(keys), np.concatenate(counts)
                order = np.argsort(key, kind="stable")
                key = key[order]
                heads = np.flatnonzero(np.diff(key, prepend=-1))
                if len(heads):
                    sums = np.add.reduceat(count[order], heads, dtype=np.float64)
                    (key[heads] % self._size).astype(np.int32).tofile(columns_file)
                    sums.astype(np.float32).tofile(counts_file)
                self.lengths[first:last] = np.bincount(
                    key[heads] // self._size - first, minlength=last - first
                )


def _groups(lengths: np.ndarray, room: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows that together need at most `room`; each row alone fits."""
    ends = np.cumsum(lengths)
    first = 0
    while first < len(lengths):
        before = ends[first - 1] if first else 0
        last = max(int(np.searchsorted(ends, before + room, "right")), first + 1)
        yield first, last
        first = last
