"""Texts as numbers on disk: each token once in a vocabulary, the texts as a file of its places."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from leftfold.datasets.errors import DataError

END = -1
"""What stands between two texts."""

_CHUNK = 1 << 20


@dataclass
class EncodedTexts:
    """Texts as a file of numbers.

    Attributes:
        tokens: those that occur often enough, the most frequent first.
        frequencies: (tokens,) int64, how often each occurs.
        ids: (numbers,) int32, mapped from the file: places in `tokens`, and `END` between texts.
            Tokens that are too rare are left out.
        running_tokens: how many there were, the rare ones included.
    """

    tokens: list[str]
    frequencies: np.ndarray
    ids: np.ndarray
    running_tokens: int
    _folder: tempfile.TemporaryDirectory[str] = field(repr=False)


def encode_texts(
    texts: Iterable[Sequence[str]],
    min_count: int = 5,
    max_tokens: int | None = None,
    folder: Path | str | None = None,
    progress: Callable[[int], None] | None = None,
) -> EncodedTexts:
    """Read texts once, count their tokens and write them as numbers.

    Args:
        texts: each a sequence of tokens.
        min_count: leave rarer tokens out.
        max_tokens: keep so many, the most frequent ones; of equally frequent ones those that
            come first in the alphabet.
        folder: where the temporary file goes; by default where the system has such files.
        progress: called with the number of tokens read so far, now and then.

    Raises:
        DataError: when no token occurs `min_count` times.

    Example:
        >>> encoded = encode_texts([["to", "be", "or"], ["not", "to", "be"]], min_count=2)
        >>> encoded.tokens, encoded.ids.tolist()
        (['be', 'to'], [1, 0, -1, 1, 0, -1])
    """
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    keep = tempfile.TemporaryDirectory(prefix="leftfold-", dir=folder)
    raw, encoded = Path(keep.name, "raw"), Path(keep.name, "ids")
    read = 0
    with raw.open("wb") as file:
        for chunk in _chunks(texts, numbers):
            read += int(np.count_nonzero(chunk != END))
            chunk.tofile(file)
            if progress:
                progress(read)
    counts = np.zeros(len(numbers), np.int64)
    for chunk in _read(raw):
        counts += np.bincount(chunk[chunk != END], minlength=len(numbers))
    names = np.array(list(numbers), object)
    order = np.array(sorted(range(len(names)), key=lambda n: (-counts[n], names[n])), np.int64)
    order = order[counts[order] >= min_count][:max_tokens]
    if not len(order):
        raise DataError(
            f"texts: expected at least one token that occurs {min_count:,} times, got {read:,} "
            f"running tokens without one."
        )
    places = np.full(len(names) + 1, len(order), np.int32)  # the last one is for END
    places[order] = np.arange(len(order), dtype=np.int32)
    with encoded.open("wb") as file:
        for chunk in _read(raw):
            known = np.where(chunk == END, END, places[chunk])
            known[known != len(order)].astype(np.int32).tofile(file)
    raw.unlink()
    ids = np.memmap(encoded, np.int32, "r")
    return EncodedTexts(names[order].tolist(), counts[order], ids, read, keep)


def _chunks(texts: Iterable[Sequence[str]], numbers: defaultdict[str, int]) -> Iterable[np.ndarray]:
    """The numbers of texts, about a million at a time."""
    parts: list[np.ndarray] = []
    size = 0
    end = np.array([END], np.int32)
    for text in texts:
        parts += [np.fromiter(map(numbers.__getitem__, text), np.int32, len(text)), end]
        size += len(text) + 1
        if size >= _CHUNK:
            yield np.concatenate(parts)
            parts, size = [], 0
    if parts:
        yield np.concatenate(parts)


def _read(path: Path) -> Iterable[np.ndarray]:
    with path.open("rb") as file:
        while len(chunk := np.fromfile(file, np.int32, _CHUNK)):
            yield chunk
