"""Counts in the order in which GloVe learns from them: blocks that threads may share."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from leftfold.vectors.cooccurrence import Cooccurrences

BLOCKS = 32
"""Blocks side by side, and so the most threads that find work. Not a setting: results depend on
it, as they must not on the number of threads."""


@dataclass
class CountBlocks:
    """Logarithms of counts in rounds of blocks.

    Tokens are dealt to `BLOCKS` hands like cards. Block `b` of round `r` has the counts of tokens
    of hand `b` with contexts of hand `b + r`: no two blocks of a round share either, and after all
    rounds every count was there once. Inside a block the order is random.

    Attributes:
        rows: (entries,) int32.
        columns: (entries,) int32.
        log_counts: (entries,) float32.
        starts: (rounds, blocks + 1) int64: block `b` of round `r` is at
            `[starts[r, b], starts[r, b + 1])`.
    """

    rows: np.ndarray
    columns: np.ndarray
    log_counts: np.ndarray
    starts: np.ndarray
    _folder: tempfile.TemporaryDirectory[str] = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)


def _blocks_of(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    rounds = (columns - rows) % BLOCKS
    return (rounds * BLOCKS + rows % BLOCKS).astype(np.uint16)


def arrange(
    cooccurrences: Cooccurrences, seed: int = 0, folder: Path | str | None = None
) -> CountBlocks:
    """Bring counts into rounds of blocks, shuffled, in files.

    Args:
        cooccurrences: what to arrange.
        seed: of the order inside of blocks.
        folder: where temporary files go; by default where the system has such files.
    """
    keep = tempfile.TemporaryDirectory(prefix="leftfold-", dir=folder)
    size = len(cooccurrences)
    dtypes = {"rows": np.int32, "columns": np.int32, "log_counts": np.float32}
    arrays = [np.memmap(Path(keep.name, n), t, "w+", shape=(size,)) for n, t in dtypes.items()]
    sizes = np.zeros(BLOCKS * BLOCKS, np.int64)
    for rows, columns, _ in cooccurrences.chunks():
        sizes += np.bincount(_blocks_of(rows, columns), minlength=len(sizes))
    ends = np.cumsum(sizes)
    free = ends - sizes
    for rows, columns, counts in cooccurrences.chunks():
        blocks = _blocks_of(rows, columns)
        order = np.argsort(blocks, kind="stable")
        parts = [part[order] for part in (rows, columns, np.log(counts))]
        here = np.bincount(blocks, minlength=len(sizes))
        to = np.concatenate([[0], np.cumsum(here)])
        for block in np.flatnonzero(here):
            place = slice(free[block], free[block] + here[block])
            for array, part in zip(arrays, parts, strict=True):
                array[place] = part[to[block] : to[block + 1]]
        free += here
    random = np.random.default_rng(seed)
    for first, last in zip(ends - sizes, ends, strict=True):
        order = random.permutation(last - first)
        for array in arrays:
            array[first:last] = array[first:last][order]
    starts = np.concatenate([[0], ends])
    table = np.stack([starts[r * BLOCKS : (r + 1) * BLOCKS + 1] for r in range(BLOCKS)])
    all_rows, all_columns, all_logs = (np.asarray(array) for array in arrays)
    return CountBlocks(all_rows, all_columns, all_logs, table, keep)
